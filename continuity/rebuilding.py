"""Out of the vault onto blank disks, with proof: database, every file, and what the vault was shown of the journal."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyrage
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import Error, connection

from journal.models import Chain, Entry
from transactions.models import STORED

from .vault import barman, restoring
from .vault.record import Record
from .vault.restoring import CannotRestore

RECOVERY_SECONDS = 3600
MANY = 2000
Step = Callable[[str], None]


def database(
    vault: Path, identity: Any, *, data: Path | None, before: datetime | None, user: str, step: Step
) -> datetime:
    """Recover the database of the settings; returns the moment whose state it has, as far as it is known."""
    if connection.vendor == "postgresql":
        if data is None:
            raise CannotRestore("say with --data where PostgreSQL's data directory is to be")
        return _postgresql(vault, identity, data, before, user, step)
    return _sqlite(vault, identity, before, step)


def _sqlite(vault: Path, identity: Any, before: datetime | None, step: Step) -> datetime:
    place = Path(str(connection.settings_dict["NAME"]))
    if place.exists() and place.stat().st_size:
        raise CannotRestore(f"{place} is there; a rebuild goes onto blank disks")
    moments = [(datetime.fromtimestamp(path.stat().st_mtime, UTC), path) for path in restoring.copies(vault)]
    fitting = [(at, path) for at, path in moments if before is None or at < before]
    if not fitting:
        raise CannotRestore("the vault holds no copy" + (" from before then" if before else ""))
    at, newest = fitting[-1]
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{place.name}.unfinished")
    try:
        with newest.open("rb") as sealed, unfinished.open("wb") as clear:
            pyrage.decrypt_io(sealed, clear, [identity])
            clear.flush()
            os.fsync(clear.fileno())
        unfinished.replace(place)
    except (pyrage.DecryptError, OSError) as error:  # a damaged end is an OSError
        raise CannotRestore(f"this identity does not open the copy, or the copy is damaged ({error})") from error
    finally:
        unfinished.unlink(missing_ok=True)
    step(f"database: the copy of {at:%Y-%m-%d %H:%M:%S} UTC")
    return at


def _postgresql(vault: Path, identity: Any, data: Path, before: datetime | None, user: str, step: Step) -> datetime:
    try:
        base = restoring.recover(vault, identity, data, before=before)
    except (pyrage.DecryptError, OSError) as error:
        raise CannotRestore(f"this identity does not open the vault, or its content is damaged ({error})") from error
    step(f"base backup of {base.end_time:%Y-%m-%d %H:%M:%S} UTC and the WAL since")
    if user:
        restoring.own(data, user)
    start(data, user)
    _until_recovered(data)
    restoring.tidy(data)
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM RESET recovery_target_time")
        cursor.execute("SELECT max(at) FROM journal_entry")
        last = cursor.fetchone()[0]
    step("PostgreSQL recovered and was promoted")
    return last or base.end_time


def start(data: Path, user: str) -> None:
    """Start PostgreSQL on a data directory, where DATABASE_URL says; it goes on by itself."""
    place = connection.settings_dict
    options = (
        f"-p {place['PORT'] or 5432} -c listen_addresses={place['HOST'] or 'localhost'} -c unix_socket_directories="
    )
    control(data, user, "start", "-W", "-l", str(data / "rebuild.log"), "-o", options)


def control(data: Path, user: str, *what: str) -> None:
    """pg_ctl, as whom the data belongs to."""
    command = [str(barman.programs() / "pg_ctl"), "-D", str(data), *what]
    done = subprocess.run(  # noqa: S603 – ours
        command, user=user or None, cwd="/", text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode:
        raise CannotRestore(f"pg_ctl {what[0]} failed: {done.stderr.strip()[-500:]}")


def _until_recovered(data: Path) -> None:
    """The server ends by itself when its recovery cannot go on, and says why in its log."""
    end = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < end:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery()")
                if not cursor.fetchone()[0]:
                    return
        except Error:
            connection.close()
            log = (data / "rebuild.log").read_text(errors="replace") if (data / "rebuild.log").exists() else ""
            if "FATAL:" in log.replace("the database system is starting up", "").replace("not yet accepting", ""):
                fatal = [line for line in log.splitlines() if "FATAL:" in line and "starting up" not in line]
                if any("recovery" in line or "could not" in line for line in fatal):
                    raise CannotRestore(f"PostgreSQL did not recover: {fatal[-1]}") from None
        time.sleep(0.2)
    raise CannotRestore(f"PostgreSQL did not recover within {RECOVERY_SECONDS} s")


# -- files -----------------------------------------------------------------------------------------------------


def files(vault: Path, identity: Any, step: Step) -> list[str]:
    """Put every attachment and signed document where it belongs, checked against its hash; returns what is wrong, a
    sentence each. A file of a draft that the vault never had was promised to nobody.
    """
    wrong: list[str] = []
    done = 0
    rows = chain.from_iterable(
        kind._default_manager.order_by("pk").values_list("stored_as", "sha256", "transaction").iterator(chunk_size=MANY)
        for kind in STORED
    )
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for part in _parts(rows):
            # Straight from a list: the pool's threads ask no database.
            for problem in pool.map(lambda row: _one_file(vault, identity, *row), part):
                if problem:
                    wrong.append(problem)
                done += 1
    step(f"files: {done - len(wrong)} of {done} are there, each with its hash")
    return wrong


def _parts(rows: Any) -> Iterator[list[Any]]:
    part: list[Any] = []
    for row in rows:
        part.append(row)
        if len(part) == MANY:
            yield part
            part = []
    yield part


def _one_file(vault: Path, identity: Any, stored_as: str, sha256: str, case: int | None) -> str:
    try:
        with tempfile.TemporaryFile() as clear:
            if not restoring.file_of(vault, sha256, identity, clear):
                return (
                    "" if case is None else f"file {stored_as}: the vault does not have it, or not as it was uploaded"
                )
            if default_storage.exists(stored_as):
                default_storage.delete(stored_as)
            default_storage.save(stored_as, File(clear))
    except OSError as error:
        return f"file {stored_as}: {error}"
    return ""


# -- proof -----------------------------------------------------------------------------------------------------


def against_the_vault(vault: Path) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
    """(where this journal contradicts what the vault was shown, what the vault was shown and is not here)."""
    chains = {str(known): known for known in Chain.objects.all()}
    ends = {name: (known.length, bytes(known.head_hash)) for name, known in chains.items()}
    wrong = [*_contradictions(vault, chains)]
    return wrong, list(restoring.lines_missing(vault, ends))


def keys_of(vault: Path) -> dict[str, str]:
    """The keys of the chains the vault was shown, as JOURNAL_PUBLIC_KEYS has them: the settings may be new already."""
    heads = Record(vault).heads()
    return {name[:3]: base64.b64encode(head.public_key).decode() for name, head in heads.items()}


def _contradictions(vault: Path, chains: dict[str, Chain]) -> Iterator[str]:
    """Entry by entry, many at a time."""
    record = Record(vault)
    for name in record.heads():
        known = chains.get(name)
        if known is None:
            continue
        ours = Entry.objects.filter(chain=known).order_by("seq").values_list("seq", "hash").iterator(chunk_size=MANY)
        for line, (seq, digest) in zip(record.lines(name), ours, strict=False):
            if (line.seq, line.hash) != (seq, bytes(digest)):
                yield f"chain {name}, entry {line.seq}: the vault was shown another one"
                break
        if bytes(known.public_key) != record.heads()[name].public_key:
            yield f"chain {name}: the vault knows it under another key"
