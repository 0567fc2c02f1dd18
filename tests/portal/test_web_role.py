"""The role under which web and workers run does the whole of their work, and can touch neither tables nor triggers."""

from __future__ import annotations

from io import StringIO

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from journal.models import Chain, Entry
from transactions import tasks
from transactions.domain import pins
from transactions.maintenance.health import read_health

from ..conftest import drive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]
ROLE, PASSWORD = "web_of_this_test", "a long enough password"


@pytest.fixture
def as_web(cast, monkeypatch):
    """From here on this process is connected as the web is."""
    monkeypatch.setenv("WEB_DATABASE_PASSWORD", PASSWORD)
    for _twice in range(2):
        call_command("web_role", ROLE, stdout=StringIO())
    place = connection.settings_dict
    before = {name: place[name] for name in ("USER", "PASSWORD")}
    connection.close()
    place.update(USER=ROLE, PASSWORD=PASSWORD)
    yield
    connection.close()
    place.update(before)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {ROLE}")
        cursor.execute(f"DROP ROLE {ROLE}")


def test_it_does_the_main_job(as_web, cast, submitted, client):
    case = drive(submitted("land-subdivision"), cast, "issued")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (ROLE,)
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    assert client.post(reverse("transactions:inquiry"), asked).status_code == 200
    call_command("verify_journal", stdout=StringIO())
    call_command("sweep_files", stdout=StringIO())
    assert Entry.objects.count() >= 3


def test_it_makes_the_daily_backup(as_web, cast, submitted, settings, tmp_path):
    """pg_dump runs under it, and reads every table."""
    submitted()
    settings.BACKUP_RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())
    settings.BACKUP_DIR = tmp_path / "backups"
    tasks.upkeep()
    assert [path.suffixes for path in settings.BACKUP_DIR.iterdir()] == [[".tar", ".age"]]
    assert not read_health(timezone.now()).backup["too_old"]


@pytest.mark.parametrize("sql", [
    "ALTER TABLE journal_entry DISABLE TRIGGER journal_append_only",
    "ALTER TABLE journal_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER journal_append_only ON journal_entry",
    "CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "SET session_replication_role = replica",
    "UPDATE journal_entry SET kind = 'x'",
    "DELETE FROM journal_entry",
    "TRUNCATE journal_entry",
    "TRUNCATE transactions_transaction CASCADE",
    "DELETE FROM journal_restoration",
    "ALTER TABLE transactions_transaction DROP COLUMN answers",
    "ALTER TABLE journal_chain OWNER TO CURRENT_USER",
    "DROP TABLE journal_entry",
    "DROP SCHEMA public CASCADE",
    "CREATE TABLE mine (x int)",
    "CREATE ROLE another SUPERUSER",
])  # fmt: skip
def test_it_changes_no_table_and_no_trigger(sql, as_web, submitted):
    submitted()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Entry.objects.count() == Chain.objects.get().length == 1


def test_the_owner_is_not_made_into_it(cast, monkeypatch):
    monkeypatch.setenv("WEB_DATABASE_PASSWORD", PASSWORD)
    with pytest.raises(CommandError, match="role of their own"):
        call_command("web_role", connection.settings_dict["USER"])
    monkeypatch.delenv("WEB_DATABASE_PASSWORD")
    with pytest.raises(CommandError, match="WEB_DATABASE_PASSWORD"):
        call_command("web_role", ROLE)
