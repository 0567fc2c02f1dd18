"""How the city is doing, in a few true figures for the home page.

What is told of the past is counted from what was written then and is never changed: the day a request was submitted,
and events. So re-opening a file, withdrawing it or entering a holiday later changes no figure of a week gone by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from ..domain import service_types
from ..models import Event, Transaction
from ..models.history import IS_ARRIVAL
from ..outbox import heartbeat
from . import figures
from .figures import Figures, start_of_day

QUARTER = 90
WEEKS = 8


@dataclass(frozen=True)
class ServiceStatistics:
    """Median working days from submission to approval over the last quarter; None when too few were approved.

    `decided` is how many were.
    """

    code: str
    median_days: int | None
    decided: int


@dataclass(frozen=True)
class Statistics:
    """`weeks` are the last full weeks, oldest first: first day (a Sunday), received, decided."""

    at: datetime
    routing_works: bool
    received: int
    decided: int
    open: int
    services: tuple[ServiceStatistics, ...]
    weeks: tuple[tuple[date, int, int], ...]


def read_statistics(now: datetime) -> Statistics:
    """A few queries, so callers keep the answer for a minute; days that are over are not counted again."""
    today = timezone.localdate(now)
    first = week_start(today) - timedelta(weeks=WEEKS)
    days = figures.by_day(min(first, today - timedelta(days=QUARTER)), today)
    week = [days[today - timedelta(days=n)] for n in range(7)]  # today and the six days before it
    quarter = [days[today - timedelta(days=n)].approvals for n in range(QUARTER)]
    return Statistics(
        at=now,
        routing_works=heartbeat.is_alive(now),
        received=sum(day.received for day in week),
        decided=sum(day.decided for day in week),
        open=Transaction.objects.open().count(),
        services=tuple(_service_statistics(service.code, quarter) for service in service_types.offered_services()),
        weeks=_weeks(first, days),
    )


def _weeks(first: date, days: Mapping[date, Figures]) -> tuple[tuple[date, int, int], ...]:
    """The week that is not over yet is left out: it would look like a fall."""
    starts = [first + timedelta(weeks=n) for n in range(WEEKS)]
    return tuple((start, *_of_week(start, days)) for start in starts)


def _of_week(start: date, days: Mapping[date, Figures]) -> tuple[int, int]:
    week = [days[start + timedelta(days=n)] for n in range(7)]
    return sum(day.received for day in week), sum(day.decided for day in week)


def week_start(day: date) -> date:
    """The first day of the week this day lies in."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def arrivals_at(codes: Collection[str]) -> QuerySet[Event]:
    """What came to the offices of these codes: routed there, or referred."""
    return Event.objects.filter(IS_ARRIVAL).filter(
        Q(move="route", facts__branch__in=codes) | Q(move="refer", facts__to__in=codes)
    )


def count_by_week(rows: QuerySet[Any], moment: str, first: date, weeks: int) -> tuple[int, ...]:
    """How many of these rows have their moment in each week from `first` on; one query."""
    counts = [0] * weeks
    per_day = rows.filter(**{f"{moment}__gte": start_of_day(first)}).annotate(day=TruncDate(moment)).values_list("day")
    for day, count in per_day.annotate(Count("pk")).order_by("day"):
        index = (day - first).days // 7
        if 0 <= index < weeks:
            counts[index] += count
    return tuple(counts)


def _service_statistics(code: str, quarter: Collection[figures.Approvals]) -> ServiceStatistics:
    took = Counter[int]()
    for day in quarter:
        took.update({int(days): count for days, count in day.get(code, {}).items()})
    decided = took.total()
    return ServiceStatistics(code, round(_median(took)) if decided >= 5 else None, decided)


def _median(counts: Counter[int]) -> float:
    """The median of values told by how often each occurs; there is at least one."""
    total, below, middle = counts.total(), 0, 0
    for value, count in sorted(counts.items()):
        middle += sum(value for place in ((total - 1) // 2, total // 2) if below <= place < below + count)
        below += count
    return middle / 2
