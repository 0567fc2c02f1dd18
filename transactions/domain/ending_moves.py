"""The moves by which an issued document stops to count: part of the table in `workflow`. Pure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .move_kinds import Actor, Move, MoveName, Target
from .statuses import Status

ISSUED = frozenset({Status.ISSUED, Status.COMPLETED, Status.FILED})

ENDINGS: tuple[Move, ...] = (
    Move(
        MoveName.PROPOSE_ENDING,
        _("Propose to revoke or replace the document"),
        _("A supervisor other than you can then revoke or replace it. It stays valid until then."),
        ISSUED,
        Target.UNCHANGED,
        (Actor.REGISTRY_CLERK, Actor.REVIEWER, Actor.SUPERVISOR),
        needs_reason=True,
    ),
    Move(
        MoveName.REVOKE,
        _("Revoke the document"),
        _("Proposed by someone else before. It is no longer valid, and whoever verifies it is told so."),
        ISSUED,
        Target.UNCHANGED,
        (Actor.SUPERVISOR,),
        needs_reason=True,
    ),
    Move(
        MoveName.REPLACE,
        _("Replace the document"),
        _(
            "Proposed by someone else before. A new one is issued under a new number, from answers, names and offices "
            "as they are now; the old one is no longer valid and names its successor."
        ),
        ISSUED,
        Target.UNCHANGED,
        (Actor.SUPERVISOR,),
        needs_reason=True,
    ),
)
