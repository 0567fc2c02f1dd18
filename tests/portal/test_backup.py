"""A backup is made, everything is lost, and the installation is rebuilt elsewhere: what was there is there again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage, storages
from django.core.management import CommandError, call_command
from django.db import connection

from jeddah_portal import backup, stores
from transactions.models import Attachment, Outbox

from ..conftest import content_of, drive
from ..journeys.conftest import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
ROOT = Path(django_settings.BASE_DIR)


@pytest.fixture
def elsewhere(tmp_path):
    """An empty database and an empty folder for files on another installation; runs manage.py there."""
    name = f"restored_{os.getpid()}"
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        url = f"{database_url().rpartition('/')[0]}/{name}"
    keys = {"JOURNAL_KEY_FILE": str(django_settings.JOURNAL_KEY_FILE), "MEDIA_ROOT": str(tmp_path / "restored")}
    env = os.environ | {"DATABASE_URL": url, "LOG_LEVEL": "CRITICAL", "REDIS_URL": ""} | keys

    def manage(*arguments, **more):
        command = [sys.executable, ROOT / "manage.py", *map(str, arguments)]
        done = subprocess.run(command, env=env | more, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    yield manage
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture
def made(cast, submitted, settings, tmp_path, capsys):
    """A backup of a few cases in several states, and the identity that opens it."""
    drive(submitted("land-subdivision"), cast, "issued")
    drive(submitted(), cast, "under_study")
    submitted(routed=False)
    identity = tmp_path / "identity.txt"
    call_command("backup", new_key=identity)
    settings.BACKUP_RECIPIENT = capsys.readouterr().out.strip().removeprefix("BACKUP_RECIPIENT=")
    target = tmp_path / "portal.tar.age"
    call_command("backup", to=target)
    return target, identity


def here(*arguments):
    out = []
    with contextlib.redirect_stdout(type("Out", (), {"write": out.append, "flush": lambda: None})):
        call_command(*arguments)
    return "".join(out)


TABLES = ("transactions.Transaction", "transactions.Event", "transactions.Attachment", "transactions.Movement",
          "accounts.User", "journal.Entry", "transactions.Intake", "municipality.Office")  # fmt: skip


@pytest.fixture
def restored(wherever_files_lie, tmp_path):
    """The empty place for files of the other installation: its ATTACHMENTS_URL and its storage."""
    place = stores.of_attachments("")
    place["OPTIONS"] |= {"location": tmp_path / "restored"}
    url = wherever_files_lie.replace("/attachments?", "/restored?")
    if url:
        default_storage.connection.create_bucket(Bucket="restored")
        place = stores.of_attachments(url)
    return url, storages.create_storage(place)


def test_what_was_lost_is_there_again_and_adds_up(restored, made, elsewhere):
    target, identity = made
    url, files = restored
    assert Outbox.objects.filter(kind="notify", state="owed").exists()
    code, said = elsewhere("restore", target, "--identity", identity, ATTACHMENTS_URL=url)
    assert code == 0, said
    for line in ("counts agree in all", "journal verified", "files intact:", "restored in", "not in a backup:"):
        assert line in said
    assert elsewhere("dumpdata", *TABLES) == (0, here("dumpdata", *TABLES))
    assert elsewhere("export_journal") == (0, here("export_journal"))
    for file in Attachment.objects.all():
        assert files.open(file.stored_as).read() == content_of(file)
    # Whoever was perhaps told already is not told again by itself; what has no effect outside goes on.
    rows = [row["fields"] for row in json.loads(elsewhere("dumpdata", "transactions.Outbox")[1])]
    assert {row["state"] for row in rows if row["kind"] == "notify"} <= {"dead", "done"}
    assert [row["kind"] for row in rows if row["state"] == "owed"] == ["route"]
    assert f"look at the {Outbox.objects.filter(kind='notify', state='owed').count()} notices" in said
    # A second restore would mix two installations.
    code, said = elsewhere("restore", target, "--identity", identity)
    assert code
    assert "not empty" in said


def test_nothing_personal_can_be_read_in_a_backup_without_the_identity(made, elsewhere, cast, tmp_path):
    target, _identity = made
    assert target.read_bytes().startswith(b"age-encryption.org/v1")
    assert cast.citizen.national_id.encode() not in target.read_bytes()
    other = tmp_path / "other.txt"
    call_command("backup", new_key=other)
    code, said = elsewhere("restore", target, "--identity", other)
    assert code
    assert "wrong identity" in said


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_backup_is_refused(damage, made, elsewhere):
    target, identity = made
    content = bytearray(target.read_bytes())
    if damage == "flipped":
        content[-5000] ^= 1
    else:
        del content[-70_000:]
    target.write_bytes(content)
    code, said = elsewhere("restore", target, "--identity", identity)
    assert code
    assert "damaged" in said


def test_a_backup_that_cannot_be_whole_is_not_left_behind(made, settings, tmp_path):
    (Path(settings.MEDIA_ROOT) / Attachment.objects.first().stored_as).unlink()
    with pytest.raises(CommandError, match="is missing"):
        call_command("backup", to=tmp_path / "second.tar.age")
    settings.BACKUP_RECIPIENT = ""
    with pytest.raises(CommandError, match="--new-key"):
        call_command("backup", to=tmp_path / "third.tar.age")
    assert [path.name for path in tmp_path.glob("*.age")] == ["portal.tar.age"]
    assert list(tmp_path.glob("*.unfinished")) == []


@pytest.mark.stack
def test_a_dump_may_take_longer_than_sessions_may_idle(made, tmp_path, monkeypatch):
    """pg_dump is slow here, and the session is ended after half a second of idling in a transaction."""
    slow = tmp_path / "pg_dump"
    slow.write_text(f'#!/bin/sh\nsleep 1.5\nexec {backup._pg_tool("pg_dump")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setattr(backup, "_pg_tool", lambda name: str(slow))
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '500ms'")
    try:
        call_command("backup", to=tmp_path / "second.tar.age")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET idle_in_transaction_session_timeout")
    assert (tmp_path / "second.tar.age").stat().st_size > 1000
