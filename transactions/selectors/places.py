"""Between how many others a request stands at its office, and when it is likely decided: for whoever asks after it.

Read from what the job worked out (selectors/piles.py), so an inquiry asks no further question. Nothing is told where
it would not be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from municipality.services import current_calendar, offices_by_pk

from ..domain.lanes import Lane
from ..domain.piles import BAND, band
from ..domain.workflow import UNDECIDED
from ..models import Transaction
from ..turns import lane_of
from . import piles
from .usual_length import length_of

# What was worked out longer ago is of another day's queue.
MAX_AGE = timedelta(days=2)


@dataclass(frozen=True)
class Place:
    """At least `least` and fewer than `most` that came in before it wait at its office; decided between `first` and
    `last` (None, where that cannot be told). `piled` says it waited through an incident. All as of `at`.
    """

    least: int
    most: int
    first: date | None
    last: date | None
    piled: bool
    at: datetime

    @property
    def stamp(self) -> str:
        """It changes with whatever is told."""
        return f"{self.least}-{self.first}-{self.last}-{self.piled}-{self.at.timestamp():.0f}"


def place_of(case: Transaction, now: datetime) -> Place | None:
    """The place of a request; None for one that waits for nobody here: closed, decided, waiting for its applicant,
    stopped by an incident, or at an office of which nothing recent is known. No query but what is remembered.
    """
    if case.status not in UNDECIDED or case.halted_at is not None:
        return None
    office = offices_by_pk().get(case.held_by_id or 0)
    pile = piles.remembered().get(office.code) if office is not None else None
    if pile is None or not pile.known.get("waiting") or now - pile.at > MAX_AGE:
        return None
    before = band(pile.known["cuts"], piles.as_text(case.submitted_at)) * BAND
    piled = bool(pile.known["pile"]) and lane_of(case, now) is Lane.PILE
    first, last = _piled_until(case, pile) if piled else _usual_until(case, pile)
    today = timezone.localdate(now)
    if first is None or last is None or last < today:
        first = last = None
    elif first <= today:
        first = current_calendar().next_working_day(today)
        last = max(first, last)
    return Place(before, before + BAND, first, last, piled, pile.at)


def _piled_until(case: Transaction, pile: piles.Pile) -> tuple[date | None, date | None]:
    """By the plan of its office: once the files before its band are done, until the last of its band is."""
    steps = pile.known.get("steps") or []
    number = band(pile.known["pile_cuts"], piles.as_text(case.submitted_at))
    if number >= len(steps):
        return None, None
    mine, before = piles.span_of(steps[number]), piles.span_of(steps[number - 1]) if number else None
    if mine is None or mine.last is None:
        return None, None
    return before.first if before else timezone.localdate(pile.at), mine.last


def _usual_until(case: Transaction, pile: piles.Pile) -> tuple[date | None, date | None]:
    """By how long requests of its service took lately; nothing while a pile waits, when they take longer."""
    usual = length_of(case.service) if not pile.known["pile"] else None
    if usual is None:
        return None, None
    calendar = current_calendar()
    ends = (calendar.add_working_days(case.submitted_at, days + case.paused_days) for days in (usual.low, usual.high))
    first, last = (timezone.localdate(end) for end in ends)
    return first, last
