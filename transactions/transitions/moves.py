"""The intents of staff, applicants and system on a transaction; each is one move of the table, made by `mover`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import absences
from accounts.models import User
from core.db.prepared import PreparedUpdate
from core.hijri import hijri_year
from municipality.models import Office, OfficeKind

from .. import queues, turns
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.workflow import BY_NAME, CLOCK_STOPPED, Status
from ..models import (
    AnswersInProgress,
    CounterVisit,
    Deficiency,
    Direction,
    Event,
    FeeDue,
    Transaction,
    TransactionQuerySet,
)
from ..papers import papers
from ..text.deadline_status import days_spent
from ..text.two_languages import Written
from . import (
    advice,
    answering,
    assignees,
    at_counter,
    checklist,
    decisions,
    issuing,
    objections,
    registers,
    returning,
    versions,
)
from .advice import advise_refusal as advise_refusal
from .advice import recommend as recommend
from .mover import Transition, apply, begin, check, finish, require_office
from .returning import RequestedCompletion as RequestedCompletion

# Of a queue whose first files cannot be taken by whoever asks (they had them in another hand): so many are tried.
MAX_TRIED = 200
# A payment is recorded in a minute or two; a clerk who was called away holds up nobody for longer than this.
LED_FOR = timedelta(minutes=15)
_update_arrived = PreparedUpdate(
    Transaction, "status version branch_id centre_id held_by_id stage_started_at due_at stage_due_at"
)


@transaction.atomic
def register(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Enter the file in the incoming register of the office that holds it. Event, number, notice."""
    transition = begin(case, "register", by=by, now=now, version=version)
    office = require_office(transition.case)
    line = registers.enter_line(
        transition.case, office_id=office.pk, direction=Direction.INCOMING, by=by, now=transition.now
    )
    transition.facts.update(incoming=line.number, hijri_year=line.hijri_year)
    return finish(transition)


@transaction.atomic
def take(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Assign the file to oneself. Event; while a pile is worked off, the turn of its lane (turns.py)."""
    transition = begin(case, "take", by=by, now=now, version=version)
    transition.case.assignee = by
    turns.note_taken(transition.case, by, transition.now)
    return finish(transition)


def take_next(waiting: TransactionQuerySet, *, by: User, now: datetime | None = None) -> Transaction | None:
    """Take the first free file of a queue. Two who press at once get two files; None when nothing is free.

    Whoever studies and registers gets what is to be studied first. What waits for a payment is nobody's, since whoever
    comes to pay chooses the counter: it is only led to, and nobody else is for LED_FOR.
    """
    free = waiting.filter(queues.unassigned(timezone.localdate(now)))
    hand_work = BY_NAME["take"].sources - BY_NAME["reassign"].sources
    for statuses in (BY_NAME["reassign"].sources, hand_work):
        for case in free.filter(status__in=statuses)[:MAX_TRIED]:
            try:
                with transaction.atomic():
                    return take(case, by=by, now=now, version=case.version)
            except DomainError:
                continue
    unpaid = free.filter(status__in=CLOCK_STOPPED)[:MAX_TRIED]
    return next((case for case in unpaid if _lead_to_payment(case, by, now or timezone.now())), None)


def _lead_to_payment(case: Transaction, by: User, now: datetime) -> bool:
    """Lead a clerk to an unpaid file, unless another was a moment ago. One statement decides who was first."""
    nobody_else = Q(led_to=None) | Q(led_to=by) | Q(led_at__lt=now - LED_FOR)
    return bool(FeeDue.objects.filter(nobody_else, transaction=case).update(led_to=by, led_at=now))


@transaction.atomic
def give_back(
    case: Transaction, *, by: User | None, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Nobody has the file any more: they gave it back, or the system took it from somebody who left. Event."""
    transition = begin(case, "give_back", by=by, now=now, version=version)
    if transition.case.assignee_id is None or (by is not None and transition.case.assignee_id != by.pk):
        raise DomainError(
            "not_yours_to_give_back", _("Only a case that is assigned to you can be returned to the queue.")
        )
    transition.facts["from"] = transition.case.assignee_id
    transition.case.assignee_id = None
    return finish(transition)


@transaction.atomic
def reassign(
    case: Transaction, *, to: User, by: User | None, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Give the file to a colleague who holds the stage's role in the same office; while they are away, to whoever
    stands in for them. By the system it goes on from somebody who left. Event.
    """
    transition = begin(case, "reassign", by=by, now=now, version=version)
    gets = assignees.whom(transition.case, to, transition.now, absences.read())
    if by is None:
        transition.facts["from"] = transition.case.assignee_id
    transition.case.assignee = gets
    transition.facts["to"] = gets.pk
    if gets.pk != to.pk:
        transition.facts["instead_of"] = to.pk
    return finish(transition)


@transaction.atomic
def return_for_completion(
    case: Transaction,
    *,
    deficiencies: Iterable[RequestedCompletion],
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Send the file back with every deficiency at once; the clock stops. Event, deficiencies, notice.

    Each opens for change the questions and documents it is about, and no others.
    """
    transition = begin(case, "return", by=by, now=now, version=version)
    asked = list(deficiencies)
    rows = Deficiency.objects.bulk_create(returning.open_round(transition, asked))
    returning.tell_of_marks(transition.case, rows, asked)
    return finish(transition)


@transaction.atomic
def answer(
    case: Transaction,
    *,
    answers: Mapping[int, str],
    changes: Mapping[str, Any] | None = None,
    replaced: Collection[str] = (),
    by: User,
    now: datetime | None = None,
    version: int | None = None,
    visit: CounterVisit | None = None,
) -> Transaction:
    """Answer every open deficiency (by its id); the same number goes on and the clock resumes. Event, the next version
    of the answers, its journal entry.

    Each is answered by a sentence, by files attached to it beforehand, or by `changes` of the answers it opened (new
    answers by question, as typed). `replaced` are the keys of earlier files that the new ones are in the place of. A
    clerk at a counter answers by a `visit`, which ends with it.
    """
    transition = begin(case, "answer", by=by, now=now, version=version, visit=visit)
    waiting = list(transition.case.deficiencies.open().prefetch_related("attachments"))
    sent = answering.AnswersSent(answers, changes or {}, replaced)
    result, put_aside = answering.check_answers(transition.case, waiting, sent, transition.now)
    Deficiency.objects.bulk_update(waiting, ["answer", "answered_at"])
    transition.facts["count"] = len(waiting)
    versions.put_in_force(transition, result.values, replaced=put_aside)
    given = transition.case.attachments.filter(deficiency__in=waiting, removed_at=None)
    given.update(answers_version=transition.case.answers_version)
    AnswersInProgress.objects.filter(transaction=transition.case).delete()
    if visit is not None:
        at_counter.record_in_event(transition, visit)
    dropped = objections.drop(transition)
    done = finish(transition)
    objections.mark_lapsed(transition, dropped)
    entry = versions.save_version(transition, "answered")
    if visit is not None:
        at_counter.end_visit(transition, visit, entry)
    return done


@transaction.atomic
def correct(
    case: Transaction,
    *,
    changes: Mapping[str, Any],
    reason: Written,
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Correct on record what was typed wrong: new answers by question. Event with reason, the next version of the
    answers, its journal entry, notice with what it was and what it is. Invalid when nothing is different.
    """
    transition = begin(case, "correct", by=by, now=now, version=version, for_applicant=reason)
    versions.put_in_force(transition, answering.revise_by_correction(transition.case, changes, transition.now).values)
    done = finish(transition)
    versions.save_version(transition, "corrected")
    return done


@transaction.atomic
def send_back(
    case: Transaction, *, reason: str, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Supervisor to reviewer: one stage back, with a reason. Event."""
    return finish(begin(case, "send_back", by=by, now=now, version=version, reason=reason))


@transaction.atomic
def approve(
    case: Transaction,
    *,
    by: User,
    note: Written = "",
    conditions_ar: str = "",
    conditions_en: str = "",
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Decide for the applicant, also on `conditions`, which stand on the paper. Works out the fee, enters the decision
    in the journal. Event, notice.

    DomainError `checklist_open` as of `recommend`, for the points of all stages so far.
    """
    transition = begin(case, "approve", by=by, now=now, version=version, for_applicant=note)
    advice.write_conditions(transition, conditions_ar, conditions_en)
    checklist.refuse_while_open(transition)
    transition.case.approved_at = transition.now
    spent, answered = days_spent(transition.case, transition.now), transition.case.answers_version
    transition.facts.update(working_days=spent, answers_version=answered)
    transition.facts.update(decisions.calculate_fee(transition.case, transition.now))
    done = finish(transition)
    papers.record_decision(done, transition.event, "approved", transition.now)
    return done


@transaction.atomic
def reject(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Decide against the applicant, who reads the reason word for word. Journal, event, notice."""
    transition = begin(case, "reject", by=by, now=now, version=version, for_applicant=reason)
    refused = transition.case
    refused.rejected_at, refused.decision_reason = transition.now, transition.reason
    refused.decision_own_words = transition.facts["own_words"]
    transition.facts.update(working_days=days_spent(refused, transition.now), answers_version=refused.answers_version)
    done = finish(transition)
    papers.record_decision(done, transition.event, "rejected", transition.now)
    return done


@transaction.atomic
def record_payment(
    case: Transaction,
    *,
    payment_reference: str,
    by: User | None,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Mark the fee as paid under the payment's own number: by a clerk, or by the system when the bank has told of it.
    Event, notice, journal.
    """
    transition = begin(case, "record_payment", by=by, now=now, version=version)
    transition.facts.update(decisions.mark_paid(transition.case, payment_reference, by, transition.now))
    return papers.enter_payment(finish(transition), transition.facts, transition.now)


@transaction.atomic
def issue(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Issue the document of the service under an outgoing number, signed in the journal. Event, notice."""
    transition = begin(case, "issue", by=by, now=now, version=version)
    recipient = issuing.recipient_outside(transition.case) or transition.case.applicant.full_name
    return _close_outgoing(transition, recipient=recipient)


@transaction.atomic
def dispatch(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Send the approved file to the body outside, under an outgoing number. Journal, event, notice."""
    transition = begin(case, "dispatch", by=by, now=now, version=version)
    return _close_outgoing(transition, recipient=issuing.recipient_outside(transition.case))


def _close_outgoing(transition: Transition, *, recipient: str) -> Transaction:
    number = issuing.enter_outgoing(transition, recipient=recipient)
    transition.case.issued_at = transition.now
    done = finish(transition)
    papers.issue_document(done, transition.event, number, transition.now)
    return done


@transaction.atomic
def refer(
    case: Transaction,
    *,
    to: Office,
    reason: Written,
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Send the file to another deciding office, with a reason. Outgoing number here; registration waits there."""
    transition = begin(case, "refer", by=by, now=now, version=version, for_applicant=reason)
    here = require_office(transition.case)
    if to.kind not in (OfficeKind.SUB_MUNICIPALITY, OfficeKind.CENTRAL) or to.suspended or to.pk == here.pk:
        raise Invalid([Problem("to", _("The case cannot be referred to this office."), "wrong_office")])
    line = registers.enter_line(
        transition.case, office_id=here.pk, direction=Direction.OUTGOING, by=by, now=transition.now, counterpart=to
    )
    transition.case.branch = transition.case.held_by = to
    transition.facts.update(sent_by=here.code, to=to.code, outgoing=line.number, hijri_year=hijri_year(transition.now))
    return finish(transition, rule="staff.referral")


@transaction.atomic
def withdraw(
    case: Transaction, *, by: User, reason: str = "", now: datetime | None = None, version: int | None = None
) -> Transaction:
    """The applicant cancels; the number stays. Event, notice."""
    transition = begin(case, "withdraw", by=by, now=now, version=version, reason=reason)
    transition.case.withdrawn_at = transition.now
    dropped = objections.drop(transition)
    done = finish(transition)
    objections.mark_lapsed(transition, dropped)
    return done


@transaction.atomic
def file(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Close a finished file for good. Event."""
    transition = begin(case, "file", by=by, now=now, version=version)
    objections.refuse_while_waiting(transition)
    transition.case.filed_at = transition.now
    return finish(transition)


@transaction.atomic
def reopen(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Take a refused or withdrawn file up again under its number. The earlier outcome stays in its events."""
    transition = begin(case, "reopen", by=by, now=now, version=version, for_applicant=reason)
    objections.refuse_while_waiting(transition)
    if transition.case.branch is None:
        raise DomainError("never_routed", _("This request was withdrawn before it reached an office."))
    transition.case.rejected_at = transition.case.withdrawn_at = transition.case.approved_at = None
    transition.case.decision_reason, transition.case.decision_own_words = "", None
    return finish(transition)


@dataclass(frozen=True)
class Arrival:
    """Where a request goes and why (`routing` decides). `centre_id` is None where the branch is the counter."""

    case: Transaction
    branch_id: int
    centre_id: int | None
    rule: str
    facts: dict[str, str]


def waiting_to_arrive(pks: Sequence[int]) -> list[Transaction]:
    """Those of these requests that still wait to be routed, locked. Call inside the transaction that routes them."""
    waiting = Transaction.objects.select_for_update().filter(pk__in=pks, status=Status.SUBMITTED).order_by("pk")
    return list(waiting)


def arrive(arrivals: Sequence[Arrival], *, now: datetime) -> None:
    """The system brings locked requests to their offices, all in three statements. Events with rule and facts."""
    events = []
    for arrival in arrivals:
        transition = check(arrival.case, "route", by=None, now=now)
        transition.case.branch_id = transition.case.held_by_id = arrival.branch_id
        transition.case.centre_id = arrival.centre_id
        transition.facts.update(arrival.facts)
        events.append(apply(transition, rule=arrival.rule))
    _update_arrived.many([arrival.case for arrival in arrivals])
    Event.objects.bulk_create(Event(**event) for event in events)
