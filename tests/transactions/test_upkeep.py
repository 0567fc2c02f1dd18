"""What has to be done every hour or day is done by itself, and what goes wrong with it is seen."""

from __future__ import annotations

import itertools
import os
import signal
import time
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from jeddah_portal.celery import app
from journal.models import Chain
from transactions import tasks
from transactions.maintenance import schedule
from transactions.management.commands import work
from transactions.models import Heartbeat, Outbox

from ..conftest import NOW, failing

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MANY = 500


def done() -> set[str]:
    return set(Heartbeat.objects.exclude(name="worker").values_list("name", flat=True))


def test_each_piece_of_upkeep_is_done_when_it_is_due(cast, submitted):
    """What is known of each: how often. Those that other rooms add are asked with the rest."""
    submitted()
    daily = {"reseal", "delegations", "sweep_files", "verify_journal", "reconcile", "exchanges", "staff_digests"}
    hourly = {"clean_up", "figures", "open_figures", "papers", "hand_back", "complaints", "staff_late"}
    often = {"bills", "piles"}
    every = [*schedule.JOBS]
    assert set(every) == daily | hourly | often
    assert schedule.run_due(NOW) == every
    assert schedule.run_due(NOW + 5 * MINUTE) == []
    assert set(schedule.run_due(NOW + HOUR / 2)) == often
    assert set(schedule.run_due(NOW + 23 * HOUR)) == hourly | often
    assert schedule.run_due(NOW + 25 * HOUR) == every
    # Nobody worked off what the request owes, for a day.
    assert failing(NOW + 72 * HOUR) == {"books_differ": Outbox.objects.exclude(state="done").count()}
    assert failing(NOW + 74 * HOUR)["upkeep_late"] == len(every)


def test_a_changed_journal_is_told_until_it_is_good_again(cast, submitted):
    submitted()
    head = Chain.objects.get().head_hash
    Chain.objects.update(head_hash=bytes(32))
    assert schedule.run_due(NOW) == [name for name in schedule.JOBS if name != "verify_journal"]
    assert failing(NOW) == {"journal_broken": 1, "books_differ": 1}
    Chain.objects.update(head_hash=head)
    # Not done well, so it is due at once.
    assert schedule.run_due(NOW + MINUTE) == ["verify_journal"]
    assert failing(NOW + MINUTE) == {"books_differ": 1}
    schedule.reconcile(NOW + HOUR)
    assert failing(NOW + HOUR) == {}


def test_beat_rings_for_tasks_that_exist_in_queues_that_workers_answer(db):
    queues = {queue.name for queue in django_settings.CELERY_TASK_QUEUES}
    app.loader.import_default_modules()
    for entry in django_settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
        assert django_settings.CELERY_TASK_ROUTES[entry["task"]]["queue"] in queues
    tasks.upkeep()
    assert done() == set(schedule.JOBS)


def test_without_a_broker_the_worker_does_it(db, monkeypatch):
    monkeypatch.setattr(work, "UPKEEP_SECONDS", 0)
    before = {way: signal.getsignal(way) for way in (signal.SIGTERM, signal.SIGINT)}
    asked = itertools.count()

    def stop(execute, sql, params, *more):
        """Told to stop when the last piece is noted as done, or has not been after much asking."""
        answer = execute(sql, params, *more)
        noted = 'INSERT INTO "transactions_heartbeat"' in sql and list(schedule.JOBS)[-1] in params
        if noted or next(asked) > MANY:
            os.kill(os.getpid(), signal.SIGTERM)
        return answer

    try:
        with connection.execute_wrapper(stop):
            call_command("work")
    finally:
        for way, handler in before.items():
            signal.signal(way, handler)
    assert done() == set(schedule.JOBS)


@pytest.mark.parametrize("error", [OSError("no room"), ValueError("x"), KeyError("x"), RuntimeError()])
def test_one_piece_that_fails_keeps_no_other_from_being_done(error, db, monkeypatch):
    first, *others = schedule.JOBS

    def fail(_now):
        raise error

    with monkeypatch.context() as patch:
        patch.setitem(schedule.JOBS, first, schedule.JOBS[first]._replace(do=fail))
        assert schedule.run_due(NOW) == others
        assert done() == set(others)
    # Not done well, so due at once.
    assert schedule.run_due(NOW) == [first]


def test_a_database_that_is_away_is_told_to_whoever_waits_for_it(db, monkeypatch):
    def fail(_now):
        raise OperationalError("away")

    first = next(iter(schedule.JOBS))
    monkeypatch.setitem(schedule.JOBS, first, schedule.JOBS[first]._replace(do=fail))
    with pytest.raises(OperationalError):
        schedule.run_due(NOW)


@pytest.mark.django_db(transaction=True)
def test_a_long_backup_keeps_nothing_waiting(monkeypatch, cast, submitted):
    """The worker's only loop is at its upkeep: a request is routed and a sign of life given meanwhile."""
    monkeypatch.setattr(work, "UPKEEP_SECONDS", 0)
    monkeypatch.setattr(work, "HEARTBEAT_SECONDS", 0)
    before = {way: signal.getsignal(way) for way in (signal.SIGTERM, signal.SIGINT)}
    seen = []

    def long(_now):
        case, began = submitted(routed=False), timezone.now()
        for _time in range(300):
            case.refresh_from_db()
            alive = Heartbeat.objects.filter(name="worker", at__gt=began).exists()
            if case.status != "submitted" and alive:
                break
            time.sleep(0.1)
        seen.append((case.status, alive))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(schedule, "JOBS", {"long": schedule.Job(HOUR, long)})
    try:
        call_command("work")
    finally:
        for way, handler in before.items():
            signal.signal(way, handler)
    assert seen == [("incoming", True)]
