"""Out of a vault onto blank disks: the data directory of PostgreSQL to its last byte or to a moment before, and files.

Only whoever has the identity can; the vault's own host has not.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from . import store
from .layout import sealed, server_home
from .sealing import SEGMENT, SUFFIX, archived, piped

PARTIAL = ".partial"
BUFFER = 1 << 20


class CannotRestore(Exception):
    """Why nothing can be rebuilt from here, in words for the operator."""


@dataclass(frozen=True)
class Base:
    name: str
    path: Path
    begin_wal: str
    end_time: datetime


def identity_in(path: Path) -> Any:
    """The age identity in a file; CannotRestore when it is none."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        return pyrage.x25519.Identity.from_str(next(line for line in lines if line.startswith("AGE-SECRET-KEY-")))
    except (OSError, StopIteration, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise CannotRestore(f"{path} holds no age identity") from error


def bases(folder: Path) -> list[Base]:
    """Base backups, oldest first."""
    found = []
    for path in sorted(sealed(folder, "base").glob(f"*.tar{SUFFIX}")):
        said = json.loads(path.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
        found.append(Base(path.name, path, said["begin_wal"], datetime.fromisoformat(said["end_time"])))
    return found


def recover(folder: Path, identity: Any, data: Path, *, before: datetime | None = None) -> Base:
    """Lay out a data directory that recovers by itself when PostgreSQL is started on it; returns the base it stands on.

    With `before` it stops in front of the first commit of that moment or later.
    """
    if data.exists() and any(data.iterdir()):
        raise CannotRestore(f"{data} is not empty; a rebuild goes onto blank disks")
    fitting = [base for base in bases(folder) if before is None or base.end_time < before]
    if not fitting:
        raise CannotRestore("the vault holds no base backup" + (" that ended before then" if before else ""))
    base = fitting[-1]
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)
    with opened(base.path, identity) as content, tarfile.open(fileobj=content, mode="r|") as tar:
        tar.extractall(data, filter="fully_trusted")  # noqa: S202 – we sealed it ourselves
    wals = data / "pg_wal" / "from_vault"
    wals.mkdir(mode=0o700, parents=True)
    gather(folder, identity, wals, since=base.begin_wal)
    _configure(data, wals, before)
    return base


def gather(folder: Path, identity: Any, wals: Path, *, since: str) -> int:
    """Every segment from `since` on, in clear: sealed ones, those not sealed yet, and what was received last."""
    for path in sorted(sealed(folder, "wals").glob(f"*{SUFFIX}")):
        name = path.name.removesuffix(SUFFIX)
        if name.endswith(".history") or name[8:24] >= since[8:24]:
            with opened(path, identity) as content, (wals / name).open("wb") as out:
                shutil.copyfileobj(content, out, BUFFER)
    streaming = server_home(folder) / "streaming"
    received = sorted(streaming.iterdir()) if streaming.is_dir() else []
    for path in [*archived(folder), *received]:
        name = path.name.removesuffix(PARTIAL)
        if SEGMENT.fullmatch(name) and not (wals / name).exists():
            shutil.copyfile(path, wals / name)
    return sum(1 for _each in wals.iterdir())


def _configure(data: Path, wals: Path, before: datetime | None) -> None:
    """Recovery from there, and nobody waited for or followed afterwards."""
    lines = [
        f'restore_command = \'cp "{wals}/%f" "%p"\'',
        "recovery_target_timeline = 'latest'",
        "synchronous_standby_names = ''",
        "primary_conninfo = ''",
        "primary_slot_name = ''",
        "archive_mode = off",
    ]
    if before:
        lines += [
            f"recovery_target_time = '{before.isoformat()}'",
            "recovery_target_inclusive = off",
            "recovery_target_action = 'promote'",
        ]
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as out:
        out.write("\n# put here by the rebuild\n" + "\n".join(lines) + "\n")
    (data / "standby.signal").unlink(missing_ok=True)
    (data / "recovery.signal").touch()


def tidy(data: Path) -> None:
    """After the recovery: what it needed, and would be in the way of the next one."""
    shutil.rmtree(data / "pg_wal" / "from_vault", ignore_errors=True)
    path = data / "postgresql.auto.conf"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not re.match("re(store|covery)_", line)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def opened(path: Path, identity: Any) -> Any:
    """The clear content of a sealed file, as it is decrypted; a byte changed anywhere ends in an error."""

    def decrypt(out: BinaryIO) -> None:
        with path.open("rb") as content:
            pyrage.decrypt_io(content, out, [identity])

    return piped(decrypt)


def file_of(folder: Path, sha256: str, identity: Any, out: BinaryIO) -> bool:
    """Write the file with this hash to `out`; False when nothing that was handed in under its name is it."""
    for path in reversed(store.versions(folder, f"files/{sha256}")):
        out.seek(0)
        out.truncate()
        try:
            with path.open("rb") as content:
                pyrage.decrypt_io(content, out, [identity])
        except (pyrage.DecryptError, OSError):
            continue
        out.seek(0)
        found = hashlib.sha256()
        while piece := out.read(BUFFER):
            found.update(piece)
        if found.hexdigest() == sha256:
            out.seek(0)
            return True
    return False


def copies(folder: Path) -> list[Path]:
    """Copies of an SQLite database, in the order in which they were made."""
    home = folder / "copies"
    found = [path for path in home.glob("*/*") if store.SHA256.fullmatch(path.name)] if home.is_dir() else []
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.parent.name))


def lines_missing(folder: Path, ends: dict[str, tuple[int, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the vault was shown and a rebuilt database lacks: (chain, body of the entry)."""
    from .record import Record

    record = Record(folder)
    for chain in record.heads():
        length, _head = ends.get(chain, (0, b""))
        for line in record.lines(chain):
            if line.seq > length:
                yield chain, json.loads(line.body)


def own(path: Path, user: str) -> None:
    """Give a tree to another user; PostgreSQL refuses a data directory of root's."""
    for folder, folders, files in os.walk(path):
        for name in (folder, *(os.path.join(folder, each) for each in (*folders, *files))):
            shutil.chown(name, user)
