"""A withdrawal is taken back by the owner, while nothing stands against it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.day_words import day_in_words
from core.text import isolated, written_code
from municipality.services import current_calendar, get_office

from ..domain.deadlines import has_passed
from ..domain.errors import DomainError
from ..domain.objections import period_end
from ..domain.workflow import MoveName, Status
from ..incidents import memory
from ..models import Transaction
from ..outbox import queue
from .mover import begin, finish

# The deed, or plan and parcel together, make two requests of one person for one service about the same thing.
NUMBERS = ("deed_number", "plan_number", "parcel_number")


@transaction.atomic
def resume(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Go on where the request was when it was withdrawn. Event, notice. DomainError `period_over`, `not_offered`,
    `asked_again`.
    """
    now = now or timezone.now()
    transition = begin(case, MoveName.RESUME, by=by, now=now, version=version)
    locked = transition.case
    if (hindrance := hindrance_of(locked, now)) is not None:
        raise hindrance
    locked.withdrawn_at = None
    done = finish(transition)
    if done.status == Status.SUBMITTED:  # it was withdrawn before it reached an office
        queue.enqueue("route", done.pk, dedupe=f"route:{done.pk}:{done.version}", now=now)
    return done


def resume_until(case: Transaction, now: datetime) -> datetime | None:
    """By when a withdrawn request can be taken up again; None while an incident holds the period open."""
    if case.withdrawn_at is None:
        raise ValueError(f"{case.reference} was not withdrawn")
    office = get_office(case.held_by_id).code if case.held_by_id else ""
    return period_end(
        case.withdrawn_at,
        settings.RESUME_WITHDRAWN_DAYS,
        current_calendar(),
        memory.since(case.withdrawn_at, case.service),
        service=case.service,
        office=office,
        now=now,
    )


def hindrance_of(case: Transaction, now: datetime) -> DomainError | None:
    """What stands against taking a withdrawn request up again, in words; None when nothing does. One query."""
    until = resume_until(case, now)
    if has_passed(until, now):
        words = _("A withdrawal could be taken back until %(day)s. You can apply again with these answers.")
        return DomainError("period_over", words % {"day": day_in_words(until)})
    if case.service_type.retired:
        return DomainError("not_offered", _("This service is no longer offered."))
    if (other := _asked_again(case)) is not None:
        words = _("Request %(reference)s is about the same, and it is open. Withdraw one or the other.")
        return DomainError("asked_again", words % {"reference": isolated(other)})
    return None


def _asked_again(case: Transaction) -> str | None:
    """The number of an open request of the same person for the same service and plot, or with the same answers."""
    mine = Transaction.objects.open().filter(applicant=case.applicant_id, service=case.service).exclude(pk=case.pk)
    rows = mine.order_by("pk").only("reference", "answers")
    return next((other.reference for other in rows if _is_about_the_same(case, other)), None)


def _is_about_the_same(case: Transaction, other: Transaction) -> bool:
    deed, *plot = (_number(case, name) for name in NUMBERS)
    others_deed, *others_plot = (_number(other, name) for name in NUMBERS)
    return (deed != "" and deed == others_deed) or (all(plot) and plot == others_plot) or case.answers == other.answers


def _number(case: Transaction, name: str) -> str:
    return written_code(str(case.answers.get(name) or ""))
