"""How the machinery is doing: figures for /metrics and for the administrators' page, each from rows that exist.

What is counted is open, waiting or dead, and that has indexes of its own: no figure grows dearer with the archive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q

from accounts import tries

from ..domain.deadlines import overdue
from ..domain.workflow import Status
from ..models import Difference, Outbox, Transaction
from ..outbox import heartbeat, queue
from ..outbox.queue import WAITING
from . import upkeep

# How long a thing may take before nobody can say that it is on its way.
GRACE = timedelta(minutes=10)
MANY_ATTEMPTS = 3


@dataclass(frozen=True)
class Line:
    """Work of one kind: rows that wait, rows that failed for good, seconds since the oldest that waits was owed."""

    kind: str
    waiting: int
    dead: int
    oldest: float


@dataclass(frozen=True)
class Load:
    """Open cases an office holds, and how many of them are late."""

    office: str
    name_ar: str
    name_en: str
    open: int
    late: int


@dataclass(frozen=True)
class Health:
    at: datetime
    work: tuple[Line, ...]
    worker_seen: timedelta | None  # ago; None: no worker ever was
    offices: tuple[Load, ...]
    silent: dict[str, int]
    backup: dict[str, int]

    @property
    def late(self) -> int:
        return sum(office.late for office in self.offices)


def health(now: datetime) -> Health:
    """Count everything; nine queries."""
    daily, backup = upkeep.failures(now)
    return Health(
        at=now,
        work=_work(now),
        worker_seen=heartbeat.since_the_last(now),
        offices=_offices(now),
        silent=_silent(now) | daily,
        backup=backup,
    )


def _work(now: datetime) -> tuple[Line, ...]:
    waiting = Outbox.objects.filter(state__in=WAITING).order_by().values_list("kind")
    found = {kind: (many, since) for kind, many, since in waiting.annotate(Count("pk"), Min("created_at"))}
    dead = dict(Outbox.objects.filter(state=Outbox.State.DEAD).order_by().values_list("kind").annotate(Count("pk")))
    lines = []
    for kind in sorted({*queue.kinds(), *found, *dead}):
        many, since = found.get(kind, (0, now))
        lines.append(Line(kind, many, dead.get(kind, 0), max(0.0, (now - since).total_seconds())))
    return tuple(lines)


def _offices(now: datetime) -> tuple[Load, ...]:
    late = Count("pk", filter=overdue(now))
    names = ("held_by__code", "held_by__name_ar", "held_by__name_en")
    held = Transaction.objects.open().exclude(held_by=None).order_by("held_by__code").values_list(*names)
    return tuple(Load(*row) for row in held.annotate(open=Count("pk"), late=late))


def _silent(now: datetime) -> dict[str, int]:
    """What went wrong without anybody being told. Each of these is 0 when all is well."""
    owed = Outbox.objects.filter(kind="route", subject=OuterRef("pk"), state__in=WAITING)
    unrouted = Transaction.objects.filter(status=Status.SUBMITTED, submitted_at__lt=now - GRACE)
    waiting = Outbox.objects.filter(state__in=WAITING)
    said = waiting.order_by().aggregate(
        leases_lost=Count("pk", filter=Q(state=Outbox.State.CLAIMED, lease_until__lt=now - GRACE)),
        keeps_failing=Count("pk", filter=Q(attempts__gte=MANY_ATTEMPTS)),
        sms_over_quota=Count("pk", filter=Q(kind="notify", last_error__startswith=queue.NotYet.__name__)),
    )
    return {
        "nobody_routes": unrouted.open().exclude(Exists(owed)).count(),
        **said,
        "guessing": tries.alarms(now),
        "books_differ": Difference.objects.unexplained().count(),
    }
