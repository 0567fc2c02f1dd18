"""The tables, made by `migrate` once for all processes of tests and copied from then on."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

PREFIX = "tables_"


def key() -> str:
    """Names these tables: another migration, and it is another key."""
    files = sorted(file for app in apps.get_app_configs() for file in Path(app.path).glob("migrations/*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def database_url(name: str | Path) -> str:
    """Of a database beside the one of these tests; on SQLite `name` is its file."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{name}"


def sqlite_file() -> Path:
    """A database file with all tables and no rows of ours, to be copied."""
    file = settings.VAR / f"{PREFIX}{key()}.sqlite3"
    with _one_process_at_a_time():
        if not file.exists():
            for old in settings.VAR.glob(f"{PREFIX}*"):
                old.unlink()
            fresh = file.with_suffix(".new")
            _migrate(f"sqlite:///{fresh}")
            fresh.rename(file)
    return file


def copy_sqlite_file(to: Path) -> None:
    to.with_name(f"{to.name}-journal").unlink(missing_ok=True)  # left there, it would be played into the copy
    shutil.copyfile(sqlite_file(), to)


def postgres_template() -> str:
    """The name of such a database on the server of these tests."""
    name = f"{PREFIX}{key()}"
    with _one_process_at_a_time(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        there = {row[0] for row in cursor.fetchall()}
        if name not in there:
            for old in there:
                cursor.execute(f'DROP DATABASE "{old}"')
            fresh = f"{PREFIX}new"
            cursor.execute(f'CREATE DATABASE "{fresh}"')
            _migrate(database_url(fresh))
            cursor.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')
    return name


def _migrate(url: str) -> None:
    command = [sys.executable, settings.BASE_DIR / "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url, "LOG_LEVEL": "ERROR"}, check=True)


@contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    with (settings.VAR / "tables.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
