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

# Days that are kept from the beginning; the home page shows eight full weeks.
DAYS = 70
# A transaction that began before midnight may be committed a little after it.
SETTLES_AFTER = timedelta(hours=1)


class Figures(NamedTuple):
    received: int = 0
    decided: int = 0


def settle(now: datetime) -> int:
    """Keep the figures of every day that is over and not kept yet; returns how many. Idempotent."""
    last = timezone.localdate(now - SETTLES_AFTER) - timedelta(days=1)
    days = [last - timedelta(days=n) for n in range(DAYS)]
    kept = set(DayFigure.objects.filter(day__in=days).values_list("day", flat=True))
    missing = sorted(set(days) - kept)
    if not missing:
        return 0
    found = _counted(missing[0], last)
    rows = [DayFigure(day=day, **found.get(day, Figures())._asdict()) for day in missing]
    DayFigure.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def by_day(first: date, last: date) -> dict[date, Figures]:
    """Each day from `first` to `last`: as kept, or counted now where it is not."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = DayFigure.objects.filter(day__gte=first, day__lte=last).values_list("day", "received", "decided")
    kept = {day: Figures(received, decided) for day, received, decided in rows}
    missing = [day for day in days if day not in kept]
    counted = _counted(missing[0], last) if missing else {}
    return {day: kept.get(day) or counted.get(day, Figures()) for day in days}


def midnight(day: date) -> datetime:
    """The moment a day begins in Jeddah."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _counted(first: date, last: date) -> dict[date, Figures]:
    received = _per_day(Transaction.objects.all(), "submitted_at", first, last)
    decided = _per_day(Event.objects.filter(IS_DECISION), "at", first, last)
    return {day: Figures(received.get(day, 0), decided.get(day, 0)) for day in received.keys() | decided.keys()}


def _per_day(rows: QuerySet[Any], moment: str, first: date, last: date) -> dict[date, int]:
    span = {f"{moment}__gte": midnight(first), f"{moment}__lt": midnight(last + timedelta(days=1))}
    days = rows.filter(**span).annotate(day=TruncDate(moment)).values_list("day")
    return dict(days.annotate(Count("pk")).order_by("day"))
