"""Each receipt of a box is written to its second disk before it is shown: signed, and sealed for the centre. The same
bytes are delivered over the network and on a stick.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from core.units import MIB
from journal import export, keys
from journal.models import Chain, Entry
from transactions.attachments.stored import open_intact
from transactions.intake.submit import taken_in
from transactions.models import Intake, Transaction

from .. import bundle
from ..models import Outgoing
from . import state

logger = logging.getLogger(__name__)
MAX_PART_BYTES = 40 * MIB
MAX_NAMED = 20


class Lost(OSError):
    """A file of a receipt is not what was uploaded."""


def listen() -> None:
    """At the start of a box: every receipt it gives is written down."""
    taken_in.connect(_write_after_commit, sender=Intake, dispatch_uid="office box")


def _write_after_commit(*, intake: Intake, **_signal: Any) -> None:
    transaction.on_commit(partial(_write_now, intake.transaction.reference))


def _write_now(reference: str) -> None:
    """The receipt is given already; what fails here a worker does again, and the receipt says so meanwhile."""
    entry = Entry.objects.filter(subject=reference, kind="received").select_related("chain").get()
    try:
        store(entry, timezone.now())
    except OSError:
        logger.critical("a receipt is on one disk only", extra={"reference": reference}, exc_info=True)


def store_missing(now: datetime, after: int = 0) -> int:
    """Write what is not on the second disk yet, oldest first; returns the entry up to which all was looked at. What
    stands up to `after` is not. A receipt whose own file is lost holds up none behind it (`lost` names it). OSError.
    """
    ours = Entry.objects.filter(chain__in=_chains(), seq__gt=after)
    last = ours.aggregate(last=Max("seq"))["last"] or after
    there = Outgoing.objects.filter(seq=OuterRef("seq")).exclude(stored_at=None)
    for entry in ours.filter(~Exists(there), seq__lte=last).select_related("chain").order_by("chain", "seq"):
        try:
            store(entry, now)
        except Lost:
            logger.critical("a receipt cannot be written whole", extra={"reference": entry.subject}, exc_info=True)
    return last


def on_one_disk() -> bool:
    """Is there a receipt that could not be written to the second disk yet?"""
    return Outgoing.objects.filter(confirmed_at=None, stored_at=None).exists()


def lost() -> list[str]:
    """Numbers of receipts that are not on the second disk and cannot be: a file of theirs is lost on this machine."""
    waiting = Outgoing.objects.filter(stored_at=None).order_by("seq").values_list("seq", flat=True)[:MAX_NAMED]
    entries = Entry.objects.filter(chain__in=_chains(), seq__in=list(waiting), kind="received")
    return [number for number in entries.values_list("subject", flat=True) if not _has_its_files(number)]


def _has_its_files(reference: str) -> bool:
    for file in Transaction.objects.get(reference=reference).attachments.received():
        stored = open_intact(file)
        if stored is None:
            return False
        stored.close()
    return True


def _chains() -> list[Chain]:
    return list(Chain.objects.filter(node=settings.JOURNAL_NODE, incarnation=settings.JOURNAL_INCARNATION))


def store(entry: Entry, now: datetime) -> None:
    """An entry with its files, on the second disk. Written already, it stays as it is. OSError."""
    place = path_of(entry.chain, entry.seq)
    Outgoing.objects.get_or_create(seq=entry.seq, defaults={"hash": bytes(entry.hash)})
    if not place.exists():
        content, files = b"", list[bundle.SealedFile]()
        if entry.kind == "received":
            content, files = _seal(entry)
        line = export.line(entry.chain, entry)
        _write(place, bundle.write_entry(line, content, files, keys.signing_key()))
    Outgoing.objects.filter(seq=entry.seq, stored_at=None).update(stored_at=now)


def rewrite_damaged(place: Path, now: datetime) -> bool:
    """An entry that is not on the second disk as it was written, or not with all its files, is written there anew;
    True when it was so. OSError; Lost when it cannot be.
    """
    if _is_whole(place):
        return False
    seq = int(place.stem.rpartition("-")[2])
    # Until it is written anew the box says that it is on one disk only.
    Outgoing.objects.filter(seq=seq).update(stored_at=None)
    place.rename(place.with_suffix(".damaged"))
    store(Entry.objects.select_related("chain").get(chain__in=_chains(), seq=seq), now)
    return True


def _is_whole(place: Path) -> bool:
    try:
        entry = bundle.read_entry(place.read_bytes())
    except bundle.BadBundle:
        return False
    there = all(file_of(file.sha256).exists() for file in entry.files)
    return there and entry.is_signed_by(keys.public_bytes())


def _seal(entry: Entry) -> tuple[bytes, list[bundle.SealedFile]]:
    case = Transaction.objects.select_related("applicant", "taken_by", "taken_at").get(reference=entry.subject)
    recipient = state.enrolled()["centre_recipient"]
    files, sealed_files = [], []
    for file in case.attachments.received().order_by("pk"):
        stored = open_intact(file)
        if stored is None:
            raise Lost(f"{file.stored_as} is lost or changed")
        with stored:
            sealed = bundle.seal(stored.read(), recipient)
        name = bundle.digest(sealed)
        _write(folder() / "files" / name, sealed)
        sealed_files.append(bundle.SealedFile(name, len(sealed)))
        files.append({
            "sealed": name,
            "sha256": file.sha256,
            "document": file.document,
            "name": file.original_name,
            "content_type": file.content_type,
        })  # fmt: skip
    person = case.applicant
    content = {
        "service": case.service,
        "answers": case.answers,
        "language": case.language,
        "salt": case.mark_salt,
        "key": case.intake.key,
        "clerk": case.taken_by.national_id if case.taken_by else "",
        "office": case.taken_at.code if case.taken_at else "",
        "visitor": {
            "national_id": person.national_id,
            "full_name": person.full_name,
            "phone": person.phone,
            "email": person.email,
        },
        "files": files,
    }
    return bundle.seal(json.dumps(content, ensure_ascii=False).encode(), recipient), sealed_files


def folder() -> Path:
    """Ours on the second disk."""
    return Path(settings.OFFICE_SECOND_MEDIUM)


def path_of(chain: Chain, seq: int) -> Path:
    """Where an entry lies there."""
    return folder() / "entries" / f"{chain}-{seq:09d}.entry"


def _write(place: Path, content: bytes) -> None:
    """On the disk before it has its name, which is given once: what is there is never written over."""
    place.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(unfinished, place)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink(missing_ok=True)
    handle = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- what goes out -----------------------------------------------------------------------------------------------


def unconfirmed(*, all_there_are: bool = False) -> Iterator[Path]:
    """Entries the centre has not said it has, in their order; or every one, for a centre that has lost its own."""
    chains = {chain.pk: chain for chain in _chains()}
    waiting = Outgoing.objects.exclude(stored_at=None).order_by("seq")
    if not all_there_are:
        waiting = waiting.filter(confirmed_at=None)
    for seq in waiting.values_list("seq", flat=True):
        for chain in chains.values():
            if (place := path_of(chain, seq)).exists():
                yield place


def file_of(sha256: str) -> Path:
    """A sealed file of ours."""
    return folder() / "files" / sha256


def parts(*, all_there_are: bool = False) -> list[list[Path]]:
    """The entries of `unconfirmed`, in files that the centre's page takes; one that is too large alone stands alone."""
    files_of_stick: list[list[Path]] = []
    room = 0
    for place in unconfirmed(all_there_are=all_there_are):
        text = place.read_bytes()
        size = len(text) + sum(file.bytes for file in bundle.read_entry(text).files)
        if not files_of_stick or size > room:
            files_of_stick.append([])
            room = MAX_PART_BYTES
        files_of_stick[-1].append(place)
        room -= size
    return files_of_stick


def write_part(places: Iterable[Path], out: IO[bytes]) -> None:
    """Entries with their files, as one delivery."""
    for place in places:
        text = place.read_bytes()
        out.write(bundle.entry_frame(text))
        for file in bundle.read_entry(text).files:
            with file_of(file.sha256).open("rb") as content:
                out.writelines(bundle.file_frame(file, content))


def confirm(digests: list[str], now: datetime) -> int:
    """The centre has these entries (by hash) with all their files; returns how many are confirmed by it."""
    hashes = [bytes.fromhex(digest) for digest in digests]
    return Outgoing.objects.filter(hash__in=hashes, confirmed_at=None).update(confirmed_at=now)
