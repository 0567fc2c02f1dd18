"""The lifecycle as a table: which move is open from which status, where it leads, and to whom it is allowed. Pure.

docs/workflow.md is rendered from MOVES (`manage.py write_workflow`), and a test fails when it is stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Status(TextChoices):
    SUBMITTED = "submitted", pgettext_lazy("status", "Submitted")
    INCOMING = "incoming", _("Incoming, awaiting registration")
    UNDER_ADMIN_AUDIT = "under_admin_audit", _("Under administrative audit")
    UNDER_STUDY = "under_study", _("Under study")
    UNDER_TECH_AUDIT = "under_tech_audit", _("Under technical audit")
    AWAITING_SUPERVISOR = "awaiting_supervisor", _("Awaiting supervisor approval")
    RETURNED = "returned", _("Returned for completion")
    AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
    APPROVED = "approved", _("Approved")
    ISSUED = "issued", _("Issued")
    COMPLETED = "completed", _("Completed")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Cancelled by applicant")
    FILED = "filed", _("Closed and archived")


STUDY = frozenset({Status.UNDER_ADMIN_AUDIT, Status.UNDER_STUDY, Status.UNDER_TECH_AUDIT})
IN_HAND = STUDY | {Status.INCOMING, Status.AWAITING_SUPERVISOR, Status.APPROVED}
# The file waits for the applicant, so the clock of the municipality stands still.
CLOCK_STOPPED = frozenset({Status.RETURNED, Status.AWAITING_PAYMENT})
OPEN = IN_HAND | CLOCK_STOPPED | {Status.SUBMITTED}
CLOSED = frozenset(Status) - OPEN
DECIDED_FOR = frozenset({Status.AWAITING_PAYMENT, Status.APPROVED, Status.ISSUED, Status.COMPLETED})


class To(StrEnum):
    """Targets that depend on where the file is among the stages of its service."""

    NEXT_STAGE = "next stage"
    SAME_STAGE = "same stage"
    STAGE_BEFORE = "stage before"
    FIRST_STUDY = "first study"
    REGISTRATION = "registration elsewhere"
    UNCHANGED = "unchanged"


class Who(StrEnum):
    """Who may move. Roles carry the values of accounts.models.Role and count only in the office that holds the file."""

    SYSTEM = "system"
    # Who made a request, or the engineering office that acts for them; OWNER is themselves and nobody else.
    APPLICANT = "applicant"
    OWNER = "owner"
    STAGE_ROLE = "stage role"
    CENTRE_CLERK = "centre_clerk"
    # A clerk of any centre while the applicant stands before them (models.CounterVisit).
    AT_COUNTER = "at_counter"
    REGISTRY_CLERK = "registry_clerk"
    REVIEWER = "reviewer"
    INFORMAL_AREAS = "informal_areas"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"


# Who on the staff may work a stage.
STAGE_ROLES = frozenset({Who.REGISTRY_CLERK, Who.REVIEWER, Who.INFORMAL_AREAS, Who.INSPECTOR, Who.SUPERVISOR})


class MoveName(StrEnum):
    """The moves of the table by name, so that a stage cannot end with one there is not."""

    ROUTE = "route"
    REGISTER = "register"
    TAKE = "take"
    REASSIGN = "reassign"
    GIVE_BACK = "give_back"
    HAND_OVER = "hand_over"
    STAY = "stay"
    RECOMMEND = "recommend"
    INSPECT = "inspect"
    RETURN = "return"
    ANSWER = "answer"
    CORRECT = "correct"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    REJECT = "reject"
    RECORD_PAYMENT = "record_payment"
    ISSUE = "issue"
    DISPATCH = "dispatch"
    REFER = "refer"
    WITHDRAW = "withdraw"
    FILE = "file"
    REOPEN = "reopen"


@dataclass(frozen=True)
class Move:
    """`forward` moves end a stage and are open only when that stage names them in `finish`. Moves that only hand work
    out are not `hands_on`: they say nothing about the file, and HANDS does not ask who makes them.
    """

    name: MoveName
    label: StrOrPromise
    consequence: StrOrPromise
    sources: frozenset[Status]
    target: Status | To
    who: tuple[Who, ...]
    forward: bool = False
    needs_reason: bool = False
    hands_on: bool = True


MOVES: tuple[Move, ...] = (
    Move(
        MoveName.ROUTE,
        _("Route"),
        _("The request goes to the office that will handle it."),
        frozenset({Status.SUBMITTED}),
        Status.INCOMING,
        (Who.SYSTEM,),
    ),
    Move(
        MoveName.REGISTER,
        _("Register"),
        _("The case gets an incoming number of this office and goes on to study."),
        frozenset({Status.INCOMING}),
        To.NEXT_STAGE,
        (Who.REGISTRY_CLERK,),
        forward=True,
    ),
    Move(
        MoveName.TAKE,
        _("Take this case"),
        _("The case is assigned to you; nothing else changes."),
        IN_HAND,
        To.UNCHANGED,
        (Who.STAGE_ROLE,),
    ),
    Move(
        MoveName.REASSIGN,
        _("Reassign"),
        _("The case is assigned to the colleague you choose."),
        STUDY | {Status.AWAITING_SUPERVISOR},
        To.UNCHANGED,
        (Who.SUPERVISOR,),
        hands_on=False,
    ),
    Move(
        MoveName.GIVE_BACK,
        _("Return to the queue"),
        _("The case is unassigned again, and your colleagues can take it."),
        IN_HAND | {Status.RETURNED},
        To.UNCHANGED,
        (Who.STAGE_ROLE, Who.SYSTEM),
        hands_on=False,
    ),
    Move(
        MoveName.HAND_OVER,
        _("Hand over"),
        _("The case continues at the office that replaces a suspended one, at the same stage and unchanged."),
        OPEN - {Status.SUBMITTED},
        To.UNCHANGED,
        (Who.SYSTEM,),
        hands_on=False,
    ),
    Move(
        MoveName.STAY,
        _("Stay at a suspended office"),
        _("The applicant is told that the office is suspended and the case is waiting there."),
        OPEN - {Status.SUBMITTED},
        To.UNCHANGED,
        (Who.SYSTEM,),
        hands_on=False,
    ),
    Move(
        MoveName.RECOMMEND,
        _("Complete and compliant: pass on"),
        _("The case goes to the next stage."),
        STUDY,
        To.NEXT_STAGE,
        (Who.STAGE_ROLE,),
        forward=True,
    ),
    Move(
        MoveName.INSPECT,
        _("Record the inspection"),
        _(
            "Result and photographs are kept with the case. If the place is as required, the case goes on; if not, it "
            "is returned to the applicant with what you found."
        ),
        STUDY,
        To.NEXT_STAGE,
        (Who.STAGE_ROLE,),
        forward=True,
    ),
    Move(
        MoveName.RETURN,
        _("Return for completion"),
        _("The applicant is asked to complete what you list; the clock stops until they answer."),
        STUDY,
        Status.RETURNED,
        (Who.STAGE_ROLE,),
    ),
    Move(
        MoveName.ANSWER,
        _("Send the answers"),
        _("Your answers go to the reviewer and the clock resumes."),
        frozenset({Status.RETURNED}),
        To.SAME_STAGE,
        (Who.APPLICANT, Who.AT_COUNTER),
    ),
    Move(
        MoveName.CORRECT,
        _("Recorded correction"),
        _("What was typed wrongly is corrected in a new version of the answers; the old one stays on record."),
        STUDY | {Status.INCOMING},
        To.UNCHANGED,
        (Who.STAGE_ROLE,),
        needs_reason=True,
    ),
    Move(
        MoveName.SEND_BACK,
        _("Send back to the reviewer"),
        _("The case goes back one stage with your reason."),
        frozenset({Status.AWAITING_SUPERVISOR}),
        To.STAGE_BEFORE,
        (Who.SUPERVISOR,),
        needs_reason=True,
    ),
    Move(
        MoveName.APPROVE,
        _("Approve"),
        _("The decision is entered in the journal and the applicant is notified."),
        frozenset({Status.AWAITING_SUPERVISOR}),
        To.NEXT_STAGE,
        (Who.SUPERVISOR,),
        forward=True,
    ),
    Move(
        MoveName.REJECT,
        _("Reject"),
        _("The request is refused; your reason goes to the applicant word for word."),
        STUDY | {Status.AWAITING_SUPERVISOR},
        Status.REJECTED,
        (Who.SUPERVISOR,),
        needs_reason=True,
    ),
    Move(
        MoveName.RECORD_PAYMENT,
        _("Record the payment"),
        _("The fee is marked as paid and the case continues."),
        frozenset({Status.AWAITING_PAYMENT}),
        To.NEXT_STAGE,
        (Who.CENTRE_CLERK, Who.REGISTRY_CLERK),
        forward=True,
    ),
    Move(
        MoveName.ISSUE,
        _("Issue"),
        _("The document is issued, signed in the journal, and the applicant is notified."),
        frozenset({Status.APPROVED}),
        Status.ISSUED,
        (Who.REGISTRY_CLERK, Who.SUPERVISOR),
        forward=True,
    ),
    Move(
        MoveName.DISPATCH,
        _("Send out"),
        _("The case gets an outgoing number, addressed to the body named."),
        frozenset({Status.APPROVED}),
        Status.COMPLETED,
        (Who.REGISTRY_CLERK,),
        forward=True,
    ),
    Move(
        MoveName.REFER,
        _("Refer to another office"),
        _("The case leaves this office with an outgoing number and waits to be registered at the other."),
        STUDY | {Status.INCOMING, Status.AWAITING_SUPERVISOR},
        To.REGISTRATION,
        (Who.REGISTRY_CLERK, Who.REVIEWER, Who.SUPERVISOR),
        needs_reason=True,
    ),
    Move(
        MoveName.WITHDRAW,
        _("Withdraw the request"),
        _("The request is cancelled. The number stays; no further action is taken."),
        OPEN - {Status.APPROVED},
        Status.WITHDRAWN,
        (Who.OWNER,),
    ),
    Move(
        MoveName.FILE,
        _("File"),
        _("The case is closed and archived."),
        frozenset({Status.ISSUED, Status.COMPLETED, Status.REJECTED, Status.WITHDRAWN}),
        Status.FILED,
        (Who.REGISTRY_CLERK, Who.SUPERVISOR),
    ),
    Move(
        MoveName.REOPEN,
        _("Re-open"),
        _("The case goes back to its first study under the same number; the earlier outcome stays in its history."),
        frozenset({Status.REJECTED, Status.WITHDRAWN}),
        To.FIRST_STUDY,
        (Who.SUPERVISOR,),
        needs_reason=True,
    ),
)

BY_NAME: dict[str, Move] = {move.name: move for move in MOVES}
# What changes nothing about a file: having done it counts for nothing afterwards. A correction does change it.
HANDED_OUT: frozenset[str] = frozenset({MoveName.TAKE, *(move.name for move in MOVES if not move.hands_on)})


# Hands that check one another: whoever has moved a case in one of them moves it in no other, whatever posts they hold.
# A role in no hand (the system) checks nobody and is checked by nobody.
HANDS: tuple[frozenset[str], ...] = (
    frozenset({Who.APPLICANT.value, Who.OWNER.value}),
    frozenset({Who.CENTRE_CLERK.value, Who.AT_COUNTER.value, Who.REGISTRY_CLERK.value}),
    frozenset({Who.REVIEWER.value}),
    frozenset({Who.INFORMAL_AREAS.value}),
    frozenset({Who.INSPECTOR.value}),
    frozenset({Who.SUPERVISOR.value}),
)


def other_hands(acted_as: Collection[str]) -> frozenset[str]:
    """The capacities closed to somebody who has moved a case in these before."""
    return frozenset(who for hand in HANDS for who in hand if any(acted not in hand for acted in acted_as))


class Obstacle(StrEnum):
    """Why a move is not open."""

    STATUS = "status"
    STAGE = "stage"
    ROLE = "role"
    HANDS = "hands"


def obstacle(
    move: Move,
    *,
    status: str,
    stage_finish: str | None,
    stage_role: str,
    holds: Collection[str],
    barred: Collection[str] = (),
) -> Obstacle | None:
    """What keeps somebody who holds the roles `holds` (Who values) from this move now; None when nothing does.

    `barred` are those of them that `other_hands` closes to this person on this case.
    """
    if status not in move.sources:
        return Obstacle.STATUS
    if move.forward and stage_finish != move.name:
        return Obstacle.STAGE
    takes = {stage_role if who is Who.STAGE_ROLE else who.value for who in move.who}
    if not takes & set(holds):
        return Obstacle.ROLE
    if move.hands_on and not takes & (set(holds) - set(barred)):
        return Obstacle.HANDS
    return None


def allowed(
    move: Move,
    *,
    status: str,
    stage_finish: str | None,
    stage_role: str,
    holds: Collection[str],
    barred: Collection[str] = (),
) -> bool:
    """Say whether the table lets somebody who holds the roles `holds` make this move now."""
    hindered = obstacle(
        move, status=status, stage_finish=stage_finish, stage_role=stage_role, holds=holds, barred=barred
    )
    return hindered is None


def moves_open(
    *, status: str, stage_finish: str | None, stage_role: str, holds: Collection[str], barred: Collection[str] = ()
) -> Iterator[Move]:
    """Every move of the table open to somebody with these roles, in table order."""
    for move in MOVES:
        if allowed(move, status=status, stage_finish=stage_finish, stage_role=stage_role, holds=holds, barred=barred):
            yield move
