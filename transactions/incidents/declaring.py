"""Declaring an incident, telling more, correcting, ending: each is proposed by one administrator and confirmed by a
second, and is a new notice. None is ever changed.

What follows from a confirmed notice, in its transaction: the row, its signed entry in the journal, what those above
owe to the cases (`signals.announced`). Every page shows it once the processes have read it (memory.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import four_eyes
from accounts.models import Proposal, User
from core.plausible import validate_near
from core.text import prose
from journal import chain
from journal.entry import second_of
from journal.models import Entry
from municipality.services import office_by_code

from ..domain import service_types
from ..domain.gates import GateState, Operation
from ..models import Incident, IncidentNotice
from . import memory
from .signals import announced
from .words import in_words

KIND = "incident"
What = IncidentNotice.What
# So far apart the promise of an update and the moment it is made may be.
MAX_SILENCE = timedelta(days=31)
YEARS_AGO, YEARS_AHEAD = 2, 1
_LISTS = ("services", "offices", "operations")
_MOMENTS = ("starts_at", "ended_at", "next_update_at")
_PLAIN = ("what", "state", "stops_clocks", "tells_people", "text_ar", "text_en")


def validate(notice: IncidentNotice, before: IncidentNotice | None, now: datetime) -> None:
    """ValidationError, by field, for what cannot be or may not be promised."""
    notice.text_ar, notice.text_en = prose(notice.text_ar), prose(notice.text_en)
    notice.clean_fields(exclude=["incident", "seq", "at", "proposed_by", "confirmed_by"])
    wrong: dict[str, Any] = _unknown_codes(notice)
    if notice.ended_at is not None and notice.ended_at < notice.starts_at:
        wrong["ended_at"] = _("The end is before the start.")
    elif notice.ended_at is not None and notice.ended_at > now:
        wrong["ended_at"] = _("An end is announced when it has come, never before.")
    if notice.what == What.ENDED and notice.ended_at is None:
        wrong["ended_at"] = _("Say when it ended.")
    if notice.what == What.EXTENDED and notice.ended_at is not None:
        wrong["what"] = _("This has ended: announce the end, or a correction.")
    if notice.ended_at is None:
        if notice.next_update_at is None:
            wrong["next_update_at"] = _("Say when the next update will come.")
        elif not now < notice.next_update_at <= now + MAX_SILENCE:
            wrong["next_update_at"] = _("The next update comes within the next 31 days.")
    if (before is None) != (notice.what == What.DECLARED):
        wrong["what"] = _("An incident is declared once; everything after that is an update, a correction or its end.")
    elif before is not None and before.ended_at is not None and notice.what != What.CORRECTED:
        wrong["what"] = _("This incident has ended. Only a correction can be added.")
    if wrong:
        raise ValidationError(wrong)
    validate_near(timezone.localdate(notice.starts_at), "starts_at", years=YEARS_AHEAD, ago=YEARS_AGO)


def _unknown_codes(notice: IncidentNotice) -> dict[str, Any]:
    known: dict[str, tuple[Callable[[str], bool], str]] = {
        "services": (lambda code: service_types.find(code) is not None, _("There is no such service.")),
        "offices": (lambda code: office_by_code(code) is not None, _("There is no such office.")),
        "operations": (lambda code: code in Operation, _("There is no such operation.")),
    }
    wrong: dict[str, Any] = {}
    for name, (there_is, values) in known.items():
        codes = getattr(notice, name)
        if not isinstance(codes, list) or not all(isinstance(code, str) and there_is(code) for code in codes):
            wrong[name] = values
        else:
            setattr(notice, name, sorted(set(codes)))
    return wrong


def in_force(incident: Incident) -> IncidentNotice | None:
    """The last notice of an incident."""
    return incident.notices.order_by("-seq").first()


@transaction.atomic
def propose(
    notice: IncidentNotice,
    *,
    incident: Incident | None = None,
    reason: str,
    by: User | None,
    now: datetime | None = None,
) -> Proposal:
    """Propose a notice (not saved) of a new incident or of this one. ValidationError; AccountError as four_eyes."""
    now = now or timezone.now()
    before = in_force(incident) if incident else None
    validate(notice, before, now)
    facts = facts_of(notice) | {"incident": incident.pk if incident else None, "after": before.seq if before else 0}
    same = f"{facts['incident']}:{content_hash(facts)[:40]}"
    return four_eyes.propose(Proposal.Kind.INCIDENT, same, facts, reason=reason, by=by, now=now)


@four_eyes.carries_out(Proposal.Kind.INCIDENT)
def _announce(proposal: Proposal, by: User | None, now: datetime) -> None:
    facts = proposal.facts or {}
    incident = Incident.objects.select_for_update().get(pk=facts["incident"]) if facts.get("incident") else None
    before = in_force(incident) if incident else None
    if (before.seq if before else 0) != facts["after"]:
        raise ValidationError(_("Something else was announced about this incident meanwhile. Propose it anew."))
    notice = notice_of(facts)
    validate(notice, before, now)
    announce(notice, incident, before, by=proposal.proposed_by, confirmed_by=four_eyes.second(proposal, by), now=now)


def announce(
    notice: IncidentNotice,
    incident: Incident | None,
    before: IncidentNotice | None,
    *,
    by: User | None,
    confirmed_by: User | None,
    now: datetime,
) -> IncidentNotice:
    """Write a confirmed notice; inside a transaction. Row, journal entry, what is owed to the cases."""
    notice.incident = incident or Incident.objects.create(declared_at=now)
    notice.seq, notice.at = (before.seq if before else 0) + 1, now
    notice.proposed_by, notice.confirmed_by = by, confirmed_by  # type: ignore[assignment]
    notice.save(force_insert=True)
    memory.forget()
    announced.send(IncidentNotice, notice=notice, before=before, now=now)
    transaction.on_commit(memory.forget)
    values: dict[str, str | int] = {
        "notice": notice.seq,
        "what": notice.what,
        "from": second_of(notice.starts_at),
        "to": second_of(notice.ended_at) if notice.ended_at else "",
        "content": content_hash(facts_of(notice)),
    }
    chain.append(KIND, subject_of(notice), values, now)
    return notice


def subject_of(notice: IncidentNotice) -> str:
    return f"incident-{notice.incident_id}"


def facts_of(notice: IncidentNotice) -> dict[str, Any]:
    """All that a notice says, as plain values."""
    values: dict[str, Any] = {name: getattr(notice, name) for name in (*_PLAIN, *_LISTS)}
    for name in _MOMENTS:
        moment: datetime | None = getattr(notice, name)
        values[name] = second_of(moment) if moment else ""
    return values | {"what": str(values["what"]), "state": str(values["state"])}


def notice_of(facts: dict[str, Any]) -> IncidentNotice:
    """The notice that says this, not saved."""
    moments = {name: datetime.fromisoformat(facts[name]) if facts.get(name) else None for name in _MOMENTS}
    return IncidentNotice(**{name: facts[name] for name in (*_PLAIN, *_LISTS)}, **moments)


def content_hash(facts: dict[str, Any]) -> str:
    """SHA-256 of what a notice says, as it stands in the journal."""
    values = {name: facts[name] for name in (*_PLAIN, *_LISTS, *_MOMENTS)}
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def changed_behind_our_back() -> list[str]:
    """Notices whose words are not those the journal holds, and entries whose notice is gone: somebody went round the
    services and the database's own refusal.
    """
    entries = {
        (entry.subject, values["notice"]): values["content"]
        for entry in Entry.objects.filter(kind=KIND)
        if (values := json.loads(bytes(entry.body)))
    }
    rows = {(subject_of(row), row.seq): content_hash(facts_of(row)) for row in IncidentNotice.objects.all()}
    return sorted(f"{who}/{seq}" for who, seq in entries | rows if entries.get((who, seq)) != rows.get((who, seq)))


def without_entry() -> list[str]:
    """The same, as the daily check of the journal says it (journal/check.py)."""
    return [f"incident notice {which}: it is not what the journal holds" for which in changed_behind_our_back()]


@four_eyes.describes(Proposal.Kind.INCIDENT)
def describe(proposal: Proposal) -> list[str]:
    """What is proposed, line by line, in the reader's language and the texts in both."""
    return in_words(notice_of(proposal.facts or {}))


def overdue(notice: IncidentNotice, now: datetime) -> bool:
    """Has the promised time of an update gone by without one?"""
    return notice.ended_at is None and notice.next_update_at is not None and now > notice.next_update_at


def current(now: datetime) -> list[IncidentNotice]:
    """What goes on or is planned, the newest incident first; remembered, so no question."""
    return [notice for notice in memory.known().notices if notice.ended_at is None]


def previous(notice: IncidentNotice) -> models.QuerySet[IncidentNotice]:
    """What was said of the same incident before, oldest first."""
    return IncidentNotice.objects.filter(incident=notice.incident_id, seq__lt=notice.seq).order_by("seq")


def in_language(notice: IncidentNotice, language: str) -> str:
    with translation.override(language):
        return notice.text


def closes(notice: IncidentNotice) -> bool:
    return notice.state != GateState.ALL
