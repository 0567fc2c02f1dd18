"""How long requests of a service took, from the figures of days (selectors/figures.py): what people can expect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from core.cache import LOCAL

from ..turns import pile_pauses
from . import figures
from .statistics import QUARTER

# Of fewer nothing is told: one slow request would be the whole range.
MIN_DECIDED = 20
SECONDS = 600


@dataclass(frozen=True)
class Length:
    """Working days from submission to approval: half took at most `median`, eight of ten from `low` to `high`. Of so
    many `decided` in the last `days`; `left_out` says that there are others, which waited through an incident.
    """

    median: int
    low: int
    high: int
    decided: int
    days: int = QUARTER
    left_out: bool = False


def length_from(counts: Mapping[int, int], left_out: bool = False) -> Length | None:
    """The length of requests told by how many took so many days; None when they are too few to say."""
    decided = sum(counts.values())
    if decided < MIN_DECIDED:
        return None
    median, low, high = (_at(counts, decided, percent) for percent in (50, 10, 90))
    return Length(median, low, high, decided, left_out=left_out)


def _at(counts: Mapping[int, int], decided: int, percent: int) -> int:
    """The fewest days within which at least so many per cent were done."""
    below = 0
    for days, count in sorted(counts.items()):
        below += count
        if below * 100 >= percent * decided:
            return days
    raise ValueError("there is none")


def length_of(code: str) -> Length | None:
    """What is known of a service now; ten minutes old at most."""
    return LOCAL.get_or_make("usual_lengths", _lengths, SECONDS).get(code)


def _lengths() -> dict[str, Length | None]:
    today = timezone.localdate()
    counts: dict[str, Counter[int]] = {}
    for day in figures.by_day(today - timedelta(days=QUARTER), today).values():
        for service, took in day.approvals.items():
            counts.setdefault(service, Counter()).update({int(days): count for days, count in took.items()})
    left_out = bool(pile_pauses(timezone.now()))
    return {service: length_from(took, left_out) for service, took in counts.items()}
