"""When a pile ends at the pace that was measured, how sure that is, and between how many others a file stands (ADR 59).
Pure.

The pace is decisions for each person and working day, so that people lent for some days count on these days alone. The
range is as wide as earlier forecasts were wrong; until enough of them have come due, as wide as the days differ.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

# Of fewer working days nothing is forecast; older ones than the last so many say less of now.
MIN_DAYS, MAX_DAYS = 3, 10
# A forecast says what is decided in so many working days, and is compared with what was.
HORIZON = 3
# So many that came due are needed to learn from, and the last of them count.
MIN_ERRORS, MAX_ERRORS = 3, 5
# Nothing is surer than this; wider than that no end is told.
MIN_WIDTH, MAX_WIDTH = 0.05, 0.8
# Nothing is told beyond so many working days.
MAX_AHEAD = 250
# Places are told in bands: nobody learns exactly how many stand before one file.
BAND = 20


@dataclass(frozen=True)
class Pace:
    """`per_person` decisions a working day, from so many `days`; give or take the share `width`. `learned` says that
    this is how wrong earlier forecasts were.
    """

    per_person: float
    width: float
    days: int
    learned: bool


def pace(decided: Sequence[int], people: Sequence[int], errors: Sequence[float] = ()) -> Pace | None:
    """From what was decided on each of the last working days, by how many people, and how wrong earlier forecasts were
    (shares, the latest last). None where too few days were measured, or nothing was decided on them.
    """
    rows = list(zip(decided, people, strict=True))[-MAX_DAYS:]
    person_days, total = sum(there for _done, there in rows), sum(done for done, _there in rows)
    if len(rows) < MIN_DAYS or total < 1 or person_days < 1:
        return None
    mean = total / person_days
    if len(errors) >= MIN_ERRORS:
        width, learned = max(abs(error) for error in errors[-MAX_ERRORS:]), True
    else:
        each = [done / there for done, there in rows if there]
        spread = statistics.stdev(each) if len(each) > 1 else mean
        width, learned = 2 * spread / mean / len(each) ** 0.5, False
    return Pace(mean, max(MIN_WIDTH, width), len(rows), learned)


@dataclass(frozen=True)
class Span:
    """From one day to another; `last` is None where the days differ too much to say how long it may take."""

    first: date
    last: date | None


@dataclass(frozen=True)
class Plan:
    """What can be done by the end of each of the next working days, in person-days so far."""

    days: Sequence[date]
    reached: Sequence[float]
    pace: Pace

    def span(self, many: int) -> Span | None:
        """When so many are decided; None when not even the fastest pace gets there in MAX_AHEAD working days."""
        first = self._day(many, self.pace.per_person * (1 + self.pace.width))
        slow = self.pace.per_person * (1 - self.pace.width)
        last = self._day(many, slow) if self.pace.width <= MAX_WIDTH else None
        return Span(first, last) if first is not None else None

    def expected(self, days: int = HORIZON) -> float:
        """How many are decided in the next so many working days."""
        return self.reached[min(days, len(self.reached)) - 1] * self.pace.per_person if self.reached else 0.0

    def _day(self, many: int, per_person: float) -> date | None:
        at = bisect_left(self.reached, many / per_person - 1e-9)
        return self.days[at] if at < len(self.days) else None


def plan(days: Sequence[date], people: Sequence[int], at_pace: Pace) -> Plan:
    """At this pace, with so many people on each of the coming working days (MAX_AHEAD of them at most)."""
    return Plan(days[:MAX_AHEAD], list(accumulate(float(there) for there in people[:MAX_AHEAD])), at_pace)


def error_of(expected: float, actual: int) -> float:
    """How wrong a forecast was, as a share of what came: 0.1 when a tenth more was done than it said."""
    return (actual - expected) / max(actual, 1)


def band(cuts: Sequence[str], moment: str) -> int:
    """How many bands of files lie wholly before a moment. `cuts` are the dates of each BAND-th file, oldest first, as
    text that sorts by time.
    """
    return bisect_left(cuts, moment)


def about(many: int) -> int | None:
    """A count as it is published, in tens; None for fewer than ten."""
    return None if many < 10 else (many + 5) // 10 * 10
