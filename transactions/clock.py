"""Due dates. Pure: a due date is a function of when the clock started, the calendar and the pauses, nothing else.

A pause adds the working days it lasted, so it can only move a due date later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from municipality.calendar import WorkingCalendar

from .workflow import CLOCK_STOPPED, CLOSED


@dataclass(frozen=True)
class Pause:
    start: datetime
    end: datetime


def paused_days(pauses: Iterable[Pause], calendar: WorkingCalendar) -> int:
    """Working days during which the file was not in the municipality's hands."""
    return sum(calendar.working_days_between(pause.start, pause.end) for pause in pauses)


def due(start: datetime, working_days: int, paused: int, calendar: WorkingCalendar) -> datetime:
    """The moment by which `working_days` (plus the `paused` ones) have passed since `start`."""
    return calendar.add_working_days(start, working_days + paused)


def pauses_of(steps: Iterable[tuple[datetime, str]]) -> list[Pause]:
    """Read the finished pauses from a history of (moment, status after it), oldest first.

    A file that was closed and re-opened was not worked on in between, so that counts as a pause too.
    """
    found: list[Pause] = []
    since: datetime | None = None
    for at, status in steps:
        if status in CLOCK_STOPPED | CLOSED:
            since = since or at
        elif since is not None:
            found.append(Pause(since, at))
            since = None
    return found
