"""Due dates. Pure: a due date is a function of when the clock started, the calendar and the pauses, nothing else.

A pause adds the working days it lasted, so it can only move a due date later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from municipality.calendar import WorkingCalendar

from .workflow import CLOCK_STOPPED, CLOSED, Status


class Step(NamedTuple):
    """What the clock reads of an event."""

    at: datetime
    to_status: str
    from_stage: str
    to_stage: str


def due_moment(start: datetime, working_days: int, paused: int, calendar: WorkingCalendar) -> datetime:
    """The moment by which `working_days` (plus the `paused` ones) have passed since `start`."""
    return calendar.add_working_days(start, working_days + paused)


def paused_days(steps: Iterable[Step], calendar: WorkingCalendar) -> tuple[int, int]:
    """Working days the clock stood still in pauses that are over: in all, and in the present stage.

    `steps` are the events of one file from its first to its last. Waiting and being closed are two pauses.
    """
    whole = of_stage = 0
    why, since = "", None
    for step in steps:
        now_why = "waits" if step.to_status in CLOCK_STOPPED else "closed" if step.to_status in CLOSED else ""
        if since is not None and now_why != why:
            days = calendar.working_days_between(since, step.at)
            whole, of_stage = whole + days, of_stage + days
        if now_why != why:
            why, since = now_why, step.at if now_why else None
        if step.to_stage != step.from_stage or step.to_status == Status.INCOMING:
            of_stage = 0
    return whole, of_stage
