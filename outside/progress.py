"""What is known of a matter before a body, from all its messages: the same whatever order they came in. Pure.

A conclusion is stronger than an acknowledgement, and that than "sent". Of several conclusions, or numbers, the one that
happened last counts, by the body's own clock; of two of one moment the greater key, so that everybody picks the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

SENT, ACKNOWLEDGED = "sent", "acknowledged"


@dataclass(frozen=True)
class Message:
    """One message."""

    key: str
    kind: str
    happened_at: datetime
    number: str = ""
    reason: str = ""
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReferralProgress:
    """`contradicted`: the body has concluded it in two ways; the later one counts, and somebody should ask."""

    state: str = "waiting"
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None
    number: str = ""
    outcome: str = ""
    reason: str = ""
    given: tuple[str, ...] = ()
    concluded_at: datetime | None = None
    contradicted: bool = False

    @property
    def since(self) -> datetime | None:
        """From when the body's own time is counted: it has the matter since then at the latest."""
        return self.acknowledged_at or self.sent_at


def progress_of(messages: Iterable[Message]) -> ReferralProgress:
    """Read all messages of a matter."""
    # One of each key: what came twice is one.
    ordered = sorted(
        {message.key: message for message in messages}.values(), key=lambda message: (message.happened_at, message.key)
    )
    sent = [message.happened_at for message in ordered if message.kind == SENT]
    from_body = [message for message in ordered if message.kind != SENT]
    conclusions = [message for message in from_body if message.kind != ACKNOWLEDGED]
    last = conclusions[-1] if conclusions else None
    state = "concluded" if last else "acknowledged" if from_body else "sent" if sent else "waiting"
    return ReferralProgress(
        state=state,
        sent_at=min(sent, default=None),
        acknowledged_at=min((message.happened_at for message in from_body), default=None),
        number=next((message.number for message in reversed(from_body) if message.number), ""),
        outcome=last.kind if last else "",
        reason=last.reason if last else "",
        given=last.given if last else (),
        concluded_at=last.happened_at if last else None,
        contradicted=len({message.kind for message in conclusions}) > 1,
    )
