"""How each thing the portal does stands now: for the status page, the API and the status site. Asks memory alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..domain.gates import Gate, Operation
from ..models import IncidentNotice
from . import declaring, memory

OPEN, LIMITED, CLOSED = "open", "limited", "closed"


def components(now: datetime) -> list[dict[str, Any]]:
    """Every operation: closed everywhere, limited somewhere, or open; and since when it is not open."""
    known = memory.known()
    return [_component(operation, known.gates, now) for operation in Operation]


def _component(operation: Operation, gates: tuple[Gate, ...], now: datetime) -> dict[str, Any]:
    """A gate closes it everywhere when it names no service and no office and lets no share through."""
    touching = [gate for gate in gates if gate.since <= now and _touches(gate, operation, now)]
    everywhere = [gate for gate in touching if gate.closes(operation, None, (), "", now) and not gate.share_open(now)]
    state = CLOSED if everywhere else LIMITED if touching else OPEN
    since = [gate.since for gate in (everywhere or touching) if gate.since > memory.ALWAYS]
    return {"operation": operation.value, "state": state, "since": min(since, default=None)}


def _touches(gate: Gate, operation: Operation, now: datetime) -> bool:
    services: list[str | None] = [*sorted(gate.scope.services)] or [None]
    return any(gate.closes(operation, service, gate.scope.offices, "", now) for service in services)


def incidents(now: datetime) -> list[dict[str, Any]]:
    """What goes on or is planned, as plain values; texts in both languages, as people of both read it."""
    return [as_values(notice, now) for notice in memory.known().notices if notice.ended_at is None]


def as_values(notice: IncidentNotice, now: datetime) -> dict[str, Any]:
    """A notice as the API and the status site give it out. It names nobody."""
    return {
        "incident": notice.incident_id,
        "number": notice.seq,
        "what": notice.what,
        "services": notice.services,
        "offices": notice.offices,
        "operations": notice.operations,
        "open_meanwhile": notice.state,
        "text_ar": notice.text_ar,
        "text_en": notice.text_en,
        "starts_at": notice.starts_at,
        "ended_at": notice.ended_at,
        "next_update_at": notice.next_update_at,
        "announced_at": notice.at,
        "update_overdue": declaring.overdue(notice, now),
    }
