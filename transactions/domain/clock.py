"""Due dates. Pure: a due date is a function of the events of a file, the calendar and the incidents, nothing else.

A file's clock stands still while it waits for its applicant, while it is closed, and while a declared incident touches
it (pauses.py). Time that several of these cover counts once; what a stop adds are the working days in it, so a stop can
only move a due date later, and the order in which incidents were declared makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from municipality.calendar import WorkingCalendar

from .pauses import Pause, Span, Stay, merged, spans
from .workflow import CLOCK_STOPPED, CLOSED


class Step(NamedTuple):
    """What the clock reads of an event. `office` is the code of the one the file went to by it, empty when it stayed;
    `arrives` says that its stage began anew there."""

    at: datetime
    to_status: str
    from_stage: str
    to_stage: str
    office: str = ""
    arrives: bool = False


class Reading(NamedTuple):
    """Working days in stops that are over: in all, and in the present stage; and since when an incident keeps the
    clock stopped, if one does now.
    """

    whole: int
    of_stage: int
    halted_at: datetime | None = None


def step_of(at: datetime, move: str, to_status: str, from_stage: str, to_stage: str, facts: dict[str, object]) -> Step:
    """What the clock reads of an event, from its columns."""
    if move == "route":
        office = facts.get("branch")
    elif move == "hand_over" and not facts.get("moved", "outgoing" in facts):
        office = ""  # its branch or centre was replaced, and another office holds it
    elif move == "submit":
        office = facts.get("at_centre")  # where it lay on paper before it was entered
    else:
        office = facts.get("to") if "sent_by" in facts else ""
    return Step(at, to_status, from_stage, to_stage, str(office or ""), move in ("route", "refer"))


STEP = ("at", "move", "to_status", "from_stage", "to_stage", "facts")


def due_moment(start: datetime, working_days: int, paused: int, calendar: WorkingCalendar) -> datetime:
    """The moment by which `working_days` (plus the `paused` ones) have passed since `start`."""
    return calendar.add_working_days(start, working_days + paused)


def read(
    steps: Iterable[Step],
    calendar: WorkingCalendar,
    pauses: Sequence[Pause] = (),
    *,
    service: str = "",
    now: datetime | None = None,
) -> Reading:
    """Read the clock of one file at `now`. `steps` are its events from the first to the last."""
    steps = list(steps)
    if not steps:
        return Reading(0, 0)
    moment = now or steps[-1].at
    stays = [Stay(step.at, step.office) for step in steps if step.office]
    declared = spans(pauses, service, stays, moment)
    declared = [span for span in declared if span.end is None or span.end > steps[0].at]
    stops = merged([*_own_stops(steps), *declared])
    over = [(max(span.start, steps[0].at), span.end) for span in stops if span.end is not None]
    stage = _stage_began(steps)
    return Reading(
        sum(calendar.working_days_between(start, end) for start, end in over),
        sum(calendar.working_days_between(max(start, stage), end) for start, end in over if end > stage),
        _halted(stops, declared, steps[0].at),
    )


def _own_stops(steps: Sequence[Step]) -> list[Span]:
    """When it waited for its applicant or was closed; the last may go on."""
    spans: list[Span] = []
    since: datetime | None = None
    for step in steps:
        still = step.to_status in CLOCK_STOPPED or step.to_status in CLOSED
        if still and since is None:
            since = step.at
        elif not still and since is not None:
            spans.append(Span(since, step.at))
            since = None
    return spans if since is None else [*spans, Span(since, None)]


def _stage_began(steps: Sequence[Step]) -> datetime:
    began = steps[0].at
    for step in steps:
        if step.to_stage != step.from_stage or step.arrives:
            began = step.at
    return began


def _halted(stops: Sequence[Span], declared: Sequence[Span], first: datetime) -> datetime | None:
    """Since when it stands still, where an incident that lasts is among the reasons."""
    if all(span.end is not None for span in declared):
        return None
    return max(stops[-1].start, first)


def paused_days(steps: Iterable[Step], calendar: WorkingCalendar) -> tuple[int, int]:
    """Working days in stops that are over, in all and in the present stage, without any incident."""
    whole, of_stage, _halted_at = read(steps, calendar)
    return whole, of_stage
