"""What was handed in: on the disk before anything is said, named by its own hash, never written over.

Each thing is `NAME/SHA256` in the vault's folder: NAME says what it is (a file by the hash of its clear content, a copy
of a database), SHA256 is that of the sealed bytes. Whoever hands in something else under the same name adds a second
one beside the first; nothing at the door can change or take away the first.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

NAMES = re.compile(r"files/[0-9a-f]{64}|copies/[A-Z0-9]{3,7}-[0-9]{12}")
SHA256 = re.compile(r"[0-9a-f]{64}")
PIECE = 1 << 20


class NotTaken(Exception):
    """What was handed in is not kept; `str` says why."""


def place_of(folder: Path, name: str) -> Path:
    """The folder of a thing; files are spread over 256 folders."""
    if not NAMES.fullmatch(name):
        raise NotTaken("no such place")
    kind, _stroke, rest = name.partition("/")
    return folder / kind / rest[:2] / rest if kind == "files" else folder / kind / rest


def keep(folder: Path, name: str, sha256: str, content: BinaryIO, size: int | None = None) -> str:
    """Put what `content` holds on the disk; returns the moment since when it is there. Twice is once.

    NotTaken when it is not what its SHA-256 says or ends early; OSError when the disk fails.
    """
    if not SHA256.fullmatch(sha256):
        raise NotTaken("no such hash")
    place = place_of(folder, name)
    target = place / sha256
    if target.exists():
        return since(target)
    _make(place)
    unfinished = place / f".{sha256}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            found = hashlib.sha256()
            for piece in _pieces(content, size):
                found.update(piece)
                out.write(piece)
            if found.hexdigest() != sha256:
                raise NotTaken("it is not what was announced")
            out.flush()
            os.fsync(out.fileno())
        # Never over another: the name is made, or somebody else has made it with the same content.
        os.link(unfinished, target)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink(missing_ok=True)
    sync(place)
    return since(target)


def since(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")


def _pieces(content: BinaryIO, size: int | None) -> Iterator[bytes]:
    left = size
    while left is None or left > 0:
        piece = content.read(PIECE if left is None else min(PIECE, left))
        if not piece:
            if left:
                raise NotTaken("it ended early")
            return
        if left is not None:
            left -= len(piece)
        yield piece


def _make(place: Path) -> None:
    """The folder and those above it, each name on the disk."""
    missing = []
    while not place.exists():
        missing.append(place)
        place = place.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        sync(folder.parent)


def sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def versions(folder: Path, name: str) -> list[Path]:
    """Everything that was handed in under a name, oldest first."""
    place = place_of(folder, name)
    if not place.is_dir():
        return []
    return sorted((one for one in place.iterdir() if SHA256.fullmatch(one.name)), key=lambda one: one.stat().st_mtime)


def intact(path: Path) -> bool:
    """Are the sealed bytes still those of its name?"""
    found = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(PIECE):
            found.update(piece)
    return found.hexdigest() == path.name
