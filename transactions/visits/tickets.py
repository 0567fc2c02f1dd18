"""The numbers people draw at a centre: 1, 2, 3 … each day, without a gap and none twice."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.db.locks import take_lock
from municipality.models import Office

from .. import access
from ..domain.errors import DomainError, NotVisible
from ..domain.gates import Operation
from ..incidents import gates
from ..models import CounterTicket

Outcome = CounterTicket.Outcome


@transaction.atomic
def draw(centre: Office, *, key: UUID, by: User, now: datetime | None = None) -> CounterTicket:
    """The next number of today; the same for the same `key`, however often the form comes. DomainError
    `not_at_this_counter`; OperationClosed while this counter is closed.
    """
    now = now or timezone.now()
    _begin(centre, by, now)
    if known := CounterTicket.objects.filter(key=key).first():
        if known.centre_id != centre.pk:
            raise NotVisible
        return known
    return _draw(centre, by, now, key=key)


@transaction.atomic
def call_next(centre: Office, *, serving: int | None, by: User, now: datetime | None = None) -> CounterTicket:
    """The number that waits longest, or a new one when nobody waits; the one this clerk served ends with it.

    `serving` is what their page showed (None: none): DomainError `another_ticket` when it is another by now, and as
    `draw`.
    """
    now = now or timezone.now()
    _begin(centre, by, now)
    current = serving_now(by)
    _refuse_other(current, serving)
    if current is not None:
        _end(current, Outcome.SERVED, now)
    waiting = CounterTicket.objects.filter(centre=centre, day=timezone.localdate(now), called_at=None)
    ticket = waiting.order_by("number").first() or _draw(centre, by, now)
    ticket.called_at, ticket.clerk = now, by
    ticket.save(update_fields=["called_at", "clerk"])
    return ticket


@transaction.atomic
def end(outcome: str, *, serving: int | None, by: User, now: datetime | None = None) -> CounterTicket:
    """What this clerk serves is over: served, or nobody came. DomainError `another_ticket`."""
    now = now or timezone.now()
    take_lock(f"tickets of {by.pk}")
    current = serving_now(by)
    _refuse_other(current, serving)
    if current is None or outcome not in (Outcome.SERVED, Outcome.ABSENT):
        raise DomainError("another_ticket", _("You are not serving a number now."))
    return _end(current, outcome, now)


def serving_now(user: User) -> CounterTicket | None:
    """The number this clerk serves."""
    rows = CounterTicket.objects.select_related("centre")
    return rows.filter(clerk=user, called_at__isnull=False, ended_at=None).first()


def count_waiting(centre: Office, day: date, before: int | None = None) -> int:
    """How many wait there, or wait before a number."""
    waiting = CounterTicket.objects.filter(centre=centre, day=day, called_at=None)
    return (waiting if before is None else waiting.filter(number__lt=before)).count()


def get_ticket(user: User, key: UUID) -> CounterTicket:
    """A number of a centre where this person sits, to print it. NotVisible."""
    rows = CounterTicket.objects.select_related("centre").filter(centre__in=access.counters_of(user))
    ticket = rows.filter(key=key).first()
    if ticket is None:
        raise NotVisible
    return ticket


def _begin(centre: Office, by: User, now: datetime) -> None:
    gates.refuse_if_closed(Operation.COUNTERS, now=now, offices={centre.code})
    if centre.pk not in access.counters_of(by):
        raise DomainError("not_at_this_counter", _("You do not take requests at this centre."))
    take_lock(f"tickets of {by.pk}", f"tickets at {centre.pk}")


def _refuse_other(current: CounterTicket | None, serving: int | None) -> None:
    if (current.pk if current else None) == serving:
        return
    if current is None:
        raise DomainError("another_ticket", _("You are not serving a number now."))
    message = _("You are serving number %(number)d, called in another window.")
    raise DomainError("another_ticket", message % {"number": current.number})


def _draw(centre: Office, by: User, now: datetime, **key: UUID) -> CounterTicket:
    day = timezone.localdate(now)
    last = CounterTicket.objects.filter(centre=centre, day=day).aggregate(last=Max("number"))["last"] or 0
    return CounterTicket.objects.create(centre=centre, day=day, number=last + 1, drawn_at=now, drawn_by=by, **key)


def _end(ticket: CounterTicket, outcome: str, now: datetime) -> CounterTicket:
    ticket.ended_at, ticket.outcome = now, outcome
    ticket.save(update_fields=["ended_at", "outcome"])
    return ticket
