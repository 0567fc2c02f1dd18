"""What has to be done every hour or day, whoever finds it due: a worker rung by beat, or `manage.py work`.

When each was last done well stands beside the workers' sign of life, so that /metrics and the administrators' page can
say what is late.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.management import CommandError, call_command

from ..models import Heartbeat
from .leaving import hand_back_all
from .leftovers import clean_up

logger = logging.getLogger(__name__)


class Job(NamedTuple):
    every: timedelta
    do: Callable[[datetime], object]


def _command(name: str) -> Callable[[datetime], object]:
    return lambda _now: call_command(name, stdout=io.StringIO())


JOBS = {
    "clean_up": Job(timedelta(hours=1), clean_up),
    "hand_back": Job(timedelta(hours=1), hand_back_all),
    "sweep_files": Job(timedelta(days=1), _command("sweep_files")),
    "verify_journal": Job(timedelta(days=1), _command("verify_journal")),
}
# Done from outside (it needs a place off this machine), and noted here all the same.
BACKUP = "backup"
BROKEN = "journal_broken"
LATE = timedelta(days=2)


def run_due(now: datetime) -> list[str]:
    """Do what was not done well for as long as it may wait; returns what was done well now."""
    done = dict(Heartbeat.objects.filter(name__in=JOBS).values_list("name", "at"))
    due = [name for name, job in JOBS.items() if name not in done or done[name] <= now - job.every]
    return [name for name in due if _run(name, now)]


def _run(name: str, now: datetime) -> bool:
    try:
        JOBS[name].do(now)
    except CommandError as verdict:
        # Only the journal's check ends so: an entry is bad, and whoever is on duty has to know at once.
        logger.error("upkeep failed: %s", verdict, extra={"job": name})
        note(BROKEN, now)
        return False
    if name == "verify_journal":
        Heartbeat.objects.filter(name=BROKEN).delete()
    note(name, now)
    logger.info("upkeep done", extra={"job": name})
    return True


def note(job: str, now: datetime) -> None:
    """It was done well at this moment."""
    Heartbeat.objects.update_or_create(name=job, defaults={"at": now})


def failures(now: datetime) -> dict[str, int]:
    """How many of these are late, and whether the journal was found changed; one query."""
    marks = dict(Heartbeat.objects.filter(name__in=[*JOBS, BACKUP, BROKEN]).values_list("name", "at"))
    broken = marks.pop(BROKEN, None)
    return {BROKEN: int(broken is not None), "upkeep_late": sum(at < now - LATE for at in marks.values())}
