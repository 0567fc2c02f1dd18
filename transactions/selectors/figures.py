"""Received and decided, day by day: kept for days that are over, counted for those that are not.

So the home page hardly depends on the size of the archive. What a day came to is counted from what was written on it
(the day a request was submitted, and events), so keeping it loses nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from ..models import DayFigure, Event, Transaction
from ..models.history import IS_DECISION
from ..turns import pile_pauses, piled

# Days that are kept from the beginning; the home page tells medians of the last quarter.
DAYS = 92
# A transaction that began before midnight may be committed a little after it.
SETTLES_AFTER = timedelta(hours=1)


# How many approvals took so many working days: {service: {days: approvals}}. Text, as JSON has its keys.
Approvals = dict[str, dict[str, int]]


class Figures(NamedTuple):
    received: int = 0
    decided: int = 0
    approvals: Approvals = {}


def store_past_days(now: datetime) -> int:
    """Keep the figures of every day that is over and not kept yet; returns how many. Idempotent.

    A day kept before approvals were has them added and its other figures left as they are.
    """
    last = timezone.localdate(now - SETTLES_AFTER) - timedelta(days=1)
    days = [last - timedelta(days=n) for n in range(DAYS)]
    stored = set(DayFigure.objects.filter(day__in=days, approvals__isnull=False).values_list("day", flat=True))
    missing = sorted(set(days) - stored)
    if not missing:
        return 0
    counted = _count_days(missing[0], last)
    rows = [DayFigure(day=day, **counted.get(day, Figures())._asdict()) for day in missing]
    DayFigure.objects.bulk_create(rows, update_conflicts=True, unique_fields=["day"], update_fields=["approvals"])
    return len(rows)


def by_day(first: date, last: date) -> dict[date, Figures]:
    """Each day from `first` to `last`: as kept, or counted now where it is not."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = DayFigure.objects.filter(day__gte=first, day__lte=last, approvals__isnull=False)
    stored = {row.day: Figures(row.received, row.decided, row.approvals or {}) for row in rows}
    missing = [day for day in days if day not in stored]
    counted = _count_days(missing[0], last) if missing else {}
    return {day: stored.get(day) or counted.get(day, Figures()) for day in days}


def start_of_day(day: date) -> datetime:
    """The moment a day begins in Jeddah."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _count_days(first: date, last: date) -> dict[date, Figures]:
    received = _per_day(Transaction.objects.all(), "submitted_at", first, last)
    decided = _per_day(Event.objects.filter(IS_DECISION), "at", first, last)
    approvals = _approvals(first, last)
    return {
        day: Figures(received.get(day, 0), decided.get(day, 0), approvals.get(day, {}))
        for day in received.keys() | decided.keys()
    }


def _approvals(first: date, last: date) -> dict[date, Approvals]:
    """The days are in the event of each approval, as they were counted then. What waited through an incident is left
    out: what is told of them is how long a request usually takes.
    """
    rows = Event.objects.filter(IS_DECISION, move="approve", **_span("at", first, last))
    now = timezone.now()
    if pile_pauses(now):
        rows = rows.exclude(transaction__in=Transaction.objects.filter(piled(now)))
    rows = rows.exclude(facts__working_days=None).annotate(day=TruncDate("at"))
    approvals: dict[date, Approvals] = {}
    for day, service, took, count in (
        rows.values_list("day", "transaction__service", "facts__working_days").annotate(Count("pk")).order_by()
    ):
        approvals.setdefault(day, {}).setdefault(service, {})[str(took)] = count
    return approvals


def _per_day(rows: QuerySet[Any], moment: str, first: date, last: date) -> dict[date, int]:
    days = rows.filter(**_span(moment, first, last)).annotate(day=TruncDate(moment)).values_list("day")
    return dict(days.annotate(Count("pk")).order_by("day"))


def _span(moment: str, first: date, last: date) -> dict[str, datetime]:
    return {f"{moment}__gte": start_of_day(first), f"{moment}__lt": start_of_day(last + timedelta(days=1))}
