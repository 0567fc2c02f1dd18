"""How the machinery is doing: figures for /metrics and for the administrators' page, each from rows that exist.

What is counted is open, waiting or dead, and that has indexes of its own: no figure grows dearer with the archive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q

from accounts import attempts
from journal import agreement

from ..domain.deadlines import overdue
from ..domain.workflow import Status
from ..models import Difference, Outbox, Transaction
from ..outbox import heartbeat, queue
from ..outbox.queue import PENDING_STATES, Postponed
from ..signed_papers import authority, ending
from . import schedule

# How long a thing may take before nobody can say that it is on its way.
GRACE = timedelta(minutes=10)
MANY_ATTEMPTS = 3


@dataclass(frozen=True)
class JobCounts:
    """Work of one kind: rows that wait, rows that failed for good, seconds since the oldest that waits was owed."""

    kind: str
    waiting: int
    dead: int
    oldest: float


@dataclass(frozen=True)
class OfficeLoad:
    """Open cases an office holds, and how many of them are late."""

    office: str
    name_ar: str
    name_en: str
    open: int
    late: int


@dataclass(frozen=True)
class Health:
    at: datetime
    work: tuple[JobCounts, ...]
    worker_seen: timedelta | None  # ago; None: no worker ever was
    offices: tuple[OfficeLoad, ...]
    silent: dict[str, int]
    backup: dict[str, int]

    @property
    def late(self) -> int:
        return sum(office.late for office in self.offices)


def read_health(now: datetime) -> Health:
    """Count everything; eight queries."""
    marks = heartbeat.marks()
    daily, backup = schedule.failures(marks, now)
    return Health(
        at=now,
        work=_job_counts(now),
        worker_seen=now - marks[heartbeat.WORKER] if heartbeat.WORKER in marks else None,
        offices=_office_loads(now),
        silent=_silent_failures(now) | daily | {"witness_alone": int(agreement.alone_since() is not None)},
        backup=backup,
    )


def _job_counts(now: datetime) -> tuple[JobCounts, ...]:
    waiting = Outbox.objects.filter(state__in=PENDING_STATES).order_by().values_list("kind")
    counts = {kind: (many, since) for kind, many, since in waiting.annotate(Count("pk"), Min("created_at"))}
    dead = dict(Outbox.objects.filter(state=Outbox.State.DEAD).order_by().values_list("kind").annotate(Count("pk")))
    lines = []
    for kind in sorted({*queue.known_kinds(), *counts, *dead}):
        many, since = counts.get(kind, (0, now))
        lines.append(JobCounts(kind, many, dead.get(kind, 0), max(0.0, (now - since).total_seconds())))
    return tuple(lines)


def _office_loads(now: datetime) -> tuple[OfficeLoad, ...]:
    late = Count("pk", filter=overdue(now))
    names = ("held_by__code", "held_by__name_ar", "held_by__name_en")
    held = Transaction.objects.open().exclude(held_by=None).order_by("held_by__code").values_list(*names)
    return tuple(OfficeLoad(*row) for row in held.annotate(open=Count("pk"), late=late))


def _silent_failures(now: datetime) -> dict[str, int]:
    """What went wrong without anybody being told. Each of these is 0 when all is well."""
    owed = Outbox.objects.filter(kind="route", subject=OuterRef("pk"), state__in=PENDING_STATES)
    unrouted = Transaction.objects.filter(status=Status.SUBMITTED, submitted_at__lt=now - GRACE)
    waiting = Outbox.objects.filter(state__in=PENDING_STATES)
    counts = waiting.order_by().aggregate(
        leases_lost=Count("pk", filter=Q(state=Outbox.State.CLAIMED, lease_until__lt=now - GRACE)),
        keeps_failing=Count("pk", filter=Q(attempts__gte=MANY_ATTEMPTS)),
        sms_over_quota=Count("pk", filter=Q(last_error__startswith=Postponed.noted(Postponed.QUOTA))),
    )
    return {
        "nobody_routes": unrouted.open().exclude(Exists(owed)).count(),
        **counts,
        "guessing": attempts.count_alarms(now),
        "certificate": int(bool(authority.trouble(now)) or ending.is_signing_with_ended(now)),
        "books_differ": Difference.objects.unexplained().count(),
    }
