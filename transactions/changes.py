"""What others did since yesterday morning in the cases of an engineering office, and what owners did before them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Authorisation, EngineeringOffice, User

from .messages import DEALINGS, page_of_dealing
from .models import Dealing, Event, Transaction
from .models.requests import IS_OPEN
from .wording import title

FEW = 6
BY_OWNERS = (Dealing.Kind.AUTHORISED, Dealing.Kind.REVOKED, Dealing.Kind.CHANGES, Dealing.Kind.APPROVED)
# Who works on a file inside the municipality is no news; that it was submitted is told by the owner's approval.
NO_NEWS = ("take", "reassign", "submit")


@dataclass(frozen=True)
class Line:
    """One change: what happened, where it was done, to what it leads. `more` counts earlier steps of the same case."""

    at: datetime
    title: str
    office: str
    path: str
    reference: str
    authorisation: Authorisation | None
    owner: str
    more: int = 0


class Changes:
    """Newest first, a line a case and a line a dealing; counted and cut. What is not shown costs its time and key."""

    def __init__(self, offices: list[EngineeringOffice], user: User, now: datetime) -> None:
        yesterday = timezone.localdate(now) - timedelta(days=1)
        since = timezone.make_aware(datetime.combine(yesterday, time.min))
        cases = _moved(offices, since, user)
        dealings = Dealing.objects.filter(at__gte=since, authorisation__office__in=offices, kind__in=BY_OWNERS)
        self._marks: list[tuple[datetime, int, int, type[Event] | type[Dealing]]] = sorted(
            [
                *((at, pk, many - 1, Event) for at, pk, many in cases),
                *((at, pk, 0, Dealing) for at, pk in dealings.order_by().values_list("at", "pk")),
            ],
            key=lambda mark: mark[:2],
            reverse=True,
        )

    def __len__(self) -> int:
        return len(self._marks)

    def __getitem__(self, some: slice) -> list[Line]:
        marks = self._marks[some]
        events = Event.objects.select_related("transaction__applicant", "office")
        dealings = Dealing.objects.select_related("authorisation__owner", "draft")
        found: dict[Any, dict[int, Any]] = {
            Event: events.in_bulk([key for _at, key, _more, kind in marks if kind is Event]),
            Dealing: dealings.in_bulk([key for _at, key, _more, kind in marks if kind is Dealing]),
        }
        return [
            _of_case(found[kind][key], more) if kind is Event else _of_dealing(found[kind][key])
            for _at, key, more, kind in marks
        ]


def _moved(offices: list[EngineeringOffice], since: datetime, user: User) -> Iterable[tuple[datetime, int, int]]:
    """The last event of each case that somebody else moved. A case that was closed before is not looked into."""
    live = Authorisation.objects.filter(office__in=offices, status=Authorisation.Status.ACCEPTED)
    fresh = Transaction.objects.filter(
        IS_OPEN | Q(closed_at__gte=since) | Q(filed_at__gte=since), authorisation__in=live
    )
    events = Event.objects.filter(transaction__in=fresh, at__gte=since).exclude(actor=user).exclude(move__in=NO_NEWS)
    last = events.order_by().values("transaction").annotate(last=Max("pk"), at=Max("at"), many=Count("pk"))
    return last.values_list("at", "last", "many")


def _of_case(event: Event, more: int) -> Line:
    case = event.transaction
    return Line(
        at=event.at,
        title=title(event),
        office=event.office.name if event.office else "",
        path=reverse("transactions:request", args=[case.reference]),
        reference=case.reference,
        authorisation=None,
        owner=case.applicant.full_name,
        more=more,
    )


def _of_dealing(dealing: Dealing) -> Line:
    return Line(
        at=dealing.at,
        title=str(DEALINGS[dealing.kind][0]),
        office="",
        path=page_of_dealing(dealing),
        reference="",
        authorisation=dealing.authorisation,
        owner=dealing.authorisation.owner.full_name,
    )


def by_day(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines under their day: the first few, and the rest to be unfolded."""

    def day_of(line: Line) -> date:
        return timezone.localdate(line.at)

    days = [(day, list(rows)) for day, rows in groupby(lines, day_of)]
    return [{"day": day, "shown": rows[:FEW], "more": rows[FEW:]} for day, rows in days]
