"""Complaints about lateness: made to a supervisor by name, answered, passed on to the next level when they are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from municipality.services import get_office

from .. import access, deciders
from ..domain.errors import DomainError
from ..domain.objections import LEVEL_CENTRAL, LEVEL_OFFICE, ObjectionKind, ObjectionOutcome
from ..domain.workflow import MoveName
from ..models import Objection, Transaction
from ..text.two_languages import Written
from .mover import begin, finish
from .objections import close, is_late, require_words


@transaction.atomic
def complain(
    case: Transaction, *, reason: str, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Complain that a late request is late. It is addressed to a supervisor by name; after an answer that was no help
    to the next level. Event, notice. DomainError `not_late`, `complained_already`.
    """
    now = now or timezone.now()
    require_words(reason, _("Say in a sentence what you expect."))
    transition = begin(case, MoveName.COMPLAIN, by=by, now=now, version=version, reason=reason)
    locked = transition.case
    earlier = list(locked.objections.filter(kind=ObjectionKind.LATENESS))
    if waits_for_answer(earlier):
        raise DomainError("complained_already", _("Your complaint is recorded and waiting for its answer."))
    if not locked.is_late(now):
        raise DomainError("not_late", _("This request is not late: its due date has not passed."))
    level, office, to = _addressee(locked, LEVEL_CENTRAL if earlier else LEVEL_OFFICE, now)
    transition.facts.update(_addressed(office, to))
    locked.objected_at = locked.objected_at or now
    done = finish(transition)
    Objection.objects.create(
        transaction=done,
        kind=ObjectionKind.LATENESS,
        event=transition.event,
        office_id=office,
        addressed_to=to,
        level=level,
        at=now,
        days=settings.COMPLAINT_ANSWER_DAYS,
    )
    return done


def _addressee(case: Transaction, level: int, now: datetime) -> tuple[int, int, User | None]:
    """Level, office and person that a complaint goes to: where the office has nobody free, the central office."""
    today, here = timezone.localdate(now), case.held_by_id
    if level == LEVEL_OFFICE and here and (free := deciders.supervisors_free_to_decide(case, here, today)):
        return LEVEL_OFFICE, here, free[0]
    central = deciders.central_office() or here or 0
    free = deciders.supervisors_free_to_decide(case, central, today)
    return LEVEL_CENTRAL, central, free[0] if free else None


def _addressed(office: int, to: User | None) -> dict[str, str]:
    return {"office": get_office(office).code, "addressed_to": to.full_name if to else ""}


@transaction.atomic
def answer_complaint(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Answer a complaint about lateness. Event, notice."""
    transition = begin(case, MoveName.ANSWER_COMPLAINT, by=by, now=now, version=version, for_applicant=reason)
    row = transition.case.objections.waiting().get(kind=ObjectionKind.LATENESS)
    return close(transition, row, ObjectionOutcome.ANSWERED)


def pass_on_unanswered(now: datetime) -> int:
    """Pass complaints that were not answered in their days on to the central office, by name; returns how many."""
    waiting = Objection.objects.waiting().filter(kind=ObjectionKind.LATENESS, level=LEVEL_OFFICE)
    late = [row for row in waiting.select_related("transaction").order_by("pk") if is_late(row, row.transaction, now)]
    return sum(_pass_on(row, now) for row in late)


@transaction.atomic
def _pass_on(row: Objection, now: datetime) -> bool:
    transition = begin(row.transaction, MoveName.ESCALATE, by=None, now=now)
    locked = transition.case.objections.waiting().filter(pk=row.pk, level=LEVEL_OFFICE).first()
    if locked is None:  # answered, or passed on, since it was read
        return False
    level, office, to = _addressee(transition.case, LEVEL_CENTRAL, now)
    transition.facts.update(_addressed(office, to), level=level)
    finish(transition)
    Objection.objects.filter(pk=row.pk).update(
        level=level, office_id=office, addressed_to=to, at=now, days=settings.COMPLAINT_ANSWER_DAYS
    )
    return True


def waits_for_answer(made: Iterable[Objection]) -> bool:
    """Is there a complaint about lateness that nobody has answered yet?"""
    return any(row.is_complaint and row.decision_id is None for row in made)


def may_complain(user: User, case: Transaction, made: Sequence[Objection], now: datetime) -> bool:
    """May this person complain now, as far as the page can know?"""
    return not waits_for_answer(made) and case.is_late(now) and access.may_make_move(user, case, MoveName.COMPLAIN)
