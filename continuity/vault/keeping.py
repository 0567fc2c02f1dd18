"""The vault at work: its door, Barman's receiver, and every minute what else is due."""

from __future__ import annotations

import base64
import logging
import signal
import subprocess
import tarfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import barman, server, store
from .layout import SERVER, Config, sealed, server_home
from .record import Record
from .restoring import bases, copies
from .sealing import SUFFIX, piped, seal_all, write_sealed

logger = logging.getLogger(__name__)
ROUND_SECONDS = 10
# Copies of an SQLite database: all of the last hours, then one a day.
COPIES_ALL = timedelta(hours=6)


def signing_key(folder: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode((folder / "vault.key").read_text(encoding="ascii")))


class Keeper:
    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, Config.read(folder)
        self.receiver: subprocess.Popen[bytes] | None = None
        self.stop = threading.Event()

    def run(self) -> None:
        """Until SIGTERM."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        vault = server.Vault(self.folder, key=signing_key(self.folder), token=self.config.token)
        tls = (self.folder / "tls.pem", self.folder / "tls.key") if (self.folder / "tls.pem").exists() else None
        door = server.serve(vault, self.config.host, self.config.port, tls)
        server.in_background(door)
        logger.info("the door is open at %s:%s", self.config.host, self.config.port)
        try:
            while not self.stop.is_set():
                began = time.monotonic()
                try:
                    self.round()
                except Exception:  # whatever it is, the receiver and the door go on
                    logger.exception("a round failed")
                self.stop.wait(max(0.2, ROUND_SECONDS - (time.monotonic() - began)))
        finally:
            door.shutdown()
            self._end_receiver()

    def round(self) -> None:
        """What is due now."""
        if self.config.database:
            self._follow()
        seal_all(self.folder, self.config.recipient)
        self._forget()
        if self.config.export_to and self._is_due("exported", timedelta(days=self.config.export_days)):
            export(self.folder, Path(self.config.export_to), self.config.recipient)
            (self.folder / "exported").touch()

    def _follow(self) -> None:
        if self.receiver is None or self.receiver.poll() is not None:
            self.receiver = barman.receive(self.folder)
        barman.run(self.folder, "archive-wal", SERVER)
        newest = max((base.end_time for base in bases(self.folder)), default=None)
        if newest is None or datetime.now(newest.tzinfo) - newest > timedelta(hours=self.config.base_hours):
            good, said = barman.run(self.folder, "backup", "--immediate-checkpoint", SERVER)
            if not good:
                logger.error("no base backup was taken: %s", said[-2000:])

    def _end_receiver(self) -> None:
        if self.receiver and self.receiver.poll() is None:
            self.receiver.terminate()
            try:
                self.receiver.wait(10)
            except subprocess.TimeoutExpired:
                self.receiver.kill()
                self.receiver.wait()

    def _forget(self) -> None:
        """Bases older than the retention, but never the last two, and what only they needed. Files stay for good."""
        oldest_wanted = datetime.now(UTC) - timedelta(days=self.config.keep_days)
        kept = bases(self.folder)
        while len(kept) > 2 and kept[0].end_time.astimezone(UTC) < oldest_wanted:
            old = kept.pop(0)
            old.path.unlink()
            old.path.with_suffix("").with_suffix(".json").unlink(missing_ok=True)
        if kept:
            for path in sealed(self.folder, "wals").glob(f"*{SUFFIX}"):
                if not path.name.endswith(f".history{SUFFIX}") and path.name[8:24] < kept[0].begin_wal[8:24]:
                    path.unlink()
        forget_copies(self.folder, datetime.now(UTC), timedelta(days=self.config.keep_days))

    def _is_due(self, mark: str, every: timedelta) -> bool:
        path = self.folder / mark
        return not path.exists() or time.time() - path.stat().st_mtime > every.total_seconds()


def forget_copies(folder: Path, now: datetime, keep: timedelta) -> int:
    """All copies of the last hours stay, of older days the last one each. Returns how many went."""
    gone, seen = 0, set()
    for number, path in enumerate(reversed(copies(folder))):
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        day = made.date()
        if number and now - made > COPIES_ALL and (day in seen or now - made > keep):
            path.unlink()
            gone += 1
        seen.add(day)
    return gone


def export(folder: Path, target: Path, recipient: str) -> Path:
    """Everything here that rebuilds, in one file to be carried away; it is as sealed as what it holds."""
    made = target / f"vault-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar{SUFFIX}"
    parts = [part for part in ("sealed", "files", "copies", "journal") if (folder / part).is_dir()]

    def tar(out: object) -> None:
        with tarfile.open(fileobj=out, mode="w|") as whole:  # type: ignore[call-overload]
            for part in parts:
                whole.add(folder / part, arcname=part)
            for path in (server_home(folder) / "streaming").glob("*"):
                whole.add(path, arcname=f"barman/{SERVER}/streaming/{path.name}")

    with piped(tar) as content:
        write_sealed(made, recipient, content)
    return made


def verify(folder: Path) -> list[str]:
    """Everything that is wrong with what is kept here, each in a sentence. Needs no identity."""
    wrong = []
    files = folder / "files"
    for path in files.glob("*/*/*") if files.is_dir() else []:
        if store.SHA256.fullmatch(path.name) and not store.intact(path):
            wrong.append(f"files/{path.parent.name}: the sealed bytes have changed")
    wrong += [f"{path.parent.name}: the copy has changed" for path in copies(folder) if not store.intact(path)]
    record = Record(folder)
    for chain in record.heads():
        try:
            _heads, bad = verify_lines(record, chain)
        except (ValueError, KeyError) as error:
            wrong.append(f"journal of {chain} cannot be read: {error}")
            continue
        if bad:
            wrong.append(f"journal: {bad}")
    return wrong + gaps(folder)


def verify_lines(record: Record, chain: str) -> tuple[object, object]:
    from journal.verify import verify as walk

    return walk(record.lines(chain))


def gaps(folder: Path) -> list[str]:
    """Segments of WAL missing between the oldest base backup and the end."""
    found = bases(folder)
    if not found:
        return ["there is no base backup"] if Config.read(folder).database else []
    streaming = server_home(folder) / "streaming"
    names = {path.name.removesuffix(SUFFIX) for path in sealed(folder, "wals").glob(f"*{SUFFIX}")}
    names |= {path.name.removesuffix(".partial") for path in streaming.glob("*")} if streaming.is_dir() else set()
    numbers = sorted({_number(name) for name in names if len(name) == 24})
    first = _number(found[0].begin_wal)
    wanted = set(range(first, numbers[-1] + 1)) if numbers else {first}
    return [f"WAL: segment {number:#x} is missing" for number in sorted(wanted - set(numbers))[:20]]


def _number(segment: str) -> int:
    """Segments of 16 MB, counted."""
    return int(segment[8:16], 16) * 256 + int(segment[16:24], 16)
