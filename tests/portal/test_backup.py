"""A backup is made, everything is lost, and the installation is rebuilt elsewhere: what was there is there again."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage, storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from jeddah_portal import backup, stores
from transactions.maintenance.health import read_health
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
    # Nothing goes on there under the old letter; what follows is asked as the remedy says.
    code, refused = elsewhere("dumpdata", *TABLES)
    assert code
    assert "restored from a backup" in refused
    anew = {"JOURNAL_INCARNATION": "B", "JOURNAL_KEY": b64encode(secrets.token_bytes(32)).decode()}
    code, dumped = elsewhere("dumpdata", *TABLES, **anew)
    assert code == 0, dumped
    assert dumped.replace('"to_renew": true', '"to_renew": false') == here("dumpdata", *TABLES)
    assert elsewhere("export_journal", **anew) == (0, here("export_journal"))
    for file in Attachment.objects.all():
        assert files.open(file.stored_as).read() == content_of(file)
    # Whoever was perhaps told already is not told again by itself; what has no effect outside goes on.
    rows = [row["fields"] for row in json.loads(elsewhere("dumpdata", "transactions.Outbox", **anew)[1])]
    assert {row["state"] for row in rows if row["kind"] == "notify"} <= {"dead", "done"}
    assert sorted(row["kind"] for row in rows if row["state"] == "owed") == ["route", "sign_paper"]
    # Beside those that waited here, the one of the receipt that no worker had followed up.
    assert f"look at the {Outbox.objects.filter(kind='notify', state='owed').count() + 1} notices" in said
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


def spoil(how: str, file: Attachment) -> None:
    """What a disk or a hand may do to a stored file."""
    path = Path(default_storage.path(file.stored_as))
    if how == "lost":
        path.unlink()
    elif how == "unreadable":
        path.unlink()
        path.mkdir()
    else:
        content = bytearray(path.read_bytes())
        content = content[:-1] if how == "shortened" else content[:-1] + bytes([content[-1] ^ 1])
        path.write_bytes(content)


@pytest.mark.parametrize("how", ["lost", "unreadable", "changed", "shortened"])
def test_what_is_wrong_with_a_file_is_named_and_the_rest_is_saved_and_restored(how, made, elsewhere, tmp_path):
    file, *others = Attachment.objects.order_by("pk")
    spoil(how, file)
    target = tmp_path / "second.tar.age"
    with pytest.raises(CommandError, match=f"1 files are not as they were uploaded:\n  {file.stored_as}"):
        call_command("backup", to=target)
    assert read_health(timezone.now()).backup["incomplete"] == 1
    code, said = elsewhere("restore", target, "--identity", made[1])
    assert code
    assert f"the file {file.stored_as}: " in said
    assert "when the backup was made" in said
    assert f"files intact: {len(others)} of {len(others) + 1}" in said
    assert "journal verified" in said
    for other in others:
        assert (tmp_path / "restored" / other.stored_as).read_bytes() == content_of(other)
    # Put right, the next one is whole, and says so.
    path = Path(default_storage.path(file.stored_as))
    if path.is_dir():
        path.rmdir()
    shutil.copyfile(default_storage.path(next(o for o in others if o.sha256 == file.sha256).stored_as), path)
    call_command("backup", to=tmp_path / "third.tar.age")
    assert read_health(timezone.now()).backup["incomplete"] == 0


def test_a_file_lost_after_the_backup_is_named_by_the_restore_which_goes_on(made, elsewhere, tmp_path):
    """The tar has fewer files than the database names: as from a backup that was put together by hand."""
    file = Attachment.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE transactions_attachment SET sha256 = %s WHERE id = %s", ["0" * 64, file.pk])
    with pytest.raises(CommandError, match="changed"):
        call_command("backup", to=tmp_path / "second.tar.age")
    code, said = elsewhere("restore", tmp_path / "second.tar.age", "--identity", made[1])
    assert code
    assert f"the file {file.stored_as}: changed when the backup was made" in said
    assert "ended, because" in said


def test_no_backup_without_somebody_who_can_open_it(made, settings, tmp_path):
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
