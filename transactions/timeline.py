"""The history of a transaction as pages and API show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .models import Event, Movement, Transaction
from .wording import reason_shown, sentence, title


@dataclass(frozen=True)
class Entry:
    """One line of a timeline, in the reader's language."""

    at: datetime
    move: str
    title: str
    text: str
    office: str
    note: str


def entries(events: Iterable[Event]) -> list[Entry]:
    """Newest first. The events come with `office` and `transaction` at hand, so nothing more is asked."""
    lines = [
        Entry(
            at=event.at,
            move=event.move,
            title=title(event),
            text=sentence(event),
            office=event.office.name if event.office else "",
            note=reason_shown(event),
        )
        for event in events
    ]
    return lines[::-1]


def history_of(case: Transaction) -> list[Entry]:
    """The whole history; one query."""
    events = list(Event.objects.filter(transaction=case).select_related("office"))
    for event in events:
        event.transaction = case
    return entries(events)


def movements_of(case: Transaction) -> list[Movement]:
    """Incoming and outgoing numbers, oldest first; one query."""
    return list(Movement.objects.filter(transaction=case).select_related("office", "counterpart"))
