"""Content at rest is sealed with age for a recipient whose identity this host does not have.

Barman writes in clear: the base backup while it is taken, and each segment of WAL until it is full and sealed here.
What stays in clear is the segment being received, 16 MB at most: it is on the disk before it is acknowledged.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from .layout import sealed, server_home, write_private
from .store import _make, sync

SEGMENT = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history|[0-9A-F]{24}\.[0-9A-F]{8}\.backup")
SUFFIX = ".age"


def seal_all(folder: Path, recipient: str) -> int:
    """Seal every segment and every base backup that is whole; returns how many. Twice is once."""
    done = sum(_seal_segment(folder, path, recipient) for path in archived(folder))
    base, said = server_home(folder) / "base", server_home(folder) / "meta"
    for home in sorted(base.iterdir()) if base.is_dir() else []:
        info = read_info(said / f"{home.name}-backup.info")
        if info.get("status") in ("DONE", "WAITING_FOR_WALS") and (home / "data").is_dir():
            _seal_base(folder, home, info, recipient)
            done += 1
    return done


def archived(folder: Path) -> list[Path]:
    """Segments that are whole and in clear, oldest first."""
    wals = server_home(folder) / "wals"
    found = [path for path in wals.rglob("*") if SEGMENT.fullmatch(path.name)] if wals.is_dir() else []
    return sorted(found, key=lambda path: path.name)


def _seal_segment(folder: Path, path: Path, recipient: str) -> int:
    target = sealed(folder, "wals") / f"{path.name}{SUFFIX}"
    with path.open("rb") as clear:
        write_sealed(target, recipient, clear)
    path.unlink()
    return 1


def write_sealed(target: Path, recipient: str, clear: BinaryIO) -> None:
    """Whole and on the disk before it has its name; one that is there stays as it is."""
    if target.exists():
        return
    _make(target.parent)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        pyrage.encrypt_io(clear, out, [pyrage.x25519.Recipient.from_str(recipient)])
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(target)
    sync(target.parent)


def _seal_base(folder: Path, home: Path, info: dict[str, str], recipient: str) -> None:
    """A tar of the data directory; what Barman knows of it stays in clear beside it, for whoever chooses one."""
    target = sealed(folder, "base") / f"{home.name}.tar{SUFFIX}"
    with piped(lambda out: _tar(home / "data", out)) as content:
        write_sealed(target, recipient, content)
    kept = {name: info.get(name, "") for name in ("begin_wal", "begin_time", "end_time", "end_wal", "systemid")}
    write_private(target.with_suffix("").with_suffix(".json"), json.dumps(kept, indent=1).encode())
    shutil.rmtree(home / "data")


def _tar(data: Path, out: BinaryIO) -> None:
    with tarfile.open(fileobj=out, mode="w|") as tar:
        tar.add(data, arcname=".")


@contextlib.contextmanager
def piped(produce: Any) -> Iterator[BinaryIO]:
    """What `produce` writes, to be read meanwhile; its failure is raised when the reading is over."""
    read, written = os.pipe()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with open(written, "wb") as out:
                produce(out)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with open(read, "rb") as content:
            yield content
    finally:
        thread.join()
    if failed:
        raise failed[0]


def read_info(path: Path) -> dict[str, str]:
    """Barman's backup.info: a name, "=" and a value a line."""
    if not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name.strip(): value.strip() for name, _equals, value in lines}
