"""The lifecycle as a table: which move is open from which status, where it leads, and to whom it is allowed. Pure.

docs/workflow.md is rendered from MOVES (`manage.py write_workflow`), and a test fails when it is stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from .ending_moves import ENDINGS
from .move_kinds import APPLICANT_SIDE as APPLICANT_SIDE
from .move_kinds import STAGE_ROLES as STAGE_ROLES
from .move_kinds import Actor as Actor
from .move_kinds import Move as Move
from .move_kinds import MoveName as MoveName
from .move_kinds import Target as Target
from .rights_moves import RIGHTS
from .statuses import CLOCK_STOPPED as CLOCK_STOPPED
from .statuses import CLOSED as CLOSED
from .statuses import DECIDED_FOR as DECIDED_FOR
from .statuses import IN_HAND as IN_HAND
from .statuses import OPEN as OPEN
from .statuses import STUDY as STUDY
from .statuses import UNDECIDED as UNDECIDED
from .statuses import Status as Status

MOVES: tuple[Move, ...] = (
    Move(
        MoveName.ROUTE,
        _("Route"),
        _("The request goes to the office that will handle it."),
        frozenset({Status.SUBMITTED}),
        Status.INCOMING,
        (Actor.SYSTEM,),
    ),
    Move(
        MoveName.REGISTER,
        _("Register"),
        _("The case gets an incoming number of this office and goes on to study."),
        frozenset({Status.INCOMING}),
        Target.NEXT_STAGE,
        (Actor.REGISTRY_CLERK,),
        forward=True,
    ),
    Move(
        MoveName.TAKE,
        _("Take this case"),
        _("The case is assigned to you; nothing else changes."),
        IN_HAND,
        Target.UNCHANGED,
        (Actor.STAGE_ROLE,),
    ),
    Move(
        MoveName.REASSIGN,
        _("Reassign"),
        _("The case is assigned to the colleague you choose."),
        STUDY | {Status.AWAITING_SUPERVISOR},
        Target.UNCHANGED,
        (Actor.SUPERVISOR, Actor.SYSTEM),
        is_duty=False,
    ),
    Move(
        MoveName.GIVE_BACK,
        _("Return to the queue"),
        _("The case is unassigned again, and your colleagues can take it."),
        IN_HAND | {Status.RETURNED},
        Target.UNCHANGED,
        (Actor.STAGE_ROLE, Actor.SYSTEM),
        is_duty=False,
    ),
    Move(
        MoveName.HAND_OVER,
        _("Hand over"),
        _("The case continues at the office that replaces a suspended one, at the same stage and unchanged."),
        OPEN - {Status.SUBMITTED},
        Target.UNCHANGED,
        (Actor.SYSTEM,),
        is_duty=False,
    ),
    Move(
        MoveName.STAY,
        _("Stay at a suspended office"),
        _("The applicant is told that the office is suspended and the case is waiting there."),
        OPEN - {Status.SUBMITTED},
        Target.UNCHANGED,
        (Actor.SYSTEM,),
        is_duty=False,
    ),
    Move(
        MoveName.STOP_CLOCK,
        _("Stop the clock"),
        _("A declared incident affects the case; the days it lasts are not counted."),
        OPEN,
        Target.UNCHANGED,
        (Actor.SYSTEM,),
        is_duty=False,
    ),
    Move(
        MoveName.OUTSIDE_ANSWER,
        _("Answer of an outside body"),
        _("What it answered is on record, and the applicant is notified."),
        frozenset(Status) - {Status.SUBMITTED},
        Target.UNCHANGED,
        (Actor.SYSTEM,),
        is_duty=False,
    ),
    Move(
        MoveName.RECOMMEND,
        _("Complete and compliant: pass on"),
        _("The case goes to the next stage."),
        STUDY,
        Target.NEXT_STAGE,
        (Actor.STAGE_ROLE,),
        forward=True,
    ),
    Move(
        MoveName.ADVISE_REFUSAL,
        _("Recommend refusal"),
        _("The case goes to the supervisor, who reads your reasons and decides. The applicant does not see them."),
        STUDY,
        Target.DECISION,
        (Actor.STAGE_ROLE,),
        needs_reason=True,
    ),
    Move(
        MoveName.INSPECT,
        _("Record the inspection"),
        _(
            "Result and photographs are kept with the case. If the place is as required, the case goes on; if not, it "
            "is returned to the applicant with what you found."
        ),
        STUDY,
        Target.NEXT_STAGE,
        (Actor.STAGE_ROLE,),
        forward=True,
    ),
    Move(
        MoveName.RETURN,
        _("Return for completion"),
        _("The applicant is asked to complete what you list; the clock stops until they answer."),
        STUDY,
        Status.RETURNED,
        (Actor.STAGE_ROLE,),
    ),
    Move(
        MoveName.REMIND,
        _("Remind the applicant"),
        _("They are told once more what the request waits for; nothing else changes."),
        CLOCK_STOPPED,
        Target.UNCHANGED,
        (Actor.STAGE_ROLE, Actor.SUPERVISOR, Actor.CENTRE_CLERK),
        is_duty=False,
    ),
    Move(
        MoveName.ANSWER,
        _("Send the answers"),
        _("Your answers go to the reviewer and the clock resumes."),
        frozenset({Status.RETURNED}),
        Target.SAME_STAGE,
        (Actor.APPLICANT, Actor.AT_COUNTER),
    ),
    Move(
        MoveName.CORRECT,
        _("Recorded correction"),
        _("What was typed wrongly is corrected in a new version of the answers; the old one stays on record."),
        STUDY | {Status.INCOMING},
        Target.UNCHANGED,
        (Actor.STAGE_ROLE,),
        needs_reason=True,
    ),
    Move(
        MoveName.SEND_BACK,
        _("Send back to the reviewer"),
        _("The case goes back one stage with your reason."),
        frozenset({Status.AWAITING_SUPERVISOR}),
        Target.STAGE_BEFORE,
        (Actor.SUPERVISOR,),
        needs_reason=True,
    ),
    Move(
        MoveName.APPROVE,
        _("Approve"),
        _("The decision is entered in the journal and the applicant is notified."),
        frozenset({Status.AWAITING_SUPERVISOR}),
        Target.NEXT_STAGE,
        (Actor.SUPERVISOR,),
        forward=True,
    ),
    Move(
        MoveName.REJECT,
        _("Reject"),
        _("The request is refused; your reason goes to the applicant word for word."),
        STUDY | {Status.AWAITING_SUPERVISOR},
        Status.REJECTED,
        (Actor.SUPERVISOR,),
        needs_reason=True,
    ),
    Move(
        MoveName.RECORD_PAYMENT,
        _("Record the payment"),
        _("The fee is marked as paid and the case continues."),
        frozenset({Status.AWAITING_PAYMENT}),
        Target.NEXT_STAGE,
        (Actor.CENTRE_CLERK, Actor.REGISTRY_CLERK, Actor.SYSTEM),
        forward=True,
    ),
    Move(
        MoveName.ISSUE,
        _("Issue"),
        _("The document is issued, signed in the journal, and the applicant is notified."),
        frozenset({Status.APPROVED}),
        Status.ISSUED,
        (Actor.REGISTRY_CLERK, Actor.SUPERVISOR),
        forward=True,
    ),
    Move(
        MoveName.DISPATCH,
        _("Send out"),
        _("The case gets an outgoing number, addressed to the body named."),
        frozenset({Status.APPROVED}),
        Status.COMPLETED,
        (Actor.REGISTRY_CLERK,),
        forward=True,
    ),
    Move(
        MoveName.REFER,
        _("Refer to another office"),
        _("The case leaves this office with an outgoing number and waits to be registered at the other."),
        STUDY | {Status.INCOMING, Status.AWAITING_SUPERVISOR},
        Target.REGISTRATION,
        (Actor.REGISTRY_CLERK, Actor.REVIEWER, Actor.SUPERVISOR),
        needs_reason=True,
    ),
    Move(
        MoveName.WITHDRAW,
        _("Withdraw the request"),
        _("The request is cancelled. The number stays; no further action is taken."),
        OPEN - {Status.APPROVED},
        Status.WITHDRAWN,
        (Actor.OWNER,),
    ),
    Move(
        MoveName.FILE,
        _("File"),
        _("The case is closed and archived."),
        frozenset({Status.ISSUED, Status.COMPLETED, Status.REJECTED, Status.WITHDRAWN}),
        Status.FILED,
        (Actor.REGISTRY_CLERK, Actor.SUPERVISOR),
    ),
    Move(
        MoveName.REOPEN,
        _("Re-open"),
        _("The case goes back to its first study under the same number; the earlier outcome stays in its history."),
        frozenset({Status.REJECTED, Status.WITHDRAWN}),
        Target.FIRST_STUDY,
        (Actor.SUPERVISOR,),
        needs_reason=True,
    ),
    *ENDINGS,
    *RIGHTS,
)

BY_NAME: dict[str, Move] = {move.name: move for move in MOVES}
# What changes nothing about a file: having done it counts for nothing afterwards. A correction does change it.
ALLOCATION_MOVES: frozenset[str] = frozenset({MoveName.TAKE, *(move.name for move in MOVES if not move.is_duty)})


# Separation of duties: whoever has acted on a case in one of these lines acts on it in no other, whatever posts they
# hold. A role in no line (the system) is not restricted and restricts nobody.
SEPARATED_DUTIES: tuple[frozenset[str], ...] = (
    frozenset(who.value for who in APPLICANT_SIDE),
    frozenset({Actor.CENTRE_CLERK.value, Actor.AT_COUNTER.value, Actor.REGISTRY_CLERK.value}),
    frozenset({Actor.REVIEWER.value}),
    frozenset({Actor.INFORMAL_AREAS.value}),
    frozenset({Actor.INSPECTOR.value}),
    frozenset({Actor.SUPERVISOR.value}),
    frozenset({Actor.OBJECTIONS.value}),
)


def conflicting_duties(acted_as: Collection[str]) -> frozenset[str]:
    """The capacities closed to somebody who has moved a case in these before."""
    return frozenset(who for hand in SEPARATED_DUTIES for who in hand if any(acted not in hand for acted in acted_as))


class Obstacle(StrEnum):
    """Why a move is not open."""

    STATUS = "status"
    STAGE = "stage"
    ROLE = "role"
    DUTIES = "hands"


def find_obstacle(
    move: Move,
    *,
    status: str,
    stage_finish: str | None,
    stage_role: str,
    holds: Collection[str],
    barred: Collection[str] = (),
) -> Obstacle | None:
    """What keeps somebody who holds the roles `holds` (Actor values) from this move now; None when nothing does.

    `barred` are those of them that `conflicting_duties` closes to this person on this case.
    """
    if status not in move.sources:
        return Obstacle.STATUS
    if move.forward and stage_finish != move.name:
        return Obstacle.STAGE
    takes = {stage_role if who is Actor.STAGE_ROLE else who.value for who in move.who}
    if not takes & set(holds):
        return Obstacle.ROLE
    if move.is_duty and not takes & (set(holds) - set(barred)):
        return Obstacle.DUTIES
    return None


def is_allowed(
    move: Move,
    *,
    status: str,
    stage_finish: str | None,
    stage_role: str,
    holds: Collection[str],
    barred: Collection[str] = (),
) -> bool:
    """Say whether the table lets somebody who holds the roles `holds` make this move now."""
    hindered = find_obstacle(
        move, status=status, stage_finish=stage_finish, stage_role=stage_role, holds=holds, barred=barred
    )
    return hindered is None


def list_open_moves(
    *, status: str, stage_finish: str | None, stage_role: str, holds: Collection[str], barred: Collection[str] = ()
) -> Iterator[Move]:
    """Every move of the table open to somebody with these roles, in table order."""
    for move in MOVES:
        if is_allowed(
            move, status=status, stage_finish=stage_finish, stage_role=stage_role, holds=holds, barred=barred
        ):
            yield move
