"""The history of a transaction as pages and API show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Delegation
from core.text import isolated
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
    # Who acted for the applicant, and by what; only for those who may read names.
    acting: str = ""


def entries_of(events: Iterable[Event], *, names: bool = True) -> list[Entry]:
    """Newest first. The events come with `office` and `transaction` at hand, so nothing more is asked, but where
    somebody acted for the applicant: one query for all of them, with `names`.
    """
    events = list(events)
    acting = _acting(events) if names else {}
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
            acting=acting.get(event.facts.get("delegation", 0), ""),
        )
        for event in events
    ]
    return lines[::-1]


def _acting(events: Iterable[Event]) -> dict[int, str]:
    """In words, by the key of each delegation these events were made by."""
    keys = {event.facts["delegation"] for event in events if "delegation" in event.facts}
    rows = Delegation.objects.filter(pk__in=keys).select_related("agent", "principal") if keys else ()
    return {row.pk: describe_delegation(row) for row in rows}


def describe_delegation(row: Delegation) -> str:
    """Who acts for whom, and by what."""
    return _("%(agent)s for %(principal)s, by document %(number)s of %(issuer)s") % {
        "agent": isolated(row.agent.full_name),
        "principal": isolated(row.principal.full_name),
        "number": isolated(row.number),
        "issuer": isolated(row.issuer),
    }


EVENT = ("seq", "at", "move", "to_status", "from_stage", "to_stage", "office", "reason", "facts")
MOVEMENT = ("direction", "hijri_year", "number", "at", "recipient", "office", "counterpart")


def history_of(case: Transaction, *, names: bool = True) -> list[Entry]:
    """The whole history; one query. Without `names` for whoever asks by number and PIN."""
    events = list(Event.objects.filter(transaction=case.pk).order_by("seq").only(*EVENT))
    for event in events:
        event._state.fields_cache["transaction"] = case
        event._state.fields_cache["office"] = get_office(event.office_id) if event.office_id else None
    return entries_of(events, names=names)


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
