"""The ledger of booklets: each thing that happens is a row and an entry of the journal."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from journal import chain

from ..models import Booklet, BookletEvent, Slip

KIND = "booklet"
# The entry that proves one slip; its subject is the number.
SLIP = "slip"


def note(
    booklet: Booklet,
    what: BookletEvent.What,
    *,
    by: User | None,
    now: datetime,
    slip: Slip | None = None,
    words: str = "",
    journal: bool = True,
    **facts: str | int,
) -> BookletEvent:
    """Write an event of a booklet or slip. Call inside a transaction, last: the journal is locked until its end.

    Without `journal` only the row: what was entered from a slip has an entry of its own, under the slip's number.
    """
    event = BookletEvent.objects.create(booklet=booklet, slip=slip, what=what, at=now, by=by, words=words)
    if journal:
        body: dict[str, str | int] = {"what": str(what), "slip": slip.number if slip else "", **facts}
        chain.append(KIND, subject_of(booklet), body, now)
    return event


def subject_of(booklet: Booklet) -> str:
    return f"booklet-{booklet}"
