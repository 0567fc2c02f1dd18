"""The vault's own record of the journal: every entry it was shown, chain by chain, each following from the last.

One file a chain, `journal/C1A.jsonl`, in the form of an export, so `python journal/verify.py` reads it as it is. What
does not follow is refused, and kept in `journal/refused.jsonl` for whoever has to find out.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from journal.verify import Head, Line, read, verify, write

from .store import _make, sync
from .words import ANOTHER_PAST

CHAIN = re.compile(r"[A-Z][0-9A-Z][A-Z]([A-Z]{4})?")
# One request of the door; the centre shows its entries a thousand at a time.
MOST_BYTES = 4 << 20
# The last line is read from the end of the file: no entry is longer.
LONGEST_LINE = 1 << 16


class AnotherPast(Exception):
    """An entry does not follow from what was seen. The record stays as it is."""

    error = ANOTHER_PAST


@dataclass(frozen=True)
class Signed:
    """The end of a chain as the vault has it."""

    chain: str
    seq: int
    hash: bytes
    at: str


class Record:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "journal"

    def take(self, lines: bytes) -> Signed:
        """Add entries that follow; those it has are compared and passed over. AnotherPast, or ValueError for no export.

        Everything is checked before anything is written, and on the disk before anything is said.
        """
        if len(lines) > MOST_BYTES:
            raise ValueError("too much at once")
        entries = list(read(lines.decode().splitlines()))
        names = {line.chain for line in entries}
        if len(names) != 1 or not CHAIN.fullmatch(name := names.pop()):
            raise ValueError("one chain at a time")
        with self._locked(name) as path:
            end = self._end(path)
            if self._ended(name).exists():
                raise AnotherPast(f"chain {name} was ended here: another place goes on as the portal")
            try:
                fresh = self._fresh(path, entries, end)
            except AnotherPast as past:
                self._note(name, str(past), lines)
                raise
            if fresh:
                with path.open("ab") as out:
                    out.write("".join(f"{write(line)}\n" for line in fresh).encode())
                    out.flush()
                    os.fsync(out.fileno())
                sync(self.folder)
                end = Head(fresh[-1].public_key, fresh[-1].seq, fresh[-1].hash)
        reached = end or Head(entries[0].public_key)
        return Signed(name, reached.seq, reached.hash, _now())

    def _fresh(self, path: Path, entries: list[Line], end: Head | None) -> list[Line]:
        head = end or Head(entries[0].public_key)
        known = {line.seq: line for line in entries if line.seq <= head.seq}
        if known:
            for line in self.lines(path.stem):
                if (same := known.pop(line.seq, None)) and (same.hash, same.public_key) != (line.hash, line.public_key):
                    raise AnotherPast(f"entry {line.seq} of {line.chain} is another one than was seen before")
                if not known:
                    break
        fresh = [line for line in entries if line.seq > head.seq]
        _heads, bad = verify(fresh, after={path.stem: Head(head.public_key, head.seq, head.hash)})
        if bad:
            raise AnotherPast(str(bad))
        return fresh

    def heads(self) -> dict[str, Head]:
        """Where each chain ends, as the vault has it."""
        if not self.folder.is_dir():
            return {}
        paths = [path for path in sorted(self.folder.glob("*.jsonl")) if CHAIN.fullmatch(path.stem)]
        return {path.stem: head for path in paths if (head := self._end(path))}

    def lines(self, name: str) -> Iterator[Line]:
        """Every entry of a chain, in order."""
        path = self.folder / f"{name}.jsonl"
        if path.exists():
            with path.open(encoding="utf-8") as file:
                yield from read(file)

    def fence(self, name: str) -> None:
        """Take nothing of this chain any more: another place was promoted, or rebuilt from here."""
        if not CHAIN.fullmatch(name):
            raise ValueError(f"{name} is no chain")
        _make(self.folder)
        self._ended(name).touch()
        sync(self.folder)

    def _ended(self, name: str) -> Path:
        return self.folder / f"{name}.ended"

    def _end(self, path: Path) -> Head | None:
        if not path.exists():
            return None
        with path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - 2 * LONGEST_LINE)
            file.seek(start)
            tail = file.read()
            if tail and not tail.endswith(b"\n"):
                # Cut off in the middle of a write that was never acknowledged.
                whole = tail.rfind(b"\n") + 1
                file.truncate(start + whole)
                tail = tail[:whole]
        if not tail:
            return None
        last = next(iter(read([tail.splitlines()[-1].decode()])))
        return Head(last.public_key, last.seq, last.hash)

    @contextmanager
    def _locked(self, name: str) -> Iterator[Path]:
        _make(self.folder)
        with (self.folder / f".{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.folder / f"{name}.jsonl"

    def _note(self, name: str, why: str, lines: bytes) -> None:
        said = {"at": _now(), "chain": name, "why": why, "first": lines[:LONGEST_LINE].decode(errors="replace")}
        with (self.folder / "refused.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(said) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
