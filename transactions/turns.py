"""Whose turn a file is while a pile is worked off (domain/lanes.py, ADR 59): of rows, of a file at hand, and what each
person has taken so far.

Where nothing waits that waited through an incident, every list keeps its usual order and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Case, F, IntegerField, Q, Value, When, Window
from django.db.models.functions import RowNumber

from municipality.services import current_calendar, offices_by_pk

from .domain.clock import due_moment
from .domain.lanes import (
    DUE_WITHIN,
    MIN_WORKING_DAYS,
    STEPS,
    Lane,
    Turn,
    first_turn,
    in_turns,
    lane_of_file,
    order_in_lane,
    turn_after,
)
from .domain.pauses import Pause
from .incidents import memory
from .models import LaneTurn, Transaction, TransactionQuerySet

if TYPE_CHECKING:
    from accounts.models import User


def pile_pauses(now: datetime) -> list[Pause]:
    """The incidents that leave a pile: they have begun and took at least one working day so far. No query."""
    calendar = current_calendar()
    return [
        pause
        for pause in memory.known().pauses
        if pause.start <= now
        and calendar.working_days_between(pause.start, min(pause.end or now, now)) >= MIN_WORKING_DAYS
    ]


def piled(now: datetime) -> Q:
    """The condition of having waited through an incident, for open files; `waited_through` of rows."""
    condition = Q(pk__in=[])
    for pause in pile_pauses(now):
        through = Q(submitted_at__lt=min(pause.end or now, now))
        if pause.scope.services:
            through &= Q(service__in=sorted(pause.scope.services))
        if pause.scope.offices:
            codes = pause.scope.offices
            offices = [pk for pk, office in offices_by_pk().items() if office.code in codes]
            through &= Q(held_by__in=offices) | Q(branch__in=offices)
        condition |= through
    return condition


def due_soon_by(now: datetime) -> datetime:
    """What is due before this moment is in the lane of what is due."""
    return due_moment(now, DUE_WITHIN, 0, current_calendar())


def lane_of(case: Transaction, now: datetime) -> Lane:
    """The lane of a file at hand; no query."""
    known = (offices_by_pk().get(pk) for pk in (case.held_by_id, case.branch_id) if pk is not None)
    offices = [office.code for office in known if office is not None]
    due_by = due_soon_by(now)
    return lane_of_file(pile_pauses(now), case.service, offices, case.submitted_at, case.due_at, now=now, due_by=due_by)


@dataclass(frozen=True)
class Turns:
    """How the rows of a queue are taken in turns by one person."""

    turn: Turn
    piled: Q
    due_by: datetime

    def order(self, rows: TransactionQuerySet) -> TransactionQuerySet:
        """These rows as they are to be taken; each bears its `lane`. The order of domain.lanes.in_turns, by the
        database.
        """
        lane = Case(
            When(self.piled, then=Value(int(Lane.PILE))),
            When(due_at__lt=self.due_by, then=Value(int(Lane.DUE))),
            default=Value(int(Lane.NEW)),
            output_field=IntegerField(),
        )
        by = Case(When(lane=Lane.PILE, then=F("submitted_at")), When(lane=Lane.DUE, then=F("due_at")),
                  default=F("stage_due_at"))  # fmt: skip
        come = Case(*(When(lane=each, then=Value(self.turn[each])) for each in Lane), output_field=IntegerField())
        step = Case(*(When(lane=each, then=Value(STEPS[each])) for each in Lane), output_field=IntegerField())
        in_lane = [by.asc(nulls_last=True), F("submitted_at").asc(), F("pk").asc()]
        number = Window(RowNumber(), partition_by=[F("lane")], order_by=in_lane)
        return rows.annotate(lane=lane, place=come + step * number).order_by("place", "lane")


def turns_of(rows: TransactionQuerySet, user: User, now: datetime) -> Turns | None:
    """How this person takes these rows; None where nothing of a pile is among them, so that their order is the usual.
    Without an incident that left a pile it asks nothing.
    """
    if not pile_pauses(now) or not rows.filter(piled(now)).exists():
        return None
    return Turns(_turn_of(user), piled(now), due_soon_by(now))


def in_their_turn(rows: TransactionQuerySet, user: User, now: datetime) -> TransactionQuerySet:
    """A queue as this person is to take it."""
    turns = turns_of(rows, user, now)
    return turns.order(rows) if turns else rows


def mixed(cases: Sequence[Transaction], now: datetime) -> Sequence[Transaction]:
    """Cases as they are shared out: in turns, so that nobody gets the pile alone; as they came where there is none."""
    lanes = {case.pk: lane_of(case, now) for case in cases} if pile_pauses(now) else {}
    if Lane.PILE not in lanes.values():
        return cases

    def by_lane(case: Transaction) -> tuple[object, ...]:
        lane = lanes[case.pk]
        return lane, order_in_lane(lane, case.submitted_at, case.due_at, case.stage_due_at, case.pk)

    return in_turns(sorted(cases, key=by_lane), lambda case: lanes[case.pk], Turn())


def note_taken(case: Transaction, by: User, now: datetime) -> None:
    """Remember of which lane somebody took a file, where a pile waits at its office; the case is locked."""
    if not pile_pauses(now):
        return
    lane = lane_of(case, now)
    waiting = Transaction.objects.open().filter(piled(now), held_by=case.held_by_id)
    if lane is not Lane.PILE and not waiting.exists():
        return
    row = LaneTurn.objects.select_for_update().filter(user=by).first()
    turn = turn_after(_of_row(row, by), lane)
    LaneTurn.objects.update_or_create(user=by, defaults=turn._asdict())


def _turn_of(user: User) -> Turn:
    return _of_row(LaneTurn.objects.filter(user=user).first(), user)


def _of_row(row: LaneTurn | None, user: User) -> Turn:
    return Turn(row.pile, row.due, row.new) if row else first_turn(user.pk)
