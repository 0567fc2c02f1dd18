"""The city's working days: Sunday to Thursday in Asia/Riyadh, without holidays, shorter in Ramadan. Pure.

What arrives on a day off or after closing counts from the next working day. Something due in n working days is
due at closing time of the n-th working day after the one it arrived on.

Every day has an answer, whatever somebody typed as a date: before the first listed day counting begins at that day,
and after the last every Sunday to Thursday counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cached_property

from core.hijri import LAST_DAY, RAMADAN, RIYADH, hijri_parts, in_calendar, riyadh_time

WORKING_WEEKDAYS = frozenset({6, 0, 1, 2, 3})  # Sunday to Thursday, as date.weekday() counts
CLOSES = time(14, 30)
CLOSES_IN_RAMADAN = time(14, 0)
OPENS = time(7, 30)
OPENS_IN_RAMADAN = time(9, 0)
# Working days are listed once for this span; the portal began in 2016.
FIRST, LAST = date(2016, 1, 1), LAST_DAY


def in_ramadan(day: date) -> bool:
    return in_calendar(day) and hijri_parts(day)[1] == RAMADAN


def _weekdays_until(day: date) -> int:
    """Sundays to Thursdays after LAST and before `day`."""
    weeks, rest = divmod((day - LAST).days - 1, 7)
    return weeks * len(WORKING_WEEKDAYS) + sum(
        (LAST + timedelta(n)).weekday() in WORKING_WEEKDAYS for n in range(1, rest + 1)
    )


def _weekday_after(number: int) -> date:
    """The Sunday to Thursday after LAST which has `number` of them before it."""
    weeks, rest = divmod(number, len(WORKING_WEEKDAYS))
    if weeks * 7 > (date.max - LAST).days - 14:
        return date.max
    start = LAST + timedelta(weeks=weeks)
    following = (start + timedelta(n) for n in range(1, 8))
    return [day for day in following if day.weekday() in WORKING_WEEKDAYS][rest]


def closing_time(day: date) -> time:
    return CLOSES_IN_RAMADAN if in_ramadan(day) else CLOSES


def opening_time(day: date) -> time:
    return OPENS_IN_RAMADAN if in_ramadan(day) else OPENS


class WorkingCalendar:
    """Counts working days. `holidays` are single days; two calendars with the same holidays behave the same."""

    def __init__(self, holidays: Iterable[date] = ()) -> None:
        self.holidays = frozenset(holidays)

    @cached_property
    def _days(self) -> list[date]:
        span = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
        return [day for day in span if day.weekday() in WORKING_WEEKDAYS and day not in self.holidays]

    def is_working_day(self, day: date) -> bool:
        return day.weekday() in WORKING_WEEKDAYS and day not in self.holidays

    def _index(self, day: date) -> int:
        """How many working days lie before `day`."""
        return bisect_left(self._days, day) if day <= LAST else len(self._days) + _weekdays_until(day)

    def _day(self, index: int) -> date:
        """The working day with `index` of them before it."""
        return self._days[index] if index < len(self._days) else _weekday_after(index - len(self._days))

    def _counts_from(self, moment: datetime) -> int:
        """Index of the working day a moment belongs to: its own, or the next when the day is over or off."""
        local = riyadh_time(moment)
        day = local.date()
        index = self._index(day)
        if self._day(index) == day and local.time() > closing_time(day):
            index += 1
        return index

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Closing time of the `days`-th working day after the one `start` counts from. `start` is aware."""
        if days < 0:
            raise ValueError("working days cannot be negative")
        day = self._day(self._counts_from(start) + days)
        return datetime.combine(day, closing_time(day), RIYADH)

    def working_days_between(self, start: datetime, end: datetime) -> int:
        """Whole working days from `start` to `end`, as add_working_days counts them; never negative."""
        return max(0, self._counts_from(end) - self._counts_from(start))

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self._day(self._index(day) + self.is_working_day(day))

    def working_days(self, first: date, last: date) -> list[date]:
        """The working days from `first` to `last`, both included; those of the listed span alone."""
        return self._days[bisect_left(self._days, first) : bisect_right(self._days, last)]
