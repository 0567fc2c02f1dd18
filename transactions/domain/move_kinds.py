"""Who moves what: the names of moves and of those who make them, and what a move is. Pure; the table is `workflow`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .statuses import DECIDED_FOR, Status

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What can be objected to: a refusal, also once it is archived, a return, and a fee, also once it is paid.
OBJECTED_TO = DECIDED_FOR | {Status.REJECTED, Status.FILED, Status.RETURNED}


class Target(StrEnum):
    """Targets that depend on where the file is among the stages of its service."""

    NEXT_STAGE = "next stage"
    SAME_STAGE = "same stage"
    DECISION = "decision"
    STAGE_BEFORE = "stage before"
    FIRST_STUDY = "first study"
    REGISTRATION = "registration elsewhere"
    UNCHANGED = "unchanged"
    # The stage a refusal or a return is taken back to; a decision on a fee changes no stage.
    AS_OBJECTED = "as the objection asks"
    BEFORE_WITHDRAWAL = "as before the withdrawal"


class Actor(StrEnum):
    """Who may move. Roles carry the values of accounts.models.Role and count only in the office that holds the file."""

    SYSTEM = "system"
    # Who made a request, or the engineering office that acts for them; the two apart are the other two. A delegate is
    # what their paper allows (acting_for.OPERATION_OF).
    APPLICANT = "applicant"
    OWNER = "owner"
    ENGINEERING_OFFICE = "engineering_office"
    STAGE_ROLE = "stage role"
    CENTRE_CLERK = "centre_clerk"
    # A clerk of any centre while the applicant stands before them (models.CounterVisit).
    AT_COUNTER = "at_counter"
    REGISTRY_CLERK = "registry_clerk"
    REVIEWER = "reviewer"
    INFORMAL_AREAS = "informal_areas"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    # A supervisor who has not acted on the case, while an objection or complaint waits (transitions.objections).
    OBJECTIONS = "objections"
    COMPLAINTS = "complaints"


APPLICANT_SIDE = frozenset({Actor.APPLICANT, Actor.OWNER, Actor.ENGINEERING_OFFICE})
# Who on the staff may work a stage.
STAGE_ROLES = frozenset({Actor.REGISTRY_CLERK, Actor.REVIEWER, Actor.INFORMAL_AREAS, Actor.INSPECTOR, Actor.SUPERVISOR})


class MoveName(StrEnum):
    """The moves of the table by name, so that a stage cannot end with one there is not."""

    ROUTE = "route"
    REGISTER = "register"
    TAKE = "take"
    REASSIGN = "reassign"
    GIVE_BACK = "give_back"
    HAND_OVER = "hand_over"
    STAY = "stay"
    STOP_CLOCK = "stop_clock"
    OUTSIDE_ANSWER = "outside_answer"
    RECOMMEND = "recommend"
    ADVISE_REFUSAL = "advise_refusal"
    INSPECT = "inspect"
    RETURN = "return"
    REMIND = "remind"
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
    PROPOSE_ENDING = "propose_ending"
    REVOKE = "revoke"
    REPLACE = "replace"
    RESUME = "resume"
    OBJECT = "object"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    COMPLAIN = "complain"
    ESCALATE = "escalate"
    ANSWER_COMPLAINT = "answer_complaint"
    HAND_OUT = "hand_out"


@dataclass(frozen=True)
class Move:
    """`forward` moves end a stage that names them in `finish`; one that only hands work out is no duty (`is_duty`)."""

    name: MoveName
    label: StrOrPromise
    consequence: StrOrPromise
    sources: frozenset[Status]
    target: Status | Target
    who: tuple[Actor, ...]
    forward: bool = False
    needs_reason: bool = False
    is_duty: bool = True
