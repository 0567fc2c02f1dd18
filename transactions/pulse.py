"""How the city is doing, in a few true figures for the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import add
from statistics import median

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from municipality.services import current_calendar

from . import service_types
from .models import Transaction
from .services import heartbeat

WEEK = timedelta(days=7)
QUARTER = timedelta(days=90)
SAMPLE = 400
WEEKS = 8


@dataclass(frozen=True)
class ServicePulse:
    """Median working days from submission to decision over the last quarter; None when too few were decided."""

    code: str
    median_days: int | None
    decided: int


@dataclass(frozen=True)
class Pulse:
    """`weeks` are the last full weeks, oldest first: first day (a Sunday), received, decided."""

    at: datetime
    routing_works: bool
    received: int
    decided: int
    open: int
    services: tuple[ServicePulse, ...]
    weeks: tuple[tuple[date, int, int], ...]


def pulse(now: datetime) -> Pulse:
    """Count it; nine queries, so callers keep the answer for a minute."""
    week = now - WEEK
    decided = Transaction.objects.filter(approved_at__gt=week) | Transaction.objects.filter(rejected_at__gt=week)
    return Pulse(
        at=now,
        routing_works=heartbeat.lives(now),
        received=Transaction.objects.filter(submitted_at__gt=week).count(),
        decided=decided.count(),
        open=Transaction.objects.open().count(),
        services=tuple(_service(service.code, now) for service in service_types.offered()),
        weeks=_weeks(timezone.localdate(now)),
    )


def _weeks(today: date) -> tuple[tuple[date, int, int], ...]:
    """The week that is not over yet is left out: it would look like a fall."""
    first = sunday(today) - timedelta(weeks=WEEKS)
    received, decided = received_and_decided(Transaction.objects.all(), first, WEEKS)
    return tuple((first + timedelta(weeks=n), received[n], decided[n]) for n in range(WEEKS))


def sunday(day: date) -> date:
    """The first day of the week this day lies in."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def received_and_decided(cases: QuerySet[Transaction], first: date, weeks: int) -> tuple[tuple[int, ...], ...]:
    """How many of these cases came in, and how many were decided, in each week from `first` on; three queries."""
    moments = ("submitted_at", "approved_at", "rejected_at")  # each has its index
    received, approved, rejected = (_by_week(cases, moment, first, weeks) for moment in moments)
    return tuple(received), tuple(map(add, approved, rejected))


def _by_week(cases: QuerySet[Transaction], moment: str, first: date, weeks: int) -> list[int]:
    counts = [0] * weeks
    since = datetime.combine(first, time.min, timezone.get_current_timezone())
    found = cases.filter(**{f"{moment}__gte": since}).annotate(day=TruncDate(moment)).values_list("day")
    for day, count in found.annotate(Count("pk")).order_by("day"):
        index = (day - first).days // 7
        if 0 <= index < weeks:
            counts[index] += count
    return counts


def _service(code: str, now: datetime) -> ServicePulse:
    calendar = current_calendar()
    approved = Transaction.objects.filter(service=code, approved_at__gt=now - QUARTER, withdrawn_at=None)
    spans = approved.order_by("-approved_at").values_list("submitted_at", "approved_at", "paused_days", "fee__paid_at")
    days = []
    for begun, decided, paused, paid in spans[:SAMPLE]:
        if decided:
            # The clock stood still for the payment too, but that was after the decision.
            paused -= calendar.working_days_between(decided, paid) if paid else 0
            days.append(max(0, calendar.working_days_between(begun, decided) - paused))
    return ServicePulse(code, round(median(days)) if len(days) >= 5 else None, len(days))
