"""The history of a transaction as pages and API show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from municipality.services import get_office

from ..models import Event, Movement, Transaction
from .wording import describe_recipient, reason_shown, sentence, title


@dataclass(frozen=True)
class Entry:
    """One line of a timeline, in the reader's language."""

    at: datetime
    move: str
    title: str
    text: str
    office: str
    note: str
    from_stage: str = ""
    to_stage: str = ""


def entries_of(events: Iterable[Event]) -> list[Entry]:
    """Newest first. The events come with `office` and `transaction` at hand, so nothing more is asked."""
    lines = [
        Entry(
            at=event.at,
            move=event.move,
            title=title(event),
            text=sentence(event),
            office=event.office.name if event.office else "",
            note=reason_shown(event),
            from_stage=event.from_stage,
            to_stage=event.to_stage,
        )
        for event in events
    ]
    return lines[::-1]


EVENT = ("seq", "at", "move", "to_status", "from_stage", "to_stage", "office", "reason", "facts")
MOVEMENT = ("direction", "hijri_year", "number", "at", "recipient", "office", "counterpart")


def history_of(case: Transaction) -> list[Entry]:
    """The whole history; one query."""
    events = list(Event.objects.filter(transaction=case.pk).order_by("seq").only(*EVENT))
    for event in events:
        event._state.fields_cache["transaction"] = case
        event._state.fields_cache["office"] = get_office(event.office_id) if event.office_id else None
    return entries_of(events)


def movements_of(case: Transaction) -> list[Movement]:
    """Incoming and outgoing numbers, oldest first, in the reader's language; one query."""
    lines = list(Movement.objects.filter(transaction=case.pk).order_by("id").only(*MOVEMENT))
    for line in lines:
        line.recipient = describe_recipient(line, case.service_type)
        line._state.fields_cache["office"] = get_office(line.office_id)
        line._state.fields_cache["counterpart"] = get_office(line.counterpart_id) if line.counterpart_id else None
    return lines


def public_movements_of(case: Transaction) -> list[Movement]:
    """The same for whoever asks by number and PIN: what a service hands to its applicant goes out under their name,
    and no name is told.
    """
    lines = movements_of(case)
    if not case.service_type.output.recipient:
        for line in lines:
            line.recipient = ""
    return lines
