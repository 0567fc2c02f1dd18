"""What boxes deliver, by network or on a stick: checked, written down once, acknowledged. Taking it in is a worker's
(intake.py): whoever brings a delivery does not wait for that, and nothing in it holds up what stands behind it.

An entry is on the disk here, with every file it names, before the centre says that it has it. Twice, in another order
or cut off, a delivery leads to the same. Entries that follow the chain move its head; one that contradicts the chain is
of a copy: the box ends at once, and what the copy took is kept in quarantine.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from core.db.locks import take_lock
from core.text import is_storable
from journal.entry import GENESIS, second_of
from transactions.outbox import queue

from .. import bundle, words
from ..bundle import BadBundle, BoxEntry, CutOff, Frame
from ..models import Box, Delivered, DeliveredFile, RefusedDelivery
from . import registering, secrets

logger = logging.getLogger(__name__)
KIND = "box_entry"
State = Delivered.State
# Whoever sends so much that is not ours is not read on.
MAX_REFUSALS = 100
KNOWN_KEPT = 20_000


@dataclass
class Outcome:
    """Of one delivery: entries that are here with all their files, files still wanted, what was refused and why."""

    box: Box | None = None
    complete: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    new: int = 0


def receive(stream: IO[bytes], *, by_stick: bool, now: datetime) -> Outcome:
    """Take a delivery to its end, or to where it is cut off. What is no frame, or not signed by a box of ours, is
    counted and left; OSError when the store fails.
    """
    outcome = Outcome()
    try:
        for frame in bundle.read_frames(stream):
            try:
                if frame.kind == bundle.ENTRY:
                    _receive_entry(frame.whole(), outcome, by_stick, now)
                else:
                    _receive_file(frame, outcome, now)
            except CutOff:
                raise
            except BadBundle as error:
                outcome.refused.append(str(error))
                if len(outcome.refused) == MAX_REFUSALS:
                    break
    except BadBundle as error:
        outcome.refused.append(str(error))
    return outcome


# -- an entry --------------------------------------------------------------------------------------------------------


def _receive_entry(payload: bytes, outcome: Outcome, by_stick: bool, now: datetime) -> None:
    entry = bundle.read_entry(payload)
    box = Box.objects.filter(node=entry.line.chain[:2], letter=entry.line.chain[2:3]).first()
    if box is None or not box.public_key:
        raise BadBundle("it is of no box of ours")
    if not entry.is_signed_by(bytes(box.public_key)):
        _count_refusal(box.node, "its signature is not good", now)
        raise BadBundle(f"{box.node}: its signature is not good")
    outcome.box = box
    with transaction.atomic():
        take_lock(f"box:{box.pk}")
        box = Box.objects.select_for_update(of=("self",)).get(pk=box.pk)
        known = Delivered.objects.filter(box=box, hash=entry.line.hash).first()
        row = known or _write_down(box, entry, by_stick, now)
        if known and known.state == State.INCOMPLETE:
            _take_sealed_anew(known, entry, now)
        registering.note_heard(box, now)
    outcome.new += known is None
    _say(row, outcome)


def _write_down(box: Box, entry: BoxEntry, by_stick: bool, now: datetime) -> Delivered:
    body, ended = entry.body, box.state == Box.State.ENDED
    subject = str(body.get("ref", ""))
    row = Delivered(
        box=box,
        seq=entry.line.seq,
        hash=entry.line.hash,
        reference=subject[:40] if is_storable(subject) else "",
        document=entry.text.decode(),
        arrived_at=now,
        by_stick=by_stick,
    )
    if _contradicts(box, entry):
        row.reason = "forked"
        if not ended:
            registering.end(box, Box.End.CLONED, by=None, now=now)
    elif ended:
        row.reason = "ended"
    row.save(force_insert=True)
    _name_files(row, entry)
    if row.reason != "forked":
        _go_on(box, now)
    _settle(row, now)
    return row


def _name_files(row: Delivered, entry: BoxEntry) -> None:
    DeliveredFile.objects.bulk_create(
        DeliveredFile(entry=row, sha256=file.sha256, bytes=file.bytes, arrived_at=_since(file.sha256))
        for file in entry.files
    )


def _take_sealed_anew(row: Delivered, entry: BoxEntry, now: datetime) -> None:
    """The same entry with other sealed bytes: those the box named first are lost there, and nobody waits for them."""
    if row.document.encode() == entry.text:
        return
    row.document = entry.text.decode()
    row.save(update_fields=["document"])
    before = list(row.files.values_list("sha256", flat=True))
    row.files.all().delete()
    _name_files(row, entry)
    transaction.on_commit(partial(forget_files, before), robust=True)
    _settle(row, now)


def _since(sha256: str) -> datetime | None:
    """A file that came with another entry, and is still in the store, need not come again."""
    return (
        DeliveredFile.objects.filter(sha256=sha256)
        .exclude(arrived_at=None)
        .filter(entry__state__in=[State.INCOMPLETE, State.ARRIVED, State.QUARANTINED])
        .values_list("arrived_at", flat=True)
        .first()
    )


def _contradicts(box: Box, entry: BoxEntry) -> bool:
    """Has the chain another entry in this place, or another past before it?"""
    line = entry.line
    if line.seq <= box.head_seq:
        return True  # the one that is followed here has another hash, or it would have been known
    head = bytes(box.head_hash) if box.head_hash else GENESIS
    if line.seq == box.head_seq + 1:
        return line.previous != head
    # What waits in the same place without contradicting anything yet is of a copy all the same.
    return Delivered.objects.filter(box=box, seq=line.seq).exclude(reason="forked").exists()


def _go_on(box: Box, now: datetime) -> None:
    """Follow the chain as far as entries are here; those that waited for one before them are looked at now."""
    head_seq, head = box.head_seq, bytes(box.head_hash) if box.head_hash else GENESIS
    while row := Delivered.objects.filter(box=box, seq=head_seq + 1, in_chain=False).exclude(reason="forked").first():
        line = bundle.read_entry(row.document.encode()).line
        if line.previous != head:
            Delivered.objects.filter(pk=row.pk).update(reason="forked")
            registering.end(box, Box.End.CLONED, by=None, now=now)
        else:
            Delivered.objects.filter(pk=row.pk).update(in_chain=True)
            head_seq, head = line.seq, line.hash
        row.refresh_from_db()
        _settle(row, now)
    if head_seq > box.head_seq:
        Box.objects.filter(pk=box.pk).update(head_seq=head_seq, head_hash=head, head_at=now)
        box.head_seq, box.head_hash = head_seq, head


def _settle(row: Delivered, now: datetime) -> None:
    """What becomes of an entry once it is in its place with all its files."""
    row.refresh_from_db()
    if row.state != State.INCOMPLETE or row.files.filter(arrived_at=None).exists():
        return
    if row.reason:
        Delivered.objects.filter(pk=row.pk).update(state=State.QUARANTINED)
    elif row.in_chain:
        Delivered.objects.filter(pk=row.pk).update(state=State.ARRIVED)
        queue.enqueue(KIND, row.pk, dedupe=f"{KIND}:{row.pk}", now=now)


# -- a file ----------------------------------------------------------------------------------------------------------


def _receive_file(frame: Frame, outcome: Outcome, now: datetime) -> None:
    """Only what a signed entry asks for is read, and kept when it is that."""
    wanting = DeliveredFile.objects.filter(sha256=frame.sha256, bytes=frame.size)
    if not wanting.exists():
        raise BadBundle("a file that no entry names")
    if wanting.filter(arrived_at=None).exists():
        _keep(frame)
        with transaction.atomic():
            for box_id in sorted(set(wanting.values_list("entry__box", flat=True))):
                take_lock(f"box:{box_id}")
            wanting.filter(arrived_at=None).update(arrived_at=now)
            rows = list(Delivered.objects.filter(files__in=wanting).distinct())
            for row in rows:
                _settle(row, now)
    for row in Delivered.objects.filter(files__in=wanting).select_related("box").distinct():
        outcome.box = outcome.box or row.box
        _say(row, outcome)


def _keep(frame: Frame) -> None:
    """Put a file into the store. BadBundle when it is not the one it is called."""
    name, digest = place_of(frame.sha256), hashlib.sha256()
    if default_storage.exists(name):
        return
    with tempfile.TemporaryFile() as whole:
        for piece in frame.chunks():
            digest.update(piece)
            whole.write(piece)
        if digest.hexdigest() != frame.sha256:
            raise BadBundle("a file is not the one it is called")
        whole.seek(0)
        default_storage.save(name, File(whole, name=frame.sha256))


def place_of(sha256: str) -> str:
    """Where a sealed file lies in the store until its request has it."""
    return f"boxes/{sha256}"


def _say(row: Delivered, outcome: Outcome) -> None:
    wanted = list(row.files.filter(arrived_at=None).values_list("sha256", flat=True))
    outcome.wanted = sorted({*outcome.wanted, *wanted} - _here(row))
    digest = bytes(row.hash).hex()
    if not wanted and digest not in outcome.complete:
        outcome.complete.append(digest)


def _here(row: Delivered) -> set[str]:
    return set(row.files.exclude(arrived_at=None).values_list("sha256", flat=True))


# -- said back -------------------------------------------------------------------------------------------------------


def acknowledge(outcome: Outcome, now: datetime) -> str:
    """The centre's signed word of a delivery; "" when no box of ours was in it."""
    if outcome.box is None:
        return ""
    with transaction.atomic():
        name = secrets.our_chain()
    box = Box.objects.get(pk=outcome.box.pk)
    body: dict[str, Any] = {
        "box": f"{box.node}{box.letter}",
        "seq": box.head_seq,
        "hash": bytes(box.head_hash).hex() if box.head_hash else "",
        "at": second_of(now),
        "state": box.ended_why or box.state,
        "kept": outcome.complete,
        "wanted": outcome.wanted,
        "refused": outcome.refused,
    }
    return secrets.sign(words.ACKNOWLEDGED, body, name)


def everything_of(box: Box) -> Outcome:
    """All that is here of a box, to be said on a stick."""
    complete = box.delivered.exclude(state=State.INCOMPLETE).order_by("-pk")[:KNOWN_KEPT]
    return Outcome(box=box, complete=[bytes(digest).hex() for digest in complete.values_list("hash", flat=True)])


def _count_refusal(node: str, why: str, now: datetime) -> None:
    logger.warning("a delivery was refused", extra={"box": node, "why": why})
    place = {"day": timezone.localdate(now), "node": node, "why": why}
    rows = RefusedDelivery.objects.filter(**place)
    if not rows.update(many=F("many") + 1, last_at=now):
        try:
            with transaction.atomic():
                RefusedDelivery.objects.create(**place, many=1, last_at=now)
        except IntegrityError:
            rows.update(many=F("many") + 1, last_at=now)


def forget_files(names: Iterable[str]) -> None:
    """Sealed files whose request has what was in them, unless another delivery still waits for its own."""
    for sha256 in names:
        waiting = DeliveredFile.objects.filter(sha256=sha256).exclude(entry__state=State.TAKEN)
        if not waiting.exists():
            default_storage.delete(place_of(sha256))
