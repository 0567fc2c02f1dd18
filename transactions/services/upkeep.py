"""What has to be done once a day, whoever finds it due: a worker rung by beat, or `manage.py work`.

When each was last done well stands beside the workers' sign of life, so that /metrics and the administrators' page can
say what is late.
"""

from __future__ import annotations

import io
import logging
from datetime import datetime, timedelta

from django.core.management import CommandError, call_command

from ..models import Heartbeat

logger = logging.getLogger(__name__)
DAILY = ("sweep_files", "verify_journal")
# Done from outside (it needs a place off this machine), and noted here all the same.
BACKUP = "backup"
BROKEN = "journal_broken"
EVERY = timedelta(hours=24)
LATE = timedelta(hours=48)


def run_due(now: datetime) -> list[str]:
    """Do what was not done well for a day; returns what was done well now."""
    recent = set(Heartbeat.objects.filter(name__in=DAILY, at__gt=now - EVERY).values_list("name", flat=True))
    return [job for job in DAILY if job not in recent and _run(job, now)]


def _run(job: str, now: datetime) -> bool:
    said = io.StringIO()
    try:
        call_command(job, stdout=said)
    except CommandError as verdict:
        # Only the journal's check ends so: an entry is bad, and whoever is on duty has to know at once.
        logger.error("upkeep failed: %s", verdict, extra={"job": job})
        note(BROKEN, now)
        return False
    if job == "verify_journal":
        Heartbeat.objects.filter(name=BROKEN).delete()
    note(job, now)
    logger.info("upkeep done", extra={"job": job})
    return True


def note(job: str, now: datetime) -> None:
    """It was done well at this moment."""
    Heartbeat.objects.update_or_create(name=job, defaults={"at": now})


def failures(now: datetime) -> dict[str, int]:
    """How many of these are late, and whether the journal was found changed; one query."""
    marks = dict(Heartbeat.objects.filter(name__in=[*DAILY, BACKUP, BROKEN]).values_list("name", "at"))
    broken = marks.pop(BROKEN, None)
    return {BROKEN: int(broken is not None), "upkeep_late": sum(at < now - LATE for at in marks.values())}
