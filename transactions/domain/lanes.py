"""In which order waiting files are taken while a pile is worked off: three lanes, each with its share (ADR 59). Pure.

What waited through an incident goes by the applicants' dates, what is due soon by its due date, new work in the usual
order. How far each lane has come is a small number; the lane that is furthest behind, by its share, is next. So every
lane that waits moves on, whatever the others hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from enum import IntEnum
from math import lcm
from typing import Any, NamedTuple, TypeVar

from .pauses import Pause


class Lane(IntEnum):
    """Of two that are as far as each other the first is next."""

    PILE = 0
    DUE = 1
    NEW = 2


# Of ten files: what new work is sure of is promised in public.
SHARES = {Lane.PILE: 4, Lane.DUE: 3, Lane.NEW: 3}
NEW_SHARE_PERCENT = 30
# How far a lane comes with one file: the smaller its share, the further.
STEPS = {lane: lcm(*SHARES.values()) // share for lane, share in SHARES.items()}
# A lane that was empty, or passed over by hand, is never further behind: it has no arrears to claim.
MAX_BEHIND = max(STEPS.values())
# What is due within so many working days, or already late, is in the lane of what is due.
DUE_WITHIN = 2
# An incident during which no whole working day went by leaves no pile.
MIN_WORKING_DAYS = 1

Item = TypeVar("Item")


class Turn(NamedTuple):
    """How far each lane has come, against the one that has come least far."""

    pile: int = 0
    due: int = 0
    new: int = 0


def turn_after(turn: Turn, lane: Lane) -> Turn:
    """The turn once a file of this lane was taken."""
    places = list(turn)
    places[lane] += STEPS[lane]
    lifted = [max(place, max(places) - MAX_BEHIND) for place in places]
    return Turn(*(place - min(lifted) for place in lifted))


def first_turn(number: int) -> Turn:
    """Where somebody begins, by a number of their own: many who take one file each do not all take it from the pile."""
    turn = Turn()
    for _taken in range(number % sum(SHARES.values())):
        turn = turn_after(turn, next_lane(turn, list(Lane)))
    return turn


def next_lane(turn: Turn, waiting: Collection[Lane]) -> Lane:
    """Whose turn it is of the lanes in which something waits; ValueError when there is none."""
    return min(waiting, key=lambda lane: (turn[lane] + STEPS[lane], lane))


def in_turns(items: Iterable[Item], lane_of: Callable[[Item], Lane], turn: Turn) -> list[Item]:
    """These items as they would be taken one after the other; within a lane they stay in the order they came in."""
    counts = dict.fromkeys(Lane, 0)
    places: list[tuple[int, Lane, int]] = []
    rows: Sequence[Item] = list(items)
    for number, item in enumerate(rows):
        lane = lane_of(item)
        counts[lane] += 1
        places.append((turn[lane] + counts[lane] * STEPS[lane], lane, number))
    return [rows[number] for _place, _lane, number in sorted(places)]


def order_in_lane(
    lane: Lane, submitted_at: datetime, due_at: datetime | None, stage_due_at: datetime | None, key: int
) -> tuple[Any, ...]:
    """What files of one lane are sorted by."""
    by = {Lane.PILE: submitted_at, Lane.DUE: due_at, Lane.NEW: stage_due_at}[lane]
    return by is None, by or submitted_at, submitted_at, key


def lane_of_file(
    pauses: Iterable[Pause],
    service: str,
    offices: Collection[str],
    submitted_at: datetime,
    due_at: datetime | None,
    *,
    now: datetime,
    due_by: datetime,
) -> Lane:
    """The lane of a file that waits. `pauses` are the incidents that leave a pile, `due_by` the moment before which
    what is due is due soon.
    """
    if any(waited_through(pause, service, offices, submitted_at, now) for pause in pauses):
        return Lane.PILE
    return Lane.DUE if due_at is not None and due_at < due_by else Lane.NEW


def waited_through(pause: Pause, service: str, offices: Collection[str], submitted_at: datetime, now: datetime) -> bool:
    """Was a file that still waits here while this incident lasted?"""
    return (
        submitted_at < min(pause.end or now, now)
        and pause.start <= now
        and (not pause.scope.services or service in pause.scope.services)
        and (not pause.scope.offices or not pause.scope.offices.isdisjoint(offices))
    )
