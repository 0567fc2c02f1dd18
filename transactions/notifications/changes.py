"""What others did since yesterday morning in the cases of an engineering office, and what owners did before them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, F, Max, Q, Window
from django.urls import reverse
from django.utils import timezone

from accounts.models import Authorisation, EngineeringOffice, User

from ..domain.deadlines import IS_OPEN
from ..models import AuthorisationEvent, Event, Transaction
from ..text.wording import title
from .messages import page_of_authorisation_event, words_of

MAX_ONE_BY_ONE = 6
BY_OWNERS = (
    AuthorisationEvent.Kind.AUTHORISED,
    AuthorisationEvent.Kind.REVOKED,
    AuthorisationEvent.Kind.CHANGES,
    AuthorisationEvent.Kind.APPROVED,
)
# Who works on a file inside the municipality is no news; that it was submitted is told by the owner's approval.
NO_NEWS = ("take", "reassign", "give_back", "submit")


@dataclass(frozen=True)
class ChangeLine:
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
    """Newest first, a line a case and a line a event; counted and cut like any list. Two queries."""

    def __init__(self, offices: list[EngineeringOffice], user: User, now: datetime) -> None:
        yesterday = timezone.localdate(now) - timedelta(days=1)
        since = timezone.make_aware(datetime.combine(yesterday, time.min))
        lines = [*_cases_moved(offices, since, user), *_owners_acted(offices, since)]
        self._lines = sorted(lines, key=lambda line: (line.at, line.reference), reverse=True)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, some: slice) -> list[ChangeLine]:
        return self._lines[some]


def _cases_moved(offices: list[EngineeringOffice], since: datetime, user: User) -> list[ChangeLine]:
    """The last event of each case that somebody else moved. A case that was closed before is not looked into."""
    live = Authorisation.objects.filter(office__in=offices, status=Authorisation.Status.ACCEPTED)
    fresh = Transaction.objects.filter(
        IS_OPEN | Q(closed_at__gte=since) | Q(filed_at__gte=since), authorisation__in=live
    )
    events = Event.objects.filter(transaction__in=fresh, at__gte=since).exclude(actor=user).exclude(move__in=NO_NEWS)
    marked = events.order_by().annotate(
        last=Window(Max("seq"), partition_by="transaction"), many=Window(Count("pk"), partition_by="transaction")
    )
    last_events = marked.filter(seq=F("last")).select_related("transaction__applicant", "office")
    return [_line_of_case(event, event.many - 1) for event in last_events]


def _line_of_case(event: Event, more: int) -> ChangeLine:
    case = event.transaction
    return ChangeLine(
        at=event.at,
        title=title(event),
        office=event.office.name if event.office else "",
        path=reverse("transactions:request", args=[case.reference]),
        reference=case.reference,
        authorisation=None,
        owner=case.applicant.full_name,
        more=more,
    )


def _owners_acted(offices: list[EngineeringOffice], since: datetime) -> list[ChangeLine]:
    events = AuthorisationEvent.objects.filter(at__gte=since, authorisation__office__in=offices, kind__in=BY_OWNERS)
    return [_line_of_authorisation_event(event) for event in events.select_related("authorisation__owner", "draft")]


def _line_of_authorisation_event(event: AuthorisationEvent) -> ChangeLine:
    return ChangeLine(
        at=event.at,
        title=str(words_of(event)[0]),
        office="",
        path=page_of_authorisation_event(event),
        reference="",
        authorisation=event.authorisation,
        owner=event.authorisation.owner.full_name,
    )


def by_day(lines: Iterable[ChangeLine]) -> list[dict[str, Any]]:
    """Lines under their day: the first few, and the rest to be unfolded."""

    def day_of(line: ChangeLine) -> date:
        return timezone.localdate(line.at)

    days = [(day, list(rows)) for day, rows in groupby(lines, day_of)]
    return [{"day": day, "shown": rows[:MAX_ONE_BY_ONE], "more": rows[MAX_ONE_BY_ONE:]} for day, rows in days]
