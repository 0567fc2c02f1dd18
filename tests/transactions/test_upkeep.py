"""What has to be done every hour or day is done by itself, and what goes wrong with it is seen."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from jeddah_portal.celery import app
from journal.models import Chain
from transactions import tasks
from transactions.health import health
from transactions.management.commands import work
from transactions.models import Heartbeat
from transactions.services import upkeep

from ..conftest import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def done() -> set[str]:
    return set(Heartbeat.objects.exclude(name="worker").values_list("name", flat=True))


def failing(now):
    return {failure: many for failure, many in health(now).silent.items() if many}


def test_each_piece_of_upkeep_is_done_when_it_is_due(cast, submitted):
    submitted()
    assert upkeep.run_due(NOW) == ["clean_up", "sweep_files", "verify_journal"]
    assert upkeep.run_due(NOW + HOUR / 2) == []
    assert upkeep.run_due(NOW + 23 * HOUR) == ["clean_up"]
    assert upkeep.run_due(NOW + 25 * HOUR) == ["clean_up", "sweep_files", "verify_journal"]
    assert failing(NOW + 72 * HOUR) == {}
    assert failing(NOW + 74 * HOUR) == {"upkeep_late": 3}


def test_a_changed_journal_is_told_until_it_is_good_again(cast, submitted):
    submitted()
    head = Chain.objects.get().head_hash
    Chain.objects.update(head_hash=bytes(32))
    assert upkeep.run_due(NOW) == ["clean_up", "sweep_files"]
    assert failing(NOW) == {"journal_broken": 1}
    Chain.objects.update(head_hash=head)
    # Not done well, so it is due at once.
    assert upkeep.run_due(NOW + HOUR / 2) == ["verify_journal"]
    assert failing(NOW + HOUR / 2) == {}


def test_beat_rings_for_tasks_that_exist_in_queues_that_workers_answer(db):
    queues = {queue.name for queue in django_settings.CELERY_TASK_QUEUES}
    app.loader.import_default_modules()
    for entry in django_settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
        assert django_settings.CELERY_TASK_ROUTES[entry["task"]]["queue"] in queues
    tasks.upkeep()
    assert done() == set(upkeep.JOBS)


def test_without_a_broker_the_worker_does_it(db, monkeypatch):
    monkeypatch.setattr(work, "UPKEEP_SECONDS", 0)
    before = {way: signal.getsignal(way) for way in (signal.SIGTERM, signal.SIGINT)}
    stop = threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM))
    stop.start()
    try:
        call_command("work")
    finally:
        stop.cancel()
        for way, handler in before.items():
            signal.signal(way, handler)
    assert done() == set(upkeep.JOBS)
