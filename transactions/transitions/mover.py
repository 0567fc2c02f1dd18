"""The single mover: locks a row, checks the move against the table under the lock, carries it out.

`begin` locks the row and re-checks that nobody was faster and that the table allows the move; `finish` writes status,
stage, clock and office, the event, the notices. Both in one transaction, so a crash anywhere leaves the file where it
was. The intents of people and system are in `moves`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from core.text import prose
from municipality.calendar import WorkingCalendar
from municipality.models import Office
from municipality.services import current_calendar
from municipality.services import get_office as office_by_key

from .. import access
from ..domain import clock, placeholders
from ..domain.errors import DomainError, Invalid, NotVisible, Problem
from ..domain.service_types import Location, Stage
from ..domain.text_length import validate_text_length
from ..domain.workflow import BY_NAME, CLOCK_STOPPED, CLOSED, Actor, Move, MoveName, Status, Target, find_obstacle
from ..incidents import gates, memory
from ..models import Channel, CounterVisit, Direction, Event, Transaction
from ..notifications.notices import is_notified, notify_of_event, recipients_of
from ..text import two_languages
from ..text.two_languages import Written
from ..text.wording import explain_obstacle
from ..visits import permissions as visits
from . import registers
from .signals import moved

# What a move may change; by whom and under which number was asked is written once at intake. Answers change only as a
# new version (services.versions).
MOVE_COLUMNS = (
    *("status", "stage", "version", "branch_id", "centre_id", "held_by_id", "assignee_id"),
    *("decision_reason", "decision_own_words"),
    *("stage_started_at", "paused_at", "paused_days", "stage_paused_days", "due_at", "stage_due_at", "halted_at"),
    *("approved_at", "rejected_at", "issued_at", "withdrawn_at", "closed_at", "filed_at", "objected_at"),
    *("answers", "answers_version", "district_id", "answered_at"),
)


@dataclass
class Transition:
    """A locked transaction on its way from one place in the table to another. `missed_stage` is one before the present
    one that new answers ask for: the file goes there. `written` is the event, once the move is finished.
    """

    case: Transaction
    move: Move
    by: User | None
    acting_as: str
    acting_from: int | None
    now: datetime
    reason: str
    facts: dict[str, Any] = field(default_factory=dict)
    missed_stage: Stage | None = None
    written: Event | None = None

    def __post_init__(self) -> None:
        self._before = {name: self.case.__dict__[name] for name in MOVE_COLUMNS}

    @property
    def event(self) -> Event:
        """The event of a move that is finished."""
        if self.written is None:
            raise ValueError("the move is not finished yet")
        return self.written

    def changed(self) -> list[str]:
        """The columns this move has changed; the others, and their indexes, are left alone."""
        return [name for name, value in self._before.items() if self.case.__dict__[name] != value]


def begin(
    case: Transaction,
    move_name: str,
    *,
    by: User | None,
    now: datetime | None,
    version: int | None = None,
    reason: str = "",
    for_applicant: Written = "",
    visit: CounterVisit | None = None,
) -> Transition:
    """Lock the row; DomainError `moved_meanwhile` when it is not at `version` any more. Then as `check`."""
    locked = Transaction.objects.select_for_update().filter(pk=case.pk).order_by().first()
    if locked is None:
        raise NotVisible
    _share_relations(case, locked)
    if version is not None and locked.version != version:
        raise DomainError("moved_meanwhile", _explain_overtaken(locked, version, by))
    return check(
        locked, move_name, by=by, now=now or timezone.now(), reason=reason, for_applicant=for_applicant, visit=visit
    )


def _explain_overtaken(case: Transaction, version: int, by: User | None) -> str:
    """Why a page that shows this version is too old: a press that came twice is no colleague's doing."""
    actors = set(case.events.filter(seq__gt=version).values_list("actor", flat=True))
    if by is not None and actors == {by.pk}:
        return _("You have already acted on this case since this page was opened. That action is recorded once.")
    return _("This case has changed since you opened it. Look at it again before you decide.")


def check(
    locked: Transaction,
    move_name: str,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    for_applicant: Written = "",
    visit: CounterVisit | None = None,
) -> Transition:
    """The move, if the table lets this person make it now; DomainError `move_not_allowed`, Invalid without a reason.

    A `reason` is kept as it is written, one `for_applicant` by language as well (`own_words` among the facts).
    `visit` is what a clerk at a counter acts by; one that lasts no more gives nothing.
    """
    move = BY_NAME[move_name]
    lasting = visits.lasting_visit(by, locked, visit, now) if by else None
    capacity = access.get_capacity(by, locked, timezone.localdate(now), visit=lasting)
    stage = locked.current_stage
    hindered = find_obstacle(
        move,
        status=locked.status,
        stage_finish=stage.finish,
        stage_role=stage.role,
        holds=capacity.holds,
        barred=capacity.barred,
    )
    if hindered is not None:
        raise DomainError("move_not_allowed", explain_obstacle(locked, move, hindered))
    acting_as = capacity.acts_as(move, stage.role)
    reason, own_words = _words(locked, move, reason, for_applicant, by_staff=acting_as in Role.values)
    acting_from = capacity.places.get(acting_as)
    gates.refuse_move(locked, move.name, now=now, at_counter=lasting is not None, acting=acting_from)
    return Transition(
        locked, move, by, acting_as, acting_from, now, reason, facts=_by_delegation(locked, by, acting_as) | own_words
    )


def _words(
    case: Transaction, move: Move, reason: str, for_applicant: Written, *, by_staff: bool
) -> tuple[str, dict[str, dict[str, str]]]:
    """The reason in one language, and the fact that holds all there are; Invalid with what is wrong with them."""
    own_words = two_languages.given(for_applicant, case.language)
    reason = own_words.get(case.language, "") if for_applicant else prose(reason)
    if move.needs_reason and not reason and not own_words:
        raise Invalid([Problem("reason", _("Give the reason in words the applicant understands."), "required")])
    if for_applicant:
        problems = two_languages.problems_of("reason", own_words, case.language)
    else:
        problems = validate_text_length("reason", reason)
        problems += placeholders.validate_filled("reason", reason) if by_staff else []
    if problems:
        raise Invalid(problems)
    return reason, {"own_words": own_words} if own_words else {}


def _by_delegation(case: Transaction, by: User | None, acting_as: str) -> dict[str, Any]:
    """By which paper somebody moves it for its owner; empty for everybody else."""
    operation = access.OPERATION_OF.get(acting_as)
    if by is None or operation is None or (acting_as == Actor.APPLICANT and access.acts_for_office(by, case)):
        return {}
    held = access.delegation_about(by, case, operation)
    return {"delegation": held.pk} if held else {}


def _share_relations(known: Transaction, locked: Transaction) -> None:
    """Hand over related rows the caller has read already, where they are still the related ones."""
    for name in ("applicant", "authorisation", "held_by", "branch"):
        cached = known._state.fields_cache.get(name)
        if cached is not None and cached.pk == getattr(locked, f"{name}_id"):
            locked._state.fields_cache[name] = cached


def finish(transition: Transition, *, rule: str = "") -> Transaction:
    """Carry the move out and write it down: what changed of the row, the event, the notices."""
    event = apply(transition, rule=rule)
    transition.case.save(update_fields=transition.changed())
    transition.written = written = Event.objects.create(**event)
    case = transition.case
    if is_notified(written):
        notify_of_event(written, _people_of(case, transition.now), transition.now)
    moved.send(Transaction, case=case, event=written)
    return case


def _people_of(case: Transaction, now: datetime) -> list[User]:
    return recipients_of(case.applicant, case.authorisation, now, service=case.service)


def apply(transition: Transition, *, rule: str) -> dict[str, Any]:
    """Carry the move out in memory, registers apart; returns the event that tells of it."""
    case, move, now = transition.case, transition.move, transition.now
    before = (case.status, case.stage)
    status, stage = (
        (transition.missed_stage.status, transition.missed_stage) if transition.missed_stage else _target(case, move)
    )
    _transfer_to_office(transition, stage)  # before the clock: an incident stops it at some offices only
    _update_clock(transition, status, stage)
    case.status, case.stage = status, stage.code
    case.version += 1
    if move.name == MoveName.ANSWER:
        case.answered_at = now
    elif transition.by is not None:
        case.answered_at = None
    return {
        "transaction": case,
        "seq": case.version,
        "at": now,
        "move": move.name,
        "actor": transition.by,
        "actor_role": transition.acting_as,
        "from_status": before[0],
        "to_status": case.status,
        "from_stage": before[1],
        "to_stage": case.stage,
        "office_id": transition.acting_from,
        "reason": transition.reason,
        "rule": rule,
        "facts": transition.facts,
    }


def _target(case: Transaction, move: Move) -> tuple[Status, Stage]:
    service, stage = case.service_type, case.current_stage
    match move.target:
        case Target.NEXT_STAGE:
            after = service.stage_after(stage.code, case.answers)
            if after is None:
                raise _leads_nowhere()
            return after.status, after
        case Target.DECISION:
            decision = service.decision_after(stage.code, case.answers)
            if decision is None:
                raise _leads_nowhere()
            return decision.status, decision
        case Target.STAGE_BEFORE:
            stage = service.stage_before(stage.code, case.answers)
            return stage.status, stage
        case Target.FIRST_STUDY:
            stage = service.first_study()
            return stage.status, stage
        case Target.REGISTRATION:
            return Status.INCOMING, service.stages[0]
        case Target.SAME_STAGE:
            return stage.status, stage
        case Target.UNCHANGED:
            return Status(case.status), stage
        case Target.AS_OBJECTED:
            taken_back = case.status in (Status.REJECTED, Status.FILED, Status.RETURNED)
            return (stage.status, stage) if taken_back else (Status(case.status), stage)
        case Target.BEFORE_WITHDRAWAL:
            withdrawn = case.events.filter(move="withdraw").order_by("-seq").values_list("from_status", flat=True)
            return Status(withdrawn[0]), stage
        case status:
            return Status(status), stage


def _leads_nowhere() -> DomainError:
    """For a press on a case whose service, or the rest of its stages, has left the catalogue meanwhile."""
    return DomainError(
        "service_gone",
        _(
            "The portal no longer holds the stages that come after this one, so the case stays where it is. Tell an "
            "administrator: the service has to be put back first."
        ),
    )


def _update_clock(transition: Transition, status: Status, stage: Stage) -> None:
    """Stop, resume and set the due dates; a new stage starts its own clock, and so does arriving at an office."""
    case, now, calendar = transition.case, transition.now, current_calendar()
    read = _read_clock(transition, status, stage)
    case.paused_at = (case.paused_at or now) if status in CLOCK_STOPPED else None
    case.closed_at = (case.closed_at or now) if status in CLOSED else None
    if stage.code != case.stage or _arrives(transition, status):
        case.stage_started_at, case.assignee_id = now, None
    case.paused_days, case.stage_paused_days, case.halted_at = read
    if status not in CLOSED:
        case.due_at, case.stage_due_at = due_dates(case, status, stage, calendar)


def _arrives(transition: Transition, status: Status) -> bool:
    return status is Status.INCOMING and transition.move.target is not Target.UNCHANGED


def _read_clock(transition: Transition, status: Status, stage: Stage) -> clock.Reading:
    """The clock after this move: from all events where an incident touched the time since the request was made, and
    else from what the row says already.
    """
    case, now, calendar = transition.case, transition.now, current_calendar()
    pauses = memory.since(case.submitted_at, case.service)
    if pauses:
        office = office_by_key(case.held_by_id).code if case.held_by_id else ""
        last = clock.Step(now, status, case.stage, stage.code, office, _arrives(transition, status))
        return clock.read([*_steps_of(case), last], calendar, pauses, service=case.service, now=now)
    # Waiting and being closed are two pauses, each added when it ends: a request may be withdrawn while it waits.
    ended = None
    if case.paused_at and status not in CLOCK_STOPPED:
        ended = case.paused_at
    elif case.closed_at and status not in CLOSED:
        ended = case.closed_at
    days = calendar.working_days_between(ended, now) if ended else 0
    begins = stage.code != case.stage or _arrives(transition, status)
    return clock.Reading(case.paused_days + days, 0 if begins else case.stage_paused_days + days)


def _steps_of(case: Transaction) -> list[clock.Step]:
    """What the clock reads of the events so far; of a request nobody has moved yet, without a question, unless it lay
    at a centre on paper before.
    """
    if case.status == Status.SUBMITTED and case.channel != Channel.PAPER:
        return [clock.Step(case.submitted_at, case.status, "", case.stage)]
    return [clock.step_of(*row) for row in case.events.order_by("seq").values_list(*clock.STEP)]


def due_dates(
    case: Transaction, status: str, stage: Stage, calendar: WorkingCalendar
) -> tuple[datetime | None, datetime | None]:
    """The due dates of an open file, the whole one's and the stage's; none while its clock stands still."""
    if status in CLOCK_STOPPED or case.halted_at is not None:
        return None, None
    days = case.service_type.working_days_for(case.answers)
    return (
        clock.due_moment(case.submitted_at, days, case.paused_days, calendar),
        clock.due_moment(case.stage_started_at, stage.working_days, case.stage_paused_days, calendar),
    )


def require_office(case: Transaction) -> Office:
    """The office that holds the file; the table lets nobody do this before there is one."""
    if case.held_by is None:
        raise ValueError(f"{case.reference} has not reached an office")
    return case.held_by


def _transfer_to_office(transition: Transition, stage: Stage) -> None:
    """Carry the file to the office where its stage is done, through both registers."""
    case = transition.case
    if transition.move.name == "route" or case.held_by is None or case.branch is None:
        return
    office = case.branch
    if stage.location is Location.INFORMAL_AREAS:
        here_already = case.held_by.code == Location.INFORMAL_AREAS
        office = case.held_by if here_already else Office.objects.get(code=Location.INFORMAL_AREAS.value)
    if case.held_by_id == office.pk:
        return
    here = case.held_by
    sent = registers.enter_line(
        case,
        office_id=here.pk,
        direction=Direction.OUTGOING,
        by=transition.by,
        now=transition.now,
        counterpart=office,
    )
    registers.enter_line(
        case,
        office_id=office.pk,
        direction=Direction.INCOMING,
        by=transition.by,
        now=transition.now,
        counterpart=here,
    )
    transition.facts.update(sent_by=here.code, to=office.code, outgoing=sent.number, hijri_year=sent.hijri_year)
    case.held_by = office
