"""What has to be done every hour or day, whoever finds it due: a worker sent by beat, or `manage.py work`.

When each was last done well stands beside the workers' sign of life, so that /metrics and the administrators' page can
say what is late.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.delegations import close_expired
from accounts.sealed import reseal
from core import db as database

from ..books.reconcile import reconcile
from ..models import Heartbeat
from ..selectors import figures, open_figures, piles
from ..signed_papers import making
from ..transitions import staff_notices
from ..transitions.complaints import pass_on_unanswered
from ..transitions.leaving import hand_back_all
from .cleanup import clean_up

logger = logging.getLogger(__name__)


class Job(NamedTuple):
    every: timedelta
    do: Callable[[datetime], object]


def _command(name: str) -> Callable[[datetime], object]:
    return lambda _now: call_command(name, stdout=io.StringIO())


JOBS = {
    "reseal": Job(timedelta(days=1), lambda _now: reseal()),
    "delegations": Job(timedelta(days=1), close_expired),
    "clean_up": Job(timedelta(hours=1), clean_up),
    "figures": Job(timedelta(hours=1), figures.store_past_days),
    "open_figures": Job(timedelta(hours=1), open_figures.store_past_months),
    "piles": Job(timedelta(minutes=15), piles.store),
    "papers": Job(timedelta(hours=1), making.owe_what_is_missing),
    "hand_back": Job(timedelta(hours=1), hand_back_all),
    "complaints": Job(timedelta(hours=1), pass_on_unanswered),
    "staff_late": Job(timedelta(hours=1), staff_notices.tell_of_lateness),
    "staff_digests": Job(timedelta(days=1), staff_notices.owe_digests),
    "sweep_files": Job(timedelta(days=1), _command("sweep_files")),
    "verify_journal": Job(timedelta(days=1), _command("verify_journal")),
    "reconcile": Job(timedelta(days=1), reconcile),
}
BACKUP = "backup"
# As soon as there is somebody who can open it.
BACKUP_JOB = Job(timedelta(days=1), _command("backup"))
# Marks of what was found, beside the marks of what was done.
BROKEN, NOT_WHOLE = "journal_broken", "backup_incomplete"
FOUND_BY = {"verify_journal": BROKEN}
LATE_AFTER, A_DAY = timedelta(days=2), timedelta(days=1)


def run_due(now: datetime) -> list[str]:
    """Do what was not done well for as long as it may wait; returns what was done well now."""
    jobs = JOBS | ({BACKUP: BACKUP_JOB} if settings.BACKUP_RECIPIENT else {})
    done = dict(Heartbeat.objects.filter(name__in=jobs).values_list("name", "at"))
    due = [name for name, job in jobs.items() if name not in done or done[name] <= now - job.every]
    return [name for name in due if _run(name, jobs[name], now)]


def _run(name: str, job: Job, now: datetime) -> bool:
    try:
        job.do(now)
    except CommandError as verdict:
        # What the job was to find, or could not do: whoever is on duty has to know at once.
        logger.error("scheduled job failed: %s", verdict, extra={"job": name})
        if name in FOUND_BY:
            mark_done(FOUND_BY[name], now)
        return False
    except database.DATABASE_UNAVAILABLE:
        raise
    except Exception:  # whatever is wrong with one piece, the others are done, and it is late until it is mended
        logger.exception("scheduled job failed", extra={"job": name})
        return False
    if name in FOUND_BY:
        Heartbeat.objects.filter(name=FOUND_BY[name]).delete()
    if name != BACKUP:  # it says so itself, whoever started it
        mark_done(name, now)
    logger.info("scheduled job done", extra={"job": name})
    return True


def mark_done(job: str, now: datetime) -> None:
    """It was done well at this moment."""
    Heartbeat.objects.update_or_create(name=job, defaults={"at": now})


def mark_backup(now: datetime, whole: bool) -> None:
    """A backup was made; `whole` when every file in it is as it was uploaded."""
    mark_done(BACKUP, now)
    if whole:
        Heartbeat.objects.filter(name=NOT_WHOLE).delete()
    else:
        mark_done(NOT_WHOLE, now)


def failures(marks: Mapping[str, datetime], now: datetime) -> tuple[dict[str, int], dict[str, int]]:
    """(what is late or was found changed, what is wrong with the backups); each is 0 when all is well. `marks` are
    those of heartbeat.marks().
    """
    late = sum(name in JOBS and at < now - max(LATE_AFTER, JOBS[name].every + A_DAY) for name, at in marks.items())
    made = marks.get(BACKUP)
    return {BROKEN: int(BROKEN in marks), "upkeep_late": late}, {
        "no_recipient": int(not settings.BACKUP_RECIPIENT),
        "too_old": int(made is None or made < now - LATE_AFTER),
        "incomplete": int(NOT_WHOLE in marks),
    }
