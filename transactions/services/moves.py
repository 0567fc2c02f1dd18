"""The single mover and the intents of staff and applicants.

`_begin` locks the row, re-checks under the lock that nobody was faster and that the table allows the move;
`_finish` writes status, stage, clock and office, the event, the notices. One transaction, so a crash anywhere
leaves the file where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import StaffPost, User
from municipality.hijri import hijri_year
from municipality.models import Office, OfficeKind
from municipality.services import current_calendar

from .. import access, clock
from ..errors import DomainError, Invalid, NotVisible, Problem
from ..models import Deficiency, Direction, Transaction, TransactionQuerySet
from ..prepared import Prepared
from ..service_types import Place, Stage
from ..wording import why_not
from ..workflow import BY_NAME, CLOCK_STOPPED, CLOSED, Move, Status, To, obstacle
from . import decisions, registers
from .notices import announce, insert_event

# What a move may change; what was asked, by whom and under which number, is written once at intake.
WRITTEN = (
    *("status", "stage", "version", "branch_id", "centre_id", "held_by_id", "assignee_id", "decision_reason"),
    *("stage_started_at", "paused_at", "paused_days", "stage_paused_days", "due_at", "stage_due_at"),
    *("approved_at", "rejected_at", "issued_at", "withdrawn_at", "closed_at", "filed_at"),
)


COLUMNS = tuple(field.attname for field in Transaction._meta.concrete_fields)
_locked = Prepared(
    lambda pk: Transaction.objects.select_for_update().filter(pk=pk).order_by().values_list(*COLUMNS), int
)


@dataclass
class _Moving:
    """A locked transaction on its way from one place in the table to another."""

    case: Transaction
    move: Move
    by: User | None
    acting_as: str
    now: datetime
    reason: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = {name: self.case.__dict__[name] for name in WRITTEN}

    def changed(self) -> list[str]:
        """The columns this move has changed; the others, and their indexes, are left alone."""
        return [name for name, value in self._before.items() if self.case.__dict__[name] != value]


def _begin(
    case: Transaction,
    move_name: str,
    *,
    by: User | None,
    now: datetime | None,
    version: int | None = None,
    reason: str = "",
) -> _Moving:
    now = now or timezone.now()
    move = BY_NAME[move_name]
    rows = _locked.rows(case.pk)
    if not rows:
        raise NotVisible
    locked = Transaction.from_db(case._state.db, COLUMNS, rows[0])
    _share_relations(case, locked)
    if version is not None and locked.version != version:
        raise DomainError(
            "moved_meanwhile",
            _("Someone else acted on this file a moment ago. Look at it again before you decide."),
        )
    capacity = access.capacity(by, locked, timezone.localdate(now))
    stage = locked.current_stage
    hindered = obstacle(
        move, status=locked.status, stage_finish=stage.finish, stage_role=stage.role, holds=capacity.holds
    )
    if hindered is not None:
        raise DomainError("move_not_allowed", why_not(locked, move, hindered))
    reason = reason.strip()
    if move.needs_reason and not reason:
        raise Invalid([Problem("reason", _("Give the reason in words the applicant understands."), "required")])
    return _Moving(locked, move, by, capacity.acts_as(move, stage.role), now, reason)


def _share_relations(known: Transaction, locked: Transaction) -> None:
    """Hand over related rows the caller has read already, where they are still the related ones."""
    for name in ("applicant", "authorisation", "held_by", "branch"):
        cached = known._state.fields_cache.get(name)
        if cached is not None and cached.pk == getattr(locked, f"{name}_id"):
            locked._state.fields_cache[name] = cached


def _finish(moving: _Moving, *, rule: str = "") -> Transaction:
    case, move, now = moving.case, moving.move, moving.now
    before = (case.status, case.stage)
    status, stage = _target(case, move)
    _turn_clock(case, status, stage, now)
    case.status, case.stage = status, stage.code
    _stand_at(moving, stage)
    case.version += 1
    case.save(update_fields=moving.changed())
    event = insert_event(
        transaction=case,
        seq=case.version,
        at=now,
        move=move.name,
        actor=moving.by,
        actor_role=moving.acting_as,
        from_status=before[0],
        to_status=case.status,
        from_stage=before[1],
        to_stage=case.stage,
        office_id=case.held_by_id,
        reason=moving.reason,
        rule=rule,
        facts=moving.facts,
    )
    announce(case, event, now)
    return case


def _target(case: Transaction, move: Move) -> tuple[Status, Stage]:
    service, stage = case.service_type, case.current_stage
    match move.target:
        case To.NEXT_STAGE:
            after = service.stage_after(stage.code, case.answers)
            if after is None:
                raise ValueError(f"{service.code}: stage {stage.code} has nothing after it")
            return after.status, after
        case To.STAGE_BEFORE:
            stage = service.stage_before(stage.code, case.answers)
            return stage.status, stage
        case To.FIRST_STUDY:
            stage = service.first_study()
            return stage.status, stage
        case To.REGISTRATION:
            return Status.INCOMING, service.stages[0]
        case To.SAME_STAGE:
            return stage.status, stage
        case To.UNCHANGED:
            return Status(case.status), stage
        case status:
            return Status(status), stage


def _turn_clock(case: Transaction, status: Status, stage: Stage, now: datetime) -> None:
    """Stop, resume and set the due dates; a new stage starts its own clock."""
    calendar = current_calendar()
    stopped_since = case.paused_at or case.closed_at
    if stopped_since and status not in CLOCK_STOPPED | CLOSED:
        days = calendar.working_days_between(stopped_since, now)
        case.paused_days += days
        case.stage_paused_days += days
    case.paused_at = (case.paused_at or now) if status in CLOCK_STOPPED else None
    case.closed_at = (case.closed_at or now) if status in CLOSED else None
    if stage.code != case.stage or status is Status.INCOMING:
        case.stage_started_at, case.stage_paused_days = now, 0
        case.assignee_id = None
    if status in CLOCK_STOPPED:
        case.due_at = case.stage_due_at = None
    elif status not in CLOSED:
        service = case.service_type
        case.due_at = clock.due(case.submitted_at, service.working_days_for(case.answers), case.paused_days, calendar)
        case.stage_due_at = clock.due(case.stage_started_at, stage.working_days, case.stage_paused_days, calendar)


def _here(case: Transaction) -> Office:
    """The office that holds the file; the table lets nobody do this before there is one."""
    if case.held_by is None:
        raise ValueError(f"{case.reference} has not reached an office")
    return case.held_by


def _stand_at(moving: _Moving, stage: Stage) -> None:
    """Carry the file to the office where its stage is done, through both registers."""
    case = moving.case
    if case.held_by is None or case.branch is None or moving.move.name == "route":
        return
    office = case.branch
    if stage.place is Place.INFORMAL_AREAS:
        here_already = case.held_by.code == Place.INFORMAL_AREAS
        office = case.held_by if here_already else Office.objects.get(code=Place.INFORMAL_AREAS.value)
    if case.held_by_id == office.pk:
        return
    here = case.held_by
    sent = registers.enter(
        case,
        office_id=here.pk,
        direction=Direction.OUTGOING,
        by=moving.by,
        now=moving.now,
        counterpart=office,
    )
    registers.enter(
        case,
        office_id=office.pk,
        direction=Direction.INCOMING,
        by=moving.by,
        now=moving.now,
        counterpart=here,
    )
    moving.facts.update(sent_by=here.code, outgoing=sent.number, hijri_year=sent.hijri_year)
    case.held_by = office


@transaction.atomic
def register(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Enter the file in the incoming register of the office that holds it. Event, number, notice."""
    moving = _begin(case, "register", by=by, now=now, version=version)
    line = registers.enter(
        moving.case, office_id=_here(moving.case).pk, direction=Direction.INCOMING, by=by, now=moving.now
    )
    moving.facts.update(incoming=line.number, hijri_year=line.hijri_year)
    return _finish(moving)


@transaction.atomic
def take(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Assign the file to oneself. Event."""
    moving = _begin(case, "take", by=by, now=now, version=version)
    moving.case.assignee = by
    return _finish(moving)


def take_next(waiting: TransactionQuerySet, *, by: User, now: datetime | None = None) -> Transaction | None:
    """Take the first free file of a queue. Two who press at once get two files; None when nothing is free."""
    for case in waiting.filter(assignee=None)[:20]:
        try:
            with transaction.atomic():
                return take(case, by=by, now=now, version=case.version)
        except DomainError:
            continue
    return None


@transaction.atomic
def reassign(
    case: Transaction, *, to: User, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Give the file to a colleague who holds the stage's role in the same office. Event."""
    moving = _begin(case, "reassign", by=by, now=now, version=version)
    stage = moving.case.current_stage
    posts = StaffPost.objects.current(timezone.localdate(moving.now))
    if not posts.filter(user=to, office=moving.case.held_by, role=stage.role).exists():
        raise DomainError("wrong_assignee", _("This colleague does not do this stage in this office."))
    moving.case.assignee = to
    moving.facts["to"] = to.pk
    return _finish(moving)


@transaction.atomic
def recommend(
    case: Transaction, *, by: User, note: str = "", now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Pass a complete and compliant file on to the next stage. Event, and movements when the office changes."""
    return _finish(_begin(case, "recommend", by=by, now=now, version=version, reason=note))


@dataclass(frozen=True)
class Asked:
    """One deficiency to list in a return; an empty sentence takes the catalogue's, in the applicant's language."""

    code: str
    sentence: str = ""


@transaction.atomic
def return_for_completion(
    case: Transaction,
    *,
    deficiencies: Iterable[Asked],
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Send the file back with every deficiency at once; the clock stops. Event, deficiencies, notice."""
    moving = _begin(case, "return", by=by, now=now, version=version)
    known = {entry.code: entry for entry in moving.case.service_type.deficiencies}
    with translation.override(moving.case.language):
        usual = {code: str(entry.sentence) for code, entry in known.items()}
    asked = {item.code: item for item in deficiencies}
    if not asked:
        raise Invalid([Problem("deficiencies", _("Choose at least one thing to be completed."), "required")])
    if unknown := sorted(set(asked) - set(known)):
        raise Invalid([Problem("deficiencies", _("Unknown code: %s") % ", ".join(unknown), "unknown_code")])
    round_ = 1 + moving.case.events.filter(move="return").count()
    Deficiency.objects.bulk_create(
        Deficiency(
            transaction=moving.case,
            round=round_,
            code=code,
            sentence=item.sentence.strip() or usual[code],
            about=known[code].about,
        )
        for code, item in asked.items()
    )
    moving.facts.update(count=len(asked), round=round_, codes=sorted(asked))
    return _finish(moving)


@transaction.atomic
def answer(
    case: Transaction,
    *,
    answers: dict[int, str],
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Answer every open deficiency (by its id); the same number goes on and the clock resumes. Event.

    Each answer is a sentence, or one or more files attached to the deficiency beforehand, or both.
    """
    moving = _begin(case, "answer", by=by, now=now, version=version)
    waiting = list(moving.case.deficiencies.filter(answered_at=None).prefetch_related("attachments"))
    if strangers := set(answers) - {item.pk for item in waiting}:
        raise Invalid([Problem(f"answers.{sorted(strangers)[0]}", _("This was not asked."), "unknown")])
    problems = []
    for item in waiting:
        item.answer = answers.get(item.pk, "").strip()
        item.answered_at = moving.now
        files = [file for file in item.attachments.all() if file.removed_at is None]
        if not item.answer and not files:
            problems.append(
                Problem(f"answers.{item.pk}", _("Answer this in words, or attach the document."), "required")
            )
    if problems:
        raise Invalid(problems)
    Deficiency.objects.bulk_update(waiting, ["answer", "answered_at"])
    moving.facts["count"] = len(waiting)
    return _finish(moving)


@transaction.atomic
def send_back(
    case: Transaction, *, reason: str, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Supervisor to reviewer: one stage back, with a reason. Event."""
    return _finish(_begin(case, "send_back", by=by, now=now, version=version, reason=reason))


@transaction.atomic
def approve(
    case: Transaction, *, by: User, note: str = "", now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Decide for the applicant. Works out the fee, enters the decision in the journal. Event, notice."""
    moving = _begin(case, "approve", by=by, now=now, version=version, reason=note)
    moving.case.approved_at = moving.now
    moving.facts.update(decisions.work_out_fee(moving.case, moving.now))
    done = _finish(moving)
    decisions.enter_decision(done, "approved", moving.now)
    return done


@transaction.atomic
def reject(
    case: Transaction, *, reason: str, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Decide against the applicant, who reads the reason word for word. Journal, event, notice."""
    moving = _begin(case, "reject", by=by, now=now, version=version, reason=reason)
    moving.case.rejected_at, moving.case.decision_reason = moving.now, moving.reason
    done = _finish(moving)
    decisions.enter_decision(done, "rejected", moving.now)
    return done


@transaction.atomic
def record_payment(
    case: Transaction,
    *,
    payment_reference: str,
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Mark the fee as paid under the payment's own number. Event, notice."""
    moving = _begin(case, "record_payment", by=by, now=now, version=version)
    moving.facts.update(decisions.mark_paid(moving.case, payment_reference, by, moving.now))
    return _finish(moving)


@transaction.atomic
def issue(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Issue the document of the service under an outgoing number, signed in the journal. Event, notice."""
    moving = _begin(case, "issue", by=by, now=now, version=version)
    return _leave(moving, recipient=str(moving.case.service_type.output.recipient) or moving.case.applicant.full_name)


@transaction.atomic
def dispatch(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Send the approved file to the body outside, under an outgoing number. Journal, event, notice."""
    moving = _begin(case, "dispatch", by=by, now=now, version=version)
    return _leave(moving, recipient=str(moving.case.service_type.output.recipient))


def _leave(moving: _Moving, *, recipient: str) -> Transaction:
    case = moving.case
    here = _here(case)
    line = registers.enter(
        case,
        office_id=here.pk,
        direction=Direction.OUTGOING,
        by=moving.by,
        now=moving.now,
        recipient=recipient[:120],
    )
    number = f"{here.code}-{line.hijri_year}-{line.number:06d}"
    moving.facts.update(outgoing=line.number, hijri_year=line.hijri_year, number=number)
    case.issued_at = moving.now
    done = _finish(moving)
    decisions.issue_document(done, number, moving.now)
    return done


@transaction.atomic
def refer(
    case: Transaction,
    *,
    to: Office,
    reason: str,
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Send the file to another deciding office, with a reason. Outgoing number here; registration waits there."""
    moving = _begin(case, "refer", by=by, now=now, version=version, reason=reason)
    here = _here(moving.case)
    if to.kind not in (OfficeKind.SUB_MUNICIPALITY, OfficeKind.CENTRAL) or to.suspended or to.pk == here.pk:
        raise Invalid([Problem("to", _("The file cannot be referred to this office."), "wrong_office")])
    line = registers.enter(
        moving.case, office_id=here.pk, direction=Direction.OUTGOING, by=by, now=moving.now, counterpart=to
    )
    moving.case.branch = moving.case.held_by = to
    moving.facts.update(sent_by=here.code, to=to.code, outgoing=line.number, hijri_year=hijri_year(moving.now))
    return _finish(moving, rule="staff.referral")


@transaction.atomic
def withdraw(
    case: Transaction, *, by: User, reason: str = "", now: datetime | None = None, version: int | None = None
) -> Transaction:
    """The applicant cancels; the number stays. Event, notice."""
    moving = _begin(case, "withdraw", by=by, now=now, version=version, reason=reason)
    moving.case.withdrawn_at = moving.now
    return _finish(moving)


@transaction.atomic
def file(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Close a finished file for good. Event."""
    moving = _begin(case, "file", by=by, now=now, version=version)
    moving.case.filed_at = moving.now
    return _finish(moving)


@transaction.atomic
def reopen(
    case: Transaction, *, reason: str, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Take a refused or withdrawn file up again under its number. The earlier outcome stays in its events."""
    moving = _begin(case, "reopen", by=by, now=now, version=version, reason=reason)
    if moving.case.branch is None:
        raise DomainError("never_routed", _("This request was withdrawn before it reached an office."))
    moving.case.rejected_at = moving.case.withdrawn_at = None
    moving.case.decision_reason = ""
    moving.case.approved_at = None
    return _finish(moving)


@transaction.atomic
def arrive(
    case: Transaction,
    *,
    branch_id: int,
    centre_id: int | None,
    rule: str,
    facts: dict[str, str],
    now: datetime,
) -> Transaction:
    """The system brings a routed request to its office (services.routing decides). Event with rule and facts."""
    moving = _begin(case, "route", by=None, now=now)
    moving.case.branch_id = moving.case.held_by_id = branch_id
    moving.case.centre_id = centre_id
    moving.facts.update(facts)
    return _finish(moving, rule=rule)
