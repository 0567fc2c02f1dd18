"""The day of a centre: who came, and what was done for them.

Nothing is written for it. What was done while a clerk served a number belongs to that number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access_log
from accounts.models import Act, Delegation, User
from municipality.models import Office

from .. import access
from ..domain.errors import NotVisible
from ..models import CounterTicket, CounterVisit, ReceiptReprint, Transaction

Purpose = CounterVisit.Purpose
MAX_DEEDS = 1_000
"""Of a kind in a day; no counter does more."""


@dataclass(frozen=True)
class Deed:
    """One thing that was done at a counter."""

    at: datetime
    clerk: User
    person: User
    what: str
    reference: str = ""


@dataclass
class Turn:
    """A number and what was done while it was served; without a number, what was done besides."""

    ticket: CounterTicket | None
    deeds: list[Deed] = field(default_factory=list)

    def has(self, deed: Deed) -> bool:
        """Was it done while this number was served?"""
        ticket = self.ticket
        if ticket is None or ticket.called_at is None or ticket.clerk_id != deed.clerk.pk:
            return False
        return ticket.called_at <= deed.at and (ticket.ended_at is None or deed.at < ticket.ended_at)


def list_day(user: User, centre: Office, day: date) -> list[Turn]:
    """The numbers of a day in order, and last what was done without one. On record in the access log. NotVisible."""
    if centre.pk not in access.counters_of(user):
        raise NotVisible
    access_log.record_later(Act.READ_LIST, by=user, why=CounterTicket._meta.label_lower)
    rows = CounterTicket.objects.filter(centre=centre, day=day).select_related("clerk")
    turns, besides = [Turn(ticket) for ticket in rows], Turn(None)
    for deed in sorted(_deeds(centre, day), key=lambda deed: deed.at):
        next((turn for turn in turns if turn.has(deed)), besides).deeds.append(deed)
    return [*turns, besides] if besides.deeds else turns


def _deeds(centre: Office, day: date) -> Iterator[Deed]:
    start = timezone.make_aware(datetime.combine(day, time()))
    until = start + timedelta(days=1)
    taken = Transaction.objects.filter(taken_at=centre, submitted_at__gte=start, submitted_at__lt=until)
    for case in taken.select_related("applicant", "taken_by").order_by("submitted_at")[:MAX_DEEDS]:
        if case.taken_by is not None:
            yield Deed(case.submitted_at, case.taken_by, case.applicant, _("Request received"), case.reference)
    visits = CounterVisit.objects.filter(centre=centre, at__gte=start, at__lt=until)
    for visit in visits.select_related("transaction", "visitor", "clerk", "event").order_by("at")[:MAX_DEEDS]:
        at = visit.event.at if visit.event else visit.at
        yield Deed(at, visit.clerk, visit.visitor, _what(visit), visit.transaction.reference)
    printed = ReceiptReprint.objects.filter(visit__centre=centre, at__gte=start, at__lt=until)
    for reprint in printed.select_related("visit__visitor", "visit__clerk", "transaction")[:MAX_DEEDS]:
        what = _("Receipt printed again (no. %(number)d)") % {"number": reprint.number}
        yield Deed(reprint.at, reprint.visit.clerk, reprint.visit.visitor, what, reprint.transaction.reference)
    given = Delegation.objects.filter(checked_at=centre, recorded_at__gte=start, recorded_at__lt=until)
    for row in given.select_related("agent", "checked_by")[:MAX_DEEDS]:
        yield Deed(row.recorded_at, row.checked_by, row.agent, _("Acting for another recorded"))


def _what(visit: CounterVisit) -> str:
    if visit.purpose == Purpose.ASK:
        return _("Told where the request stands")
    if visit.event is None:
        return _("ID seen, nothing sent or handed out")
    return _("Return answered") if visit.purpose == Purpose.ANSWER else _("Documents handed out")
