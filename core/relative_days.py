"""Days told from another: so many years after one, so many days from today. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta


def years_later(day: date, years: int) -> date:
    """The same day of another year, before or after; 28 February for a 29th there is not."""
    return day + relativedelta(years=years)


@dataclass(frozen=True)
class FromToday:
    """A day so long from today, after or (with figures below nought) before it."""

    years: int = 0
    days: int = 0

    def on(self, today: date) -> date:
        return today + relativedelta(years=self.years, days=self.days)


TODAY = FromToday()
