"""Due dates. Pure: a due date is a function of when the clock started, the calendar and the pauses, nothing else.

A pause adds the working days it lasted, so it can only move a due date later.
"""

from __future__ import annotations

from datetime import datetime

from municipality.calendar import WorkingCalendar


def due(start: datetime, working_days: int, paused: int, calendar: WorkingCalendar) -> datetime:
    """The moment by which `working_days` (plus the `paused` ones) have passed since `start`."""
    return calendar.add_working_days(start, working_days + paused)
