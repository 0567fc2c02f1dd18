"""Backups are made by themselves as soon as somebody can open them, and everybody on duty sees when they are not."""

from __future__ import annotations

import itertools
import os
import signal
from datetime import UTC, timedelta
from pathlib import Path

import pyrage
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from transactions import tasks
from transactions.admin.operations import BACKUP
from transactions.maintenance import schedule
from transactions.management.commands import work
from transactions.models import Attachment, Heartbeat

from ..conftest import content_of, put

# A backup reads everything as of one moment, so nothing may have begun a transaction around it.
pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a token that only the monitoring has"
MANY = 5000
"""Statements after which `work` is told to stop whatever it did."""


@pytest.fixture
def recipient(settings, tmp_path):
    """Somebody who can open backups; returns where they are put."""
    settings.BACKUP_RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())
    settings.BACKUP_DIR = tmp_path / "backups"
    return settings.BACKUP_DIR


@pytest.fixture
def at(monkeypatch, stopped_clock):
    """Puts the clock to so many days after noon."""

    def put_to(days):
        now = stopped_clock + timedelta(days=days)
        monkeypatch.setattr(timezone, "now", lambda: now.astimezone(UTC))

    return put_to


@pytest.fixture
def told(cast, client, signed_in, settings):
    """What the monitoring and the administrators' page say is wrong with the backups; fails when they differ."""
    settings.METRICS_TOKEN = TOKEN

    def ask():
        # Anew each time: a session does not outlive the days that pass here.
        administrator = signed_in(cast.administrator)
        administrator.cookies["language"] = "en"
        lines = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode().splitlines()
        of_metrics = {failure for failure in BACKUP if f'portal_backup_failures{{failure="{failure}"}} 1.0' in lines}
        quiet = {failure for failure in BACKUP if f'portal_backup_failures{{failure="{failure}"}} 0.0' in lines}
        assert of_metrics | quiet == set(BACKUP), "each is told, good or bad"
        page = administrator.get(reverse("staff:operations")).content.decode()
        assert {failure for failure, words in BACKUP.items() if str(words) in page} == of_metrics
        assert ("Backups need attention" in page) == bool(of_metrics)
        assert ("Backed up in the last two days" in page) == (not of_metrics)
        return of_metrics

    return ask


def made(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_without_a_recipient_none_is_made_and_that_is_red(cast, settings, tmp_path, told):
    settings.BACKUP_RECIPIENT, settings.BACKUP_DIR = "", tmp_path / "backups"
    tasks.upkeep()
    assert made(settings.BACKUP_DIR) == []
    assert told() == {"no_recipient", "too_old"}
    schedule.mark_backup(timezone.now(), whole=True)
    assert told() == {"no_recipient"}


def test_beat_rings_for_it_and_one_is_made_a_day(cast, recipient, at):
    assert tasks.upkeep.name in {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    for days, many in ((0, 1), (0.5, 1), (0.99, 1), (1, 2), (1.5, 2), (2.2, 3), (9, 4)):
        at(days)
        tasks.upkeep()
        assert len(made(recipient)) == many, days
    assert all(name.endswith(".tar.age") for name in made(recipient))


def test_without_a_broker_the_worker_makes_it(cast, recipient, monkeypatch):
    monkeypatch.setattr(work, "UPKEEP_SECONDS", 0)
    before = {way: signal.getsignal(way) for way in (signal.SIGTERM, signal.SIGINT)}
    asked = itertools.count()

    def stop(execute, sql, params, *more):
        answer = execute(sql, params, *more)
        noted = 'INSERT INTO "transactions_heartbeat"' in sql and schedule.BACKUP in params
        if noted or next(asked) > MANY:
            os.kill(os.getpid(), signal.SIGTERM)
        return answer

    try:
        with connection.execute_wrapper(stop):
            call_command("work")
    finally:
        for way, handler in before.items():
            signal.signal(way, handler)
    assert len(made(recipient)) == 1


@pytest.mark.parametrize(
    ("days", "wrong"), [(0, set()), (1.99, set()), (2, set()), (2.01, {"too_old"}), (40, {"too_old"})]
)
def test_one_that_is_older_than_two_days_is_red(days, wrong, recipient, at, told):
    call_command("backup")
    at(days)
    assert told() == wrong


def test_one_made_by_hand_counts_and_one_that_fails_does_not(recipient, at, told, tmp_path, settings):
    assert told() == {"too_old"}
    settings.BACKUP_RECIPIENT = "age1nobody"
    with pytest.raises(CommandError):
        call_command("backup")
    tasks.upkeep()
    assert made(recipient) == []
    assert told() == {"too_old"}
    settings.BACKUP_RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())
    (tmp_path / "a file").touch()
    settings.BACKUP_DIR = tmp_path / "a file" / "no folder"
    tasks.upkeep()
    assert told() == {"too_old"}
    # Not made, so due at once.
    settings.BACKUP_DIR = recipient
    tasks.upkeep()
    assert len(made(recipient)) == 1
    assert told() == set()


def test_one_that_lacks_a_file_is_red_until_one_is_whole(submitted, recipient, at, told):
    submitted()
    file = Attachment.objects.filter(transaction__isnull=False).first()
    content = content_of(file)
    put(file, b"something else")
    tasks.upkeep()
    assert told() == {"incomplete"}
    put(file, content)
    at(1)
    tasks.upkeep()
    assert told() == set()
    assert len(made(recipient)) == 2


def test_as_many_as_told_are_kept_and_the_newest(cast, recipient, settings, at):
    settings.BACKUP_KEEP = 3
    recipient.mkdir()
    (recipient / "notes.txt").touch()
    seen = []
    for days in range(5):
        at(days)
        tasks.upkeep()
        seen += set(made(recipient)) - {*seen, "notes.txt"}
    assert made(recipient) == ["notes.txt", *seen[-3:]]
    assert Heartbeat.objects.filter(name=schedule.BACKUP).count() == 1
