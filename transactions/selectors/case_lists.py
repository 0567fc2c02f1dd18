"""The lists of cases that staff work from: which rows, in which order, by what an address says of them.

Whoever shows a list, goes to the next file of it, chooses from it, prints it or hands it out reads it here, so that all
of them mean the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.db.models.expressions import OrderBy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import staff_posts_of
from accounts.models import Role, User
from core.text import one_line, parse_int
from municipality.models import Office

from ..domain import service_types
from ..domain.deadlines import Deadline, overdue
from ..domain.workflow import IN_HAND, OPEN, UNDECIDED
from ..models import Transaction, TransactionQuerySet
from ..queues import queue_of, stood_in_by, unassigned, waiting_for_absent
from ..text.deadline_status import TAKEABLE, Cause
from ..turns import Turns, piled, turns_of
from . import search
from .location import EVERYWHERE, Location, read_location

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Place(StrEnum):
    """Where a list stands."""

    QUEUE = "queue"
    SUPERVISION = "supervision"


# What a column is sorted by; each is a column of the row or of one it points at. Rows without it come last.
SORTS: dict[str, str] = {
    "due": "stage_due_at",
    "whole": "due_at",
    "number": "reference",
    "service": "service",
    "applicant": "applicant__full_name",
    "stage": "stage",
    "since": "stage_started_at",
    "submitted": "submitted_at",
    "assignee": "assignee__full_name",
}
QUEUE_SHOWS: dict[str, StrOrPromise] = {
    "all": _("All"),
    "mine": _("Assigned to me"),
    "free": _("Not assigned"),
    "answered": _("New answers"),
    "late": _("Late"),
    "stage_late": _("Late in this stage"),
}
SUPERVISION_SHOWS: dict[str, StrOrPromise] = {
    "late": _("Late"),
    "stage_late": _("Late in this stage"),
    "free": _("Not assigned"),
    "away": _("Of colleagues away, without a substitute"),
    "answered": _("New answers"),
    "pile": _("Waited through an incident"),
    "all": _("All that can be handed over"),
    "waiting": _("Waiting for the applicant"),
    "everything": _("All open cases"),
}
# How old an open file is, in days of the calendar since it came in: from, to (not including).
AGE_BANDS: dict[str, tuple[int, int | None]] = {
    "0": (0, 7),
    "7": (7, 14),
    "14": (14, 30),
    "30": (30, 60),
    "60": (60, None),
}
ANSWERED = Q(answered_at__isnull=False)


@dataclass(frozen=True)
class Order:
    """By which column, and in which direction; equal rows by when they came in."""

    column: str
    descending: bool = False

    @property
    def key(self) -> str:
        return SORTS[self.column]

    @property
    def expressions(self) -> tuple[OrderBy | str, ...]:
        by = F(self.key)
        first = by.desc(nulls_last=True) if self.descending else by.asc(nulls_last=True)
        return first, "submitted_at", "pk"

    def value_of(self, case: Transaction) -> Any:
        value: Any = case
        for name in self.key.split("__"):
            value = getattr(value, name) if value is not None else None
        return value

    def beyond(self, case: Transaction, *, back: bool = False) -> Q:
        """The rows that come after this one, or before it; it need not be among them any more."""
        key, value = self.key, self.value_of(case)
        after = "lt" if back else "gt"
        tie = Q(**{f"submitted_at__{after}": case.submitted_at})
        tie |= Q(submitted_at=case.submitted_at, **{f"pk__{after}": case.pk})
        if value is None:
            same = Q(**{f"{key}__isnull": True}) & tie
            return Q(**{f"{key}__isnull": False}) | same if back else same
        further = "lt" if back != self.descending else "gt"
        condition = Q(**{f"{key}__{further}": value}) | (Q(**{key: value}) & tie)
        return condition if back else condition | Q(**{f"{key}__isnull": True})

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column


def read_order(text: str, default: str = "due") -> Order:
    """The order an address names; the usual one when it names none there is."""
    column = text.removeprefix("-")
    return Order(column, text.startswith("-")) if column in SORTS else Order(default)


@dataclass(frozen=True)
class Narrowing:
    """What every list may be narrowed by: words or a number, a service, ground."""

    text: str = ""
    service: str = ""
    location: Location = EVERYWHERE


EVERYTHING = Narrowing()


@dataclass(frozen=True)
class CaseList:
    """A list as an address asks for it. `every` is the place without the filter `show`, for the counts beside it;
    `turns` are there while a pile is worked off and no other order was asked for.
    """

    place: Place
    show: str
    shows: Mapping[str, Q]
    order: Order
    every: TransactionQuerySet
    narrowing: Narrowing = EVERYTHING
    person: int | None = None
    offices: list[Office] = field(default_factory=list)
    turns: Turns | None = None

    @property
    def text(self) -> str:
        return self.narrowing.text

    @property
    def service(self) -> str:
        return self.narrowing.service

    @property
    def location(self) -> Location:
        return self.narrowing.location

    @property
    def rows(self) -> TransactionQuerySet:
        chosen = self.every.filter(self.shows[self.show])
        return self.turns.order(chosen) if self.turns else chosen.order_by(*self.order.expressions)

    def neighbour(self, case: Transaction, *, back: bool = False) -> Transaction | None:
        """The file after this one in the list, or before it, wherever it is now; None at the end. In turns, the first
        is after one that is not in the list any more.
        """
        if self.turns:
            return self._beside(case, back)
        rows = self.rows.exclude(pk=case.pk).filter(self.order.beyond(case, back=back))
        return (rows.reverse() if back else rows).first()

    def _beside(self, case: Transaction, back: bool) -> Transaction | None:
        keys = list(self.rows.values_list("pk", flat=True))
        if case.pk not in keys:
            return None if back else self.rows.first()
        at = keys.index(case.pk) + (-1 if back else 1)
        return self.rows.model.objects.get(pk=keys[at]) if 0 <= at < len(keys) else None


def read_list(place: Place, asked: Mapping[str, str], user: User, now: datetime) -> CaseList | None:
    """The list that an address (its query) means for this person; None where it is not theirs to see."""
    return _READERS[place](asked, user, now)


def _queue(asked: Mapping[str, str], user: User, now: datetime) -> CaseList:
    rows, narrowing = _narrowed(queue_of(user), asked)
    shows = {
        "all": Q(),
        "mine": Q(assignee=user) | stood_in_by(user, timezone.localdate(now)),
        "free": unassigned(timezone.localdate(now)),
        "answered": ANSWERED,
        "late": overdue(now),
        "stage_late": overdue(now, Deadline.STAGE),
    }
    show = asked.get("show", "")
    show = show if show in shows else "all"
    order = read_order(asked.get("sort", ""))
    turns = None if asked.get("sort") else turns_of(rows, user, now)
    return CaseList(Place.QUEUE, show, shows, order, rows, narrowing, turns=turns)


def supervised_offices(user: User) -> list[Office]:
    """The offices whose work this person oversees."""
    return list({post.office_id: post.office for post in staff_posts_of(user) if post.role == Role.SUPERVISOR}.values())


def _supervision(asked: Mapping[str, str], user: User, now: datetime) -> CaseList | None:
    offices = supervised_offices(user)
    if not offices:
        return None
    shows = supervision_shows(now, offices)
    show = asked.get("show", "")
    show = show if show in shows else "late"
    rows, narrowing = _narrowed(Transaction.objects.filter(held_by__in=offices, status__in=OPEN), asked)
    if (person := parse_int(asked.get("person", ""))) is not None:
        rows = rows.filter(assignee=person)
    rows = rows.filter(_office(asked, offices) & _stage(asked) & age_condition(asked.get("age", ""), now))
    order = read_order(asked.get("sort", ""), default="due" if show == "stage_late" else "whole")
    return CaseList(Place.SUPERVISION, show, shows, order, rows, narrowing, person, offices)


def supervision_shows(now: datetime, offices: list[Office]) -> dict[str, Q]:
    """What a supervisor may look at, by name; the causes of lateness among it (deadline_status.cause_of_lateness)."""
    today = timezone.localdate(now)
    nobody = Q(assignee=None, status__in=TAKEABLE)
    late, stage_late = overdue(now), overdue(now, Deadline.STAGE)
    return {
        "late": late,
        "stage_late": stage_late,
        "free": unassigned(today) & Q(status__in=TAKEABLE),
        "away": waiting_for_absent(today, {office.pk for office in offices}),
        "answered": ANSWERED,
        "pile": piled(now) & Q(status__in=UNDECIDED),
        "all": Q(status__in=TAKEABLE),
        "waiting": ~Q(status__in=IN_HAND),
        "everything": Q(),
        f"late_{Cause.NOBODY}": late & nobody,
        f"late_{Cause.STAGE}": late & ~nobody & stage_late,
        f"late_{Cause.EARLIER}": late & ~nobody & ~stage_late,
    }


def age_condition(band: str, now: datetime) -> Q:
    """Open for so many days; everything when there is no such band."""
    if band not in AGE_BANDS:
        return Q()
    least, most = AGE_BANDS[band]
    old_enough = Q(submitted_at__lte=now - timedelta(days=least))
    return old_enough & Q(submitted_at__gt=now - timedelta(days=most)) if most is not None else old_enough


def _narrowed(rows: TransactionQuerySet, asked: Mapping[str, str]) -> tuple[TransactionQuerySet, Narrowing]:
    text, service = one_line(asked.get("q", "")), asked.get("service", "")
    if text:
        rows = rows.filter(search.search_cases(text))
    if service_types.find(service) is None:
        service = ""
    if service:
        rows = rows.filter(service=service)
    location = read_location(asked)
    return rows.filter(location.condition), Narrowing(text, service, location)


def _office(asked: Mapping[str, str], offices: list[Office]) -> Q:
    code = asked.get("office", "")
    return Q(held_by__in=[office for office in offices if office.code == code]) if code else Q()


def _stage(asked: Mapping[str, str]) -> Q:
    stage = one_line(asked.get("stage", ""))
    return Q(stage=stage) if stage else Q()


_READERS: dict[Place, Callable[[Mapping[str, str], User, datetime], CaseList | None]] = {
    Place.QUEUE: _queue,
    Place.SUPERVISION: _supervision,
}
