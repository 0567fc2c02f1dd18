"""Objections to a refusal, a return or a fee: made and decided. Complaints about lateness are in `complaints`.

Each is a move of the table, so it stands in the history of its case. Whoever has acted on a case decides nothing here
(`access.get_capacity`). What an objection asks for is done by the move that upholds it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.day_words import day_in_words
from core.numbers import money_in_words
from core.text import prose
from municipality.services import current_calendar, get_office

from .. import access, deciders
from ..domain.deadlines import has_passed
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.objections import ObjectionKind, ObjectionOutcome, kind_for, period_end
from ..domain.workflow import MoveName, Status
from ..incidents import memory
from ..models import AnswersInProgress, Objection, Transaction
from ..papers import papers
from ..papers.letter_words import Named, Signatory
from ..papers.paper_content import ObjectionDecision
from ..text.two_languages import Written
from . import decisions, objection_files
from .mover import Transition, begin, finish, require_office

# By which event of a case what is objected to was done.
ABOUT = {
    ObjectionKind.REFUSAL: MoveName.REJECT,
    ObjectionKind.RETURN: MoveName.RETURN,
    ObjectionKind.FEE: MoveName.APPROVE,
}


@dataclass(frozen=True)
class Right:
    """What an applicant may object to now. `until` is the end of its period, None while an incident holds it open;
    `over` says that it has passed, `used` that there was an objection to this already.
    """

    kind: ObjectionKind
    until: datetime | None
    over: bool
    used: bool

    @property
    def is_open(self) -> bool:
        return not (self.over or self.used)


def right_of(case: Transaction, made: Sequence[Objection], now: datetime) -> Right | None:
    """What can be objected to on this case, with all that was `made` on it at hand (with `about`); no query."""
    kind = kind_for(case.status, refused=case.rejected_at is not None, has_fee=getattr(case, "fee", None) is not None)
    if kind is None:
        return None
    began = _began(case, kind)
    until = _end(case, began, settings.OBJECTION_DAYS[kind], now)
    used = any(row.kind == kind and row.about is not None and row.about.at >= began for row in made)
    return Right(kind, until, has_passed(until, now), used or any(_waits(row) for row in made))


def _waits(row: Objection) -> bool:
    return row.decision_id is None and not row.is_complaint


def _began(case: Transaction, kind: ObjectionKind) -> datetime:
    """When the period of an objection began: with the decision, the return, or the approval that set the fee."""
    moments = {
        ObjectionKind.REFUSAL: case.rejected_at,
        ObjectionKind.RETURN: case.paused_at,
        ObjectionKind.FEE: case.approved_at,
    }
    began = moments[kind]
    if began is None:
        raise ValueError(f"{case.reference}: no moment for {kind}")
    return began


def _end(case: Transaction, start: datetime, days: int, now: datetime) -> datetime | None:
    office = get_office(case.held_by_id).code if case.held_by_id else ""
    pauses = memory.since(start, case.service)
    return period_end(start, days, current_calendar(), pauses, service=case.service, office=office, now=now)


def due_of(row: Objection, case: Transaction, now: datetime) -> datetime | None:
    """By when it has to be decided; None while an incident holds the period open."""
    return _end(case, row.at, row.days, now)


def is_late(row: Objection, case: Transaction, now: datetime) -> bool:
    """Is it waiting longer than it may?"""
    return row.decision_id is None and has_passed(due_of(row, case, now), now)


# -- by the applicant ------------------------------------------------------------------------------------------


@transaction.atomic
def submit_objection(
    case: Transaction,
    *,
    reason: str,
    files: Collection[UUID | str] = (),
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Object to the refusal, the return or the fee that the case stands at, with documents (keys of `files` that `by`
    has sent). Event, notice.

    Invalid without a reason, or for a file that is not there; DomainError `nothing_to_object_to`, `objected_already`,
    `period_over`.
    """
    now = now or timezone.now()
    require_words(reason, _("Say in your own words what you do not accept, and why."))
    transition = begin(case, MoveName.OBJECT, by=by, now=now, version=version, reason=reason)
    locked = transition.case
    right = right_of(locked, list(locked.objections.select_related("about")), now)
    if right is None:
        raise DomainError("nothing_to_object_to", _("There is nothing on this request to object to."))
    if right.used:
        raise DomainError("objected_already", _("You have already objected to this. It is recorded once."))
    if right.over:
        raise DomainError("period_over", over_in_words(right))
    about = locked.events.filter(move=ABOUT[right.kind]).order_by("-seq")[0]
    office = _office_to_decide(locked, now)
    given = objection_files.lock_sent(files, by, objection_files.asked_of(locked))
    transition.facts.update(objection=right.kind.value, office=get_office(office).code)
    if given:
        transition.facts.update(files=len(given))
    locked.objected_at = locked.objected_at or now
    done = finish(transition)
    row = Objection.objects.create(
        transaction=done,
        kind=right.kind,
        about=about,
        event=transition.event,
        office_id=office,
        at=now,
        days=settings.OBJECTION_DECISION_DAYS,
    )
    objection_files.keep(given, row)
    return done


def over_in_words(right: Right) -> str:
    """That a period has passed, and what can still be done."""
    sentence = _("The period for this objection ended on %(day)s.") % {"day": day_in_words(right.until)}
    if right.kind == ObjectionKind.REFUSAL:
        return f"{sentence} " + _("You can apply again with these answers, or ask at any service centre.")
    return f"{sentence} " + _("You can ask about it at any service centre.")


def _office_to_decide(case: Transaction, now: datetime) -> int:
    """The office that holds the case, if a supervisor there has not acted on it; else the central office."""
    here = require_office(case).pk
    free = deciders.supervisors_free_to_decide(case, here, timezone.localdate(now))
    return here if free else deciders.central_office() or here


def require_words(text: str, message: str) -> None:
    """Invalid with this message where nothing was written."""
    if not prose(text):
        raise Invalid([Problem("reason", message, "required")])


# -- by who decides --------------------------------------------------------------------------------------------


@transaction.atomic
def uphold(
    case: Transaction,
    *,
    reason: Written,
    amount: str = "",
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Decide for whoever objected: the refusal or the return is taken back, the fee becomes `amount` (SAR). Event,
    journal, notice. Invalid for a fee that is no amount or not less.
    """
    transition = begin(case, MoveName.UPHOLD, by=by, now=now, version=version, for_applicant=reason)
    row = _waiting(transition)
    changed = _DO[ObjectionKind(row.kind)](transition, amount)
    return _decide(transition, row, ObjectionOutcome.UPHELD, changed)


@transaction.atomic
def dismiss(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Decide against whoever objected, who reads the reasons word for word. Event, journal, notice."""
    transition = begin(case, MoveName.DISMISS, by=by, now=now, version=version, for_applicant=reason)
    return _decide(transition, _waiting(transition), ObjectionOutcome.DISMISSED, None)


def _waiting(transition: Transition) -> Objection:
    """The objection that waits; the capacity to decide comes from there being one."""
    return transition.case.objections.waiting().exclude(kind=ObjectionKind.LATENESS).get()


# What the fee was and is, where it was changed.
Changed = tuple[Decimal, Decimal] | None


def _take_refusal_back(transition: Transition, amount: str) -> Changed:
    case = transition.case
    case.rejected_at = case.approved_at = case.filed_at = None
    case.decision_reason, case.decision_own_words = "", None
    return None


def _take_return_back(transition: Transition, amount: str) -> Changed:
    transition.case.deficiencies.open().update(withdrawn_at=transition.now)
    AnswersInProgress.objects.filter(transaction=transition.case).delete()
    return None


def _change_fee(transition: Transition, amount: str) -> Changed:
    """A fee of nothing is not waited for: an unpaid request goes on."""
    case = transition.case
    due, before = decisions.lower_fee(case, amount, transition.now)
    if not due.amount and case.status == Status.AWAITING_PAYMENT:
        transition.missed_stage = case.service_type.stage_after(case.stage, case.answers)
    transition.facts.update(
        fee_before=money_in_words(before), fee=money_in_words(due.amount), paid=due.paid_at is not None
    )
    return before, due.amount


_DO = {
    ObjectionKind.REFUSAL: _take_refusal_back,
    ObjectionKind.RETURN: _take_return_back,
    ObjectionKind.FEE: _change_fee,
}


def _decide(transition: Transition, row: Objection, outcome: ObjectionOutcome, changed: Changed) -> Transaction:
    """A decision is a promise, so it is bound in the journal; who works out money hears of a fee that changed."""
    done = close(transition, row, outcome)
    office = transition.event.office or row.office
    decision = ObjectionDecision(
        kind=row.kind,
        outcome=outcome.value,
        reason=transition.reason,
        own_words=transition.facts["own_words"],
        money=_money(changed),
        files=tuple(sorted(done.attachments.filter(objection=row).values_list("sha256", flat=True))),
        office=Named(office.name_ar, office.name_en),
        signatory=Signatory.of(office),
    )
    papers.record_objection(done, transition.event, decision, transition.now)
    if changed is not None:
        decisions.fee_changed.send(
            sender=Transaction,
            case=done,
            due=done.fee,
            before=changed[0],
            after=changed[1],
            event=transition.event,
            now=transition.now,
        )
    return done


def _money(changed: Changed) -> dict[str, str]:
    return {} if changed is None else {"fee_before": str(changed[0]), "fee": str(changed[1])}


def close(transition: Transition, row: Objection, outcome: ObjectionOutcome) -> Transaction:
    """Write the move by which an objection or complaint ends, and how it ended."""
    transition.facts.update(objection=row.kind)
    _stop_waiting(transition, row)
    done = finish(transition)
    Objection.objects.filter(pk=row.pk).update(decision=transition.event, outcome=outcome)
    return done


def _stop_waiting(transition: Transition, row: Objection) -> None:
    others = transition.case.objections.waiting().exclude(pk=row.pk).order_by("at").values_list("event__at", flat=True)
    transition.case.objected_at = others.first()


# -- by what happens meanwhile ---------------------------------------------------------------------------------


def refuse_while_waiting(transition: Transition) -> None:
    """DomainError `under_objection`: what an objection is about is not decided another way while it waits."""
    if transition.case.objected_at and transition.case.objections.waiting().exclude(kind="lateness").exists():
        raise DomainError("under_objection", _("An objection to this decision waits. It has to be decided first."))


def drop(transition: Transition) -> Objection | None:
    """Before a move by which the applicant accepts what they objected to, or gives the request up: the objection that
    waits, which `mark_lapsed` ends when the move is written.
    """
    if transition.case.objected_at is None:
        return None
    row = transition.case.objections.waiting().exclude(kind=ObjectionKind.LATENESS).first()
    if row is not None:
        _stop_waiting(transition, row)
    return row


def mark_lapsed(transition: Transition, row: Objection | None) -> None:
    """The second half of `drop`."""
    if row is not None:
        Objection.objects.filter(pk=row.pk).update(decision=transition.event, outcome=ObjectionOutcome.LAPSED)


def may_object(user: User, case: Transaction, right: Right | None) -> bool:
    """Is the way open to this person now, as far as the page can know?"""
    return right is not None and right.is_open and access.may_make_move(user, case, MoveName.OBJECT)
