"""Backup and restore: one encrypted file that holds the database, every attachment and what both must add up to.

The format is public: an age file (https://age-encryption.org) around a tar of manifest.json, the database as its own
tools write it, and files/. So it can be opened without this portal, by whoever holds the identity; the server holds
only the recipient, which cannot open what it made.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyrage
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from journal.models import Chain
from transactions.models import STORED

FORMATS = (1, 2)
DATABASE, MANIFEST, MISSING = "database", "manifest.json", "missing.json"
STORED_AS = re.compile(r"files/([0-9a-f]{2}/[0-9a-f]{32})")
Manifest = dict[str, Any]


class BackupError(Exception):
    """Why a backup cannot be made or trusted, in words for the operator."""


# -- what the two engines do differently -------------------------------------------------------------------------


def _pg_environment() -> dict[str, str]:
    place = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    return os.environ | {name: str(place[key]) for name, key in names.items() if place[key]}


def _pg_tool(name: str) -> str:
    """The newest one on this machine: an older pg_dump refuses a newer server."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    program = next((str(folder / name) for folder in folders if (folder / name).exists()), None) or shutil.which(name)
    if program is None:
        raise BackupError(f"{name} is not here. On Debian: apt-get install postgresql-client")
    return program


def _run(*command: str) -> None:
    done = subprocess.run(command, env=_pg_environment(), capture_output=True, text=True)  # noqa: S603 – ours
    if done.returncode:
        raise BackupError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-2000:]}")


@contextlib.contextmanager
def _snapshot(target: Path) -> Iterator[None]:
    """Writes the database to `target`; what is read inside sees exactly what was written there."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # It is idle as long as pg_dump takes, and sessions that idle in a transaction are ended (DATABASE_SESSION).
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            (name,) = cursor.fetchone()
            dump = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={name}", f"--file={target}")
            _run(_pg_tool("pg_dump"), *dump)
        else:
            # This transaction is IMMEDIATE: nobody writes until the copy is made.
            source, copy = (sqlite3.connect(path) for path in (connection.settings_dict["NAME"], target))
            with contextlib.closing(source), contextlib.closing(copy):
                source.backup(copy)
        yield


def _load_database(dump: Path) -> None:
    if connection.vendor == "postgresql":
        only = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
        _run(_pg_tool("pg_restore"), *only, f"--dbname={connection.settings_dict['NAME']}", str(dump))
    else:
        connection.close()
        place = Path(str(connection.settings_dict["NAME"]))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dump, place)


# -- what must add up --------------------------------------------------------------------------------------------


def counts() -> dict[str, int]:
    """Rows of every table."""
    rows = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 – names of ours
            rows[table] = int(cursor.fetchone()[0])
    return rows


def heads() -> dict[str, list[Any]]:
    """How long each chain of the journal is, and the hash it ends with."""
    return {str(chain): [chain.length, bytes(chain.head_hash).hex()] for chain in Chain.objects.all()}


def _migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations)


# -- making one --------------------------------------------------------------------------------------------------


def write(out: BinaryIO, recipient: str) -> Manifest:
    """Write a backup to `out` for whoever holds the recipient's identity; returns its manifest.

    Files that are lost, or are not what was uploaded, do not stop it: manifest["wrong"] says which and what is wrong,
    and so does the last member of the tar.
    """
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise BackupError(
            "BACKUP_RECIPIENT is no age recipient; `manage.py backup --new-key FILE` makes one"
        ) from error
    with tempfile.TemporaryDirectory(prefix="portal-backup-") as folder:
        dump = Path(folder) / DATABASE
        with _snapshot(dump):
            files: dict[str, tuple[int, str]] = {}
            for kind in STORED:
                rows = kind._default_manager.order_by("stored_as").values_list("stored_as", "size", "sha256")
                files |= {stored_as: (size, sha256) for stored_as, size, sha256 in rows}
            manifest: Manifest = {
                "format": FORMATS[-1],
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "engine": connection.vendor,
                "migrations": _migrations(),
                "counts": counts(),
                "heads": heads(),
                "files": len(files),
                "bytes": sum(size for size, _sha256 in files.values()),
            }
        # Files are never changed and outlive their rows' transaction, so they may be read after it.
        _encrypt(out, to, lambda tar: _fill(tar, manifest, dump, files))
    return manifest


def _fill(tar: tarfile.TarFile, manifest: Manifest, dump: Path, files: dict[str, tuple[int, str]]) -> None:
    _add(tar, MANIFEST, io.BytesIO(text := json.dumps(manifest, indent=1).encode()), len(text))
    with dump.open("rb") as content:
        _add(tar, DATABASE, content, dump.stat().st_size)
    manifest["wrong"] = wrong = {}
    for stored_as, (_size, sha256) in files.items():
        # Through a file of ours, so that one that ends too early does not break the tar.
        with tempfile.TemporaryFile() as whole:
            try:
                copied = _copy(stored_as, whole)
            except OSError as error:
                wrong[stored_as] = "lost" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
                continue
            if copied != sha256:
                wrong[stored_as] = "changed"
            size = whole.tell()
            whole.seek(0)
            _add(tar, f"files/{stored_as}", whole, size)
    _add(tar, MISSING, io.BytesIO(text := json.dumps(wrong, indent=1).encode()), len(text))


def _copy(stored_as: str, out: Any) -> str:
    """Copy a stored file; returns its SHA-256. OSError when it cannot be read whole."""
    digest = hashlib.sha256()
    with default_storage.open(stored_as) as content:
        for chunk in content.chunks():
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _add(tar: tarfile.TarFile, name: str, content: Any, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    tar.addfile(member, content)


def _encrypt(out: BinaryIO, to: Any, fill: Callable[[tarfile.TarFile], None]) -> None:
    """Tar and encrypt side by side through a pipe, so that no clear copy of the whole touches the disk."""
    failed: list[BaseException] = []
    read, written = os.pipe()

    def produce() -> None:
        try:
            with open(written, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as tar:
                fill(tar)
        except BaseException as error:  # handed to the caller, who must not take a cut-off file for a backup
            failed.append(error)

    producer = threading.Thread(target=produce)
    producer.start()
    with open(read, "rb") as pipe:
        pyrage.encrypt_io(pipe, out, [to])
    producer.join()
    if failed:
        raise failed[0]


# -- reading one -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(source: BinaryIO, identity: str) -> Iterator[tarfile.TarFile]:
    """The tar inside; a byte changed or missing anywhere ends in BackupError, at the latest when it is closed."""
    try:
        key = pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError as error:
        raise BackupError("this is no age identity") from error
    failed: list[BaseException] = []
    read, written = os.pipe()

    def produce() -> None:
        try:
            with open(written, "wb") as pipe:
                pyrage.decrypt_io(source, pipe, [key])
        except BaseException as error:
            failed.append(error)

    producer = threading.Thread(target=produce)
    producer.start()
    pipe = open(read, "rb")  # noqa: SIM115 – closed below, after what is left was read
    try:
        with tarfile.open(fileobj=pipe, mode="r|") as tar:
            yield tar
        while pipe.read(1 << 16):
            pass
    except (tarfile.TarError, EOFError) as error:
        raise BackupError("the backup cannot be read: wrong identity, or the file is damaged") from (failed or [error])[
            0
        ]
    finally:
        pipe.close()
        producer.join()
    if failed:
        raise BackupError("the backup is damaged; what was loaded from it must not be used") from failed[0]


def restore(source: BinaryIO, identity: str, step: Callable[[str], None]) -> Manifest:
    """Rebuild an empty installation from a backup. `step` is told what was done; BackupError says what does not fit."""
    if connection.introspection.table_names():
        raise BackupError("the database is not empty; a restore goes into an empty one only")
    with tempfile.TemporaryDirectory(prefix="portal-restore-") as folder, _opened(source, identity) as tar:
        manifest: Manifest = {}
        files = 0
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                raise BackupError(f"{member.name} has no place in a backup")
            if member.name == MANIFEST:
                manifest = json.load(content)
                _check_manifest(manifest)
                step(f"opened: made {manifest['at']}, {manifest['files']} files")
            elif member.name == DATABASE and manifest:
                dump = Path(folder) / DATABASE
                with dump.open("wb") as out:
                    shutil.copyfileobj(content, out, 1 << 20)
                _load_database(dump)
                step(f"database loaded: {sum(manifest['counts'].values())} rows in {len(manifest['counts'])} tables")
            elif member.name == MISSING and manifest:
                manifest["wrong"] = json.load(content)
            elif (match := STORED_AS.fullmatch(member.name)) and manifest:
                _put_file(match[1], content)
                files += 1
            else:
                raise BackupError(f"{member.name} has no place in a backup")
    step(f"files written: {files}")
    return manifest


def _check_manifest(manifest: Manifest) -> None:
    if manifest.get("format") not in FORMATS:
        raise BackupError(f"this backup has format {manifest.get('format')}; this version reads up to {FORMATS[-1]}")
    if manifest["engine"] != connection.vendor:
        raise BackupError(f"this backup is of {manifest['engine']}, this database is {connection.vendor}")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := sorted(set(manifest["migrations"]) - known):
        raise BackupError(f"this backup is of another version of the portal, which also has: {', '.join(unknown)}")


def _put_file(stored_as: str, content: Any) -> None:
    if default_storage.exists(stored_as):
        raise BackupError(f"{stored_as} is there already; a restore goes into an empty place for files only")
    # What comes out of the pipe can be read once only; a store may read twice, to sign and to send.
    with tempfile.TemporaryFile() as whole:
        shutil.copyfileobj(content, whole, 1 << 20)
        if default_storage.save(stored_as, File(whole)) != stored_as:
            raise BackupError(f"{stored_as} could not be written under its name")
