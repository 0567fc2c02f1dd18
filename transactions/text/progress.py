"""How far a request has come, in figures and plain words, for those who wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role
from core.hijri import days_between
from municipality.services import current_calendar

from ..domain.workflow import CLOCK_STOPPED, Status
from ..models import Transaction
from .deadline_status import days_late, days_left, days_spent
from .tags import Tag
from .timeline import Entry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from ..domain.service_types import Stage


class WaitingFor(StrEnum):
    """Whom a request waits for."""

    YOURS = "yours"
    OURS = "ours"
    NOBODYS = "nobodys"


@dataclass(frozen=True)
class Step:
    """A stage of the service as the applicant sees it. `state` is done, now or later; `at` is when it was done, or
    began if it is now; `who` has it now, or will act in it.
    """

    title: StrOrPromise
    state: str
    at: datetime | None = None
    who: StrOrPromise = ""


@dataclass(frozen=True)
class Progress:
    """`days` are those of the calendar since submission and never stop; `took` those until it was closed, if it was.
    `used`, `here` and `left` count working days of the city.

    `left` is None while the clock stands and when the request is late; then `days_late` says since when, 0 for today.
    `halted` says that a declared incident keeps it stopped.
    """

    waiting_for: WaitingFor
    where: str
    since: datetime
    days: int
    here: int
    used: int
    allowed: int
    took: int | None
    left: int | None
    days_late: int | None
    steps: list[Step]
    halted: bool = False

    @property
    def late(self) -> bool:
        return self.days_late is not None

    @property
    def due(self) -> Tag:
        """When it is due, for whoever waits for it; no words where there is nothing to wait for."""
        if self.days_late is not None:
            words = ngettext("%(n)s working day late", "%(n)s working days late", self.days_late)
            return Tag("error", words % {"n": self.days_late} if self.days_late else _("Late since today"))
        if self.left is not None:
            words = ngettext("Due in %(n)s working day", "Due in %(n)s working days", self.left) % {"n": self.left}
            return Tag("", words) if self.left else Tag("warning", _("Due today"))
        if self.halted:
            return Tag("", _("The clock is stopped by a declared incident"))
        return Tag("", _("The clock is paused") if self.waiting_for == WaitingFor.YOURS else "")


def progress_of(case: Transaction, now: datetime, history: Iterable[Entry] = ()) -> Progress:
    """Read a case as for_pages() gives it; no query. With its history the stages have their dates."""
    calendar = current_calendar()
    since = case.closed_at or case.paused_at or case.stage_started_at
    used = days_spent(case, now)
    allowed = case.service_type.working_days_for(case.answers)
    due, late = case.due_at if case.is_open else None, case.is_late(now)
    return Progress(
        waiting_for=_waiting_for(case),
        where=_where(case),
        since=since,
        days=days_between(case.submitted_at, now),
        took=days_between(case.submitted_at, case.closed_at) if case.closed_at else None,
        here=calendar.working_days_between(since, now),
        used=used,
        allowed=allowed,
        left=days_left(due, now) if due and not late else None,
        days_late=days_late(due, now) if due and late else None,
        steps=_steps(case, history),
        halted=case.is_open and case.halted_at is not None,
    )


def _waiting_for(case: Transaction) -> WaitingFor:
    if case.status in CLOCK_STOPPED:
        return WaitingFor.YOURS
    return WaitingFor.OURS if case.is_open else WaitingFor.NOBODYS


def _where(case: Transaction) -> str:
    """With whom it is, as the middle of a sentence."""
    if case.status == Status.SUBMITTED or case.held_by is None:
        return _("the sorting of new requests")
    role = Role.REGISTRY_CLERK if case.status == Status.INCOMING else Role(case.current_stage.role)
    word = str(role.label)
    return _("%(role)s at %(office)s") % {"role": word[:1].lower() + word[1:], "office": case.held_by.name}


def _steps(case: Transaction, history: Iterable[Entry]) -> list[Step]:
    """The stages of an open request; of a closed one the pages show none."""
    done = _done_at(history)
    stages: tuple[Stage, ...] = case.service_type.stages_for(case.answers)
    codes = [stage.code for stage in stages]
    now = codes.index(case.stage) if case.stage in codes else 0
    steps = [Step(stage.title, "done", done.get(stage.code)) for stage in stages[:now]]
    if _waiting_for(case) == WaitingFor.YOURS:
        steps.append(Step(stages[now].title, "now", case.paused_at, _("The applicant")))
    else:
        where = _where(case)
        steps.append(Step(stages[now].title, "now", case.stage_started_at, where[:1].upper() + where[1:]))
    return steps + [Step(stage.title, "later", None, Role(stage.role).label) for stage in stages[now + 1 :]]


def _done_at(history: Iterable[Entry]) -> dict[str, datetime]:
    """When a case left each stage for another, the last time it did."""
    left: dict[str, datetime] = {}
    for entry in history:
        if entry.from_stage and entry.from_stage != entry.to_stage:
            left[entry.from_stage] = max(entry.at, left.get(entry.from_stage, entry.at))
    return left
