"""What is known of this node's chains outside the database: one small file for each, which holds its key and its end.

A database that was put back to an earlier state knows nothing of it; this file does. It lies beside the attachments
(`witness/` in MEDIA_ROOT, and in the S3 store when there is one), is named by node and letter, and holds two slots that
are written in turn, so that a torn write leaves the one before. It says which file and which database it was made for:
a copy of either is no witness.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from .entry import GENESIS

FOLDER = "witness"
HEADER, SLOT = 1024, 512
_NAME = re.compile(r"[A-Z][0-9A-Z][A-Z]")


@dataclass(frozen=True)
class Head:
    """The end of a chain: how many entries, the hash of the last one and the node's signature of that hash."""

    seq: int = 0
    hash: bytes = GENESIS
    signature: bytes = b""


@dataclass(frozen=True)
class Witness:
    """One chain as it is remembered. `database` names the one it was begun or continued in; empty: an ended chain."""

    node: str
    incarnation: str
    lot: str
    public_key: bytes
    database: str
    head: Head = Head()
    in_place: bool = True  # the file is the one that was made here, and no copy of it
    lost_to: int = 0  # entries up to this one were seen and are gone; the chain ended, and another was begun

    @property
    def name(self) -> str:
        return f"{self.node}{self.incarnation}"


class StoreAway(OSError):
    """The store does not answer; what lies here may be read all the same."""


def read_all(node: str) -> dict[str, Witness]:
    """The chains of a node that are remembered, by letter. OSError when the place cannot be read, StoreAway when that
    is the store.
    """
    witnesses = {}
    for name in sorted({*_local_names(), *_remote_names()}):
        if name.startswith(node) and (witness := read(name)):
            witnesses[witness.incarnation] = witness
    return witnesses


def read_here(node: str) -> dict[str, Witness]:
    """As `read_all`, without the store."""
    here = [_read_file(_path(name)) for name in _local_names() if name.startswith(node)]
    return {witness.incarnation: witness for witness in here if witness}


def read(name: str) -> Witness | None:
    """The witness of a chain (node and letter): what is beside us, and whatever the store knows beyond it."""
    here, there = _read_file(_path(name)), _fetch(name)
    if here is None or there is None:
        if here is None and there is not None:
            _create(there)
        return here or there
    return replace(here, head=max(here.head, there.head, key=lambda head: head.seq))


def last_head(name: str) -> Head | None:
    """Where the file beside us says that the chain ends; cheap, asked before every entry."""
    try:
        with _path(name).open("rb") as file:
            return _head_in(file.read(HEADER + 2 * SLOT))
    except FileNotFoundError:
        return None


def claim(witness: Witness) -> Witness:
    """Take a letter: the file is made here, and whoever comes second is given the first one's."""
    return _create(witness)


def save(witness: Witness) -> None:
    """Write the file anew, whatever was there, here and in the store."""
    _path(witness.name).unlink(missing_ok=True)
    _create(witness)
    mirror(witness.name)


def advance(name: str, head: Head) -> None:
    """The chain has come this far; a note that comes late changes nothing. Without fsync: a note lost is only older."""
    with _path(name).open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = file.read(HEADER + 2 * SLOT)
        if _head_in(content).seq < head.seq:
            file.seek(HEADER + SLOT * (head.seq % 2))
            file.write(_slot(head))


def mirror(name: str) -> None:
    """Bring what is noted here into the store, where there is one. OSError when it does not answer."""
    if not _is_remote():
        return
    here, there = _read_file(_path(name)), _fetch(name)
    if here and (there is None or there.public_key != here.public_key or there.head.seq < here.head.seq):
        default_storage.save(f"{FOLDER}/{name}", ContentFile(_content(here, inode=0)))


# -- the file --------------------------------------------------------------------------------------------------


def _path(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / FOLDER / name


def _create(witness: Witness) -> Witness:
    """Whole and on the disk before it has its name, which is given once."""
    path = _path(witness.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{witness.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b") as file:
            file.write(_content(witness, os.fstat(file.fileno()).st_ino))
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        return _read_file(path) or witness
    finally:
        fresh.unlink(missing_ok=True)
    with _opened_folder(path.parent) as folder:
        os.fsync(folder)
    return witness


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _read_file(path: Path) -> Witness | None:
    try:
        with path.open("rb") as file:
            return _parse(file.read(HEADER + 2 * SLOT), os.fstat(file.fileno()).st_ino)
    except FileNotFoundError:
        return None


def _content(witness: Witness, inode: int) -> bytes:
    content = {
        "node": witness.node,
        "incarnation": witness.incarnation,
        "lot": witness.lot,
        "public_key": witness.public_key.hex(),
        "database": witness.database,
        "lost_to": witness.lost_to,
        "inode": inode,
    }
    header = json.dumps(content, sort_keys=True).encode().ljust(HEADER - 1) + b"\n"
    slots = [b" " * (SLOT - 1) + b"\n"] * 2
    slots[witness.head.seq % 2] = _slot(witness.head)
    return header + b"".join(slots)


def _parse(content: bytes, inode: int) -> Witness:
    """OSError when the header cannot be read: then nobody knows what was promised."""
    try:
        values = json.loads(content[:HEADER])
        return Witness(
            values["node"],
            values["incarnation"],
            values["lot"],
            bytes.fromhex(values["public_key"]),
            values["database"],
            _head_in(content),
            in_place=values["inode"] in (0, inode),
            lost_to=values["lost_to"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise OSError("a witness of the journal cannot be read; its file is damaged") from error


def _slot(head: Head) -> bytes:
    line = json.dumps({"seq": head.seq, "hash": head.hash.hex(), "signature": head.signature.hex()})
    check = hashlib.sha256(line.encode()).hexdigest()[:16]
    return f"{check} {line}".encode().ljust(SLOT - 1) + b"\n"


def _head_in(content: bytes) -> Head:
    """The later of the two slots that are whole."""
    last_head = Head()
    for start in (HEADER, HEADER + SLOT):
        check, _space, line = content[start : start + SLOT].strip().partition(b" ")
        if line and hashlib.sha256(line).hexdigest()[:16].encode() == check:
            values = json.loads(line)
            head = Head(values["seq"], bytes.fromhex(values["hash"]), bytes.fromhex(values["signature"]))
            last_head = max(last_head, head, key=lambda slot: slot.seq)
    return last_head


def _local_names() -> list[str]:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    return [name for name in os.listdir(folder) if _NAME.fullmatch(name)] if folder.is_dir() else []


# -- the store -------------------------------------------------------------------------------------------------


def _is_remote() -> bool:
    return not isinstance(default_storage, FileSystemStorage)


def _remote_names() -> list[str]:
    if not _is_remote():
        return []
    try:
        names = default_storage.listdir(FOLDER)[1]
    except OSError as error:
        raise StoreAway(*error.args) from error
    return [name for name in names if _NAME.fullmatch(name)]


def _fetch(name: str) -> Witness | None:
    if not _is_remote():
        return None
    try:
        with default_storage.open(f"{FOLDER}/{name}") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreAway(*error.args) from error
    return _parse(content, 0)
