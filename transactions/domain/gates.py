"""What is open: gates over operations, for services and offices. Pure.

A gate says how far the operations in its scope are open. Several gates may cover the same thing; it is open when each
of them lets it through, so the order in which they were set does not matter. A gate whose time is over, or whose row
nobody can read, is taken for INTAKE: people may ask and hand in, and nothing is decided or paid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Operation(TextChoices):
    """What the portal does for people; each is open or closed by itself."""

    INQUIRY = "inquiry", _("Inquiry")
    INTAKE = "intake", _("New requests")
    COUNTERS = "counters", _("Service counters")
    REPLIES = "replies", _("Answers and withdrawals")
    PROCESSING = "processing", _("Work on cases")
    DECISIONS = "decisions", _("Decisions and documents")
    PAYMENTS = "payments", _("Payments")
    MESSAGES = "messages", _("Messages")


class GateState(TextChoices):
    """How far an operation is open, from nothing to everything."""

    DARK = "dark", pgettext_lazy("gate", "Dark: nothing is open")
    READING = "reading", pgettext_lazy("gate", "Reading: people can check their requests")
    INTAKE = "intake", pgettext_lazy("gate", "Intake: people can also submit and answer")
    SOME = "some", pgettext_lazy("gate", "Some: a share of the cases is worked on")
    ALL = "all", pgettext_lazy("gate", "All: everything is open")


ORDER = tuple(GateState)
SAFE = GateState.INTAKE
_READING = frozenset({Operation.INQUIRY, Operation.MESSAGES})
_INTAKE = _READING | {Operation.INTAKE, Operation.COUNTERS, Operation.REPLIES}
OPEN_IN: dict[GateState, frozenset[Operation]] = {
    GateState.DARK: frozenset(),
    GateState.READING: _READING,
    GateState.INTAKE: _INTAKE,
    GateState.SOME: _INTAKE,  # and the others for a share of the cases
    GateState.ALL: frozenset(Operation),
}

# To which operation each move of the table belongs; a test fails on a move that is not listed. None: it tells people
# what has happened to them, and is closed by nothing.
OF_MOVE: dict[str, Operation | None] = {
    "route": Operation.INTAKE,
    "register": Operation.PROCESSING,
    "take": Operation.PROCESSING,
    "reassign": Operation.PROCESSING,
    "give_back": Operation.PROCESSING,
    "hand_over": Operation.PROCESSING,
    "stay": Operation.PROCESSING,
    "recommend": Operation.PROCESSING,
    "advise_refusal": Operation.PROCESSING,
    "inspect": Operation.PROCESSING,
    "return": Operation.PROCESSING,
    "remind": Operation.PROCESSING,
    "answer": Operation.REPLIES,
    "correct": Operation.PROCESSING,
    "send_back": Operation.PROCESSING,
    "approve": Operation.DECISIONS,
    "reject": Operation.DECISIONS,
    "record_payment": Operation.PAYMENTS,
    "issue": Operation.DECISIONS,
    "dispatch": Operation.DECISIONS,
    "refer": Operation.PROCESSING,
    "withdraw": Operation.REPLIES,
    "file": Operation.PROCESSING,
    "reopen": Operation.DECISIONS,
    "propose_ending": Operation.PROCESSING,
    "revoke": Operation.DECISIONS,
    "replace": Operation.DECISIONS,
    "stop_clock": None,
    # To take a withdrawal back is to hand in again: a service that takes no new requests does not take it either.
    "resume": Operation.INTAKE,
    "object": Operation.REPLIES,
    "uphold": Operation.DECISIONS,
    "dismiss": Operation.DECISIONS,
    "complain": Operation.REPLIES,
    "escalate": None,
    "answer_complaint": Operation.PROCESSING,
    "hand_out": Operation.COUNTERS,
    "outside_answer": None,
}


@dataclass(frozen=True)
class Scope:
    """Services, offices and operations by their codes; an empty set means all of them."""

    services: frozenset[str] = frozenset()
    offices: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()

    def covers(self, operation: str | None = None, service: str | None = None, offices: Collection[str] = ()) -> bool:
        """Is this inside? What is not said (None, no office) is inside only where all of its kind are."""
        return (
            (not self.operations or operation in self.operations)
            and (not self.services or service in self.services)
            and (not self.offices or not self.offices.isdisjoint(offices))
        )


EVERYTHING = Scope()


@dataclass(frozen=True)
class Gate:
    """One gate. `share` is the percentage of cases let through in SOME; `kind` and `key` say where it comes from."""

    scope: Scope
    state: GateState
    since: datetime
    until: datetime | None = None
    share: int = 0
    reason_ar: str = ""
    reason_en: str = ""
    kind: str = "switch"
    key: int = 0

    def state_at(self, now: datetime) -> GateState:
        """Its state now; SAFE once its time is over."""
        return SAFE if self.until is not None and now >= self.until else self.state

    def closes(self, operation: str, service: str | None, offices: Collection[str], lot: str, now: datetime) -> bool:
        """Does it keep this operation closed now? `lot` (a reference) decides who is in the share."""
        if now < self.since or not self.scope.covers(operation, service, offices):
            return False
        state = self.state_at(now)
        if operation in OPEN_IN[state]:
            return False
        return not (state is GateState.SOME and lot and in_share(lot, self.share))

    def share_open(self, now: datetime) -> bool:
        """Does it let a share of the cases through now?"""
        return self.state_at(now) is GateState.SOME and self.share > 0


def in_share(lot: str, share: int) -> bool:
    """Whether a case belongs to the first `share` per cent; always the same ones, and a larger share keeps them."""
    return int.from_bytes(hashlib.sha256(lot.encode()).digest()[:4], "big") % 100 < share


def closed_by(
    gates: Iterable[Gate],
    operation: str,
    *,
    now: datetime,
    service: str | None = None,
    offices: Collection[str] = (),
    lot: str = "",
) -> Gate | None:
    """The first gate that keeps this operation closed, or None when it is open."""
    return next((gate for gate in gates if gate.closes(operation, service, offices, lot, now)), None)
