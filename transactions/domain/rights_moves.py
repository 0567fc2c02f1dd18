"""The moves by which people claim their rights, and what answers them: part of the table in `workflow`. Pure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .move_kinds import OBJECTED_TO, Actor, Move, MoveName, Target
from .statuses import CLOCK_STOPPED, OPEN, Status

RIGHTS: tuple[Move, ...] = (
    Move(
        MoveName.RESUME,
        _("Take the withdrawal back"),
        _("The request goes on where it was when it was withdrawn, under the same number."),
        frozenset({Status.WITHDRAWN}),
        Target.BEFORE_WITHDRAWAL,
        (Actor.OWNER,),
    ),
    Move(
        MoveName.OBJECT,
        _("Object"),
        _("Someone who has not acted on the request decides on your objection and tells you the reasons."),
        OBJECTED_TO,
        Target.UNCHANGED,
        (Actor.OWNER, Actor.ENGINEERING_OFFICE),
        needs_reason=True,
    ),
    Move(
        MoveName.UPHOLD,
        _("Uphold the objection"),
        _("A refusal or return is taken back and the case continues at that stage; a fee is changed as entered."),
        OBJECTED_TO,
        Target.AS_OBJECTED,
        (Actor.OBJECTIONS,),
        needs_reason=True,
    ),
    Move(
        MoveName.DISMISS,
        _("Dismiss the objection"),
        _("The decision stands; your reasons go to the applicant word for word, as a letter."),
        OBJECTED_TO,
        Target.UNCHANGED,
        (Actor.OBJECTIONS,),
        needs_reason=True,
    ),
    Move(
        MoveName.COMPLAIN,
        _("Complain about lateness"),
        _("A supervisor, named to you, answers; without an answer in time it goes to the next level."),
        OPEN - CLOCK_STOPPED,
        Target.UNCHANGED,
        (Actor.OWNER, Actor.ENGINEERING_OFFICE),
        needs_reason=True,
    ),
    Move(
        MoveName.ESCALATE,
        _("Pass the complaint on"),
        _("The complaint goes to the next level."),
        frozenset(Status),
        Target.UNCHANGED,
        (Actor.SYSTEM,),
        is_duty=False,
    ),
    Move(
        MoveName.ANSWER_COMPLAINT,
        _("Answer the complaint"),
        _("Your answer goes to the applicant word for word."),
        frozenset(Status),
        Target.UNCHANGED,
        (Actor.COMPLAINTS,),
        needs_reason=True,
        is_duty=False,
    ),
    Move(
        MoveName.HAND_OUT,
        _("Hand out documents"),
        _("What was handed out, to whom and against whose signature is recorded. The applicant is notified."),
        frozenset(Status) - {Status.SUBMITTED},
        Target.UNCHANGED,
        (Actor.AT_COUNTER,),
        is_duty=False,
    ),
)
