"""The incidents, gates and pauses in force, as each process remembers them for some seconds.

Every move and every page asks, so nobody asks the database each time. Where the database does not answer, what was
known last goes on being told; what was never read is the safe side of every gate.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import Exists, OuterRef
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core.cache import Remembered

from ..domain.gates import EVERYTHING, SAFE, Gate, GateState, Operation, Scope
from ..domain.pauses import Pause
from ..models import Closure, GateSwitch, IncidentNotice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

logger = logging.getLogger(__name__)
CACHE_SECONDS = 8
ALWAYS = datetime.min.replace(tzinfo=UTC)
UNREADABLE = Gate(EVERYTHING, SAFE, ALWAYS, kind="unreadable")


SECOND_SITE = _("This is the second site of the portal: it answers inquiries and receives nothing.")


@dataclass(frozen=True)
class Known:
    """`notices` are the last one of each incident, `closures` the closed services by code."""

    notices: tuple[IncidentNotice, ...]
    gates: tuple[Gate, ...]
    pauses: tuple[Pause, ...]
    closures: dict[str, Closure]


_NOTHING = Known((), (UNREADABLE,), (), {})
_last: Known | None = None


def notice_of(incident: object) -> IncidentNotice | None:
    """The notice in force of an incident by its key, from memory."""
    return next((notice for notice in known().notices if notice.incident_id == incident), None)


def since(moment: datetime, service: str) -> list[Pause]:
    """The pauses that touch the time since `moment` of requests for a service."""
    return [
        pause
        for pause in known().pauses
        if (pause.end is None or pause.end > moment) and (not pause.scope.services or service in pause.scope.services)
    ]


def last_known() -> Known:
    """What was read last, asking nobody: for pages that are shown when no database answers."""
    return _last or Known((), (), (), {})


def _read() -> Known:
    """What is in force; at the second site everything but inquiry is closed besides."""
    known_here = _read_rows()
    if settings.SECOND_SITE:
        gate = Gate(EVERYTHING, GateState.READING, ALWAYS, kind="second_site", **_in_both(SECOND_SITE))
        return replace(known_here, gates=(gate, *known_here.gates))
    return known_here


def _in_both(text: StrOrPromise) -> dict[str, Any]:
    reasons: dict[str, Any] = {}
    for language in ("ar", "en"):
        with translation.override(language):
            reasons[f"reason_{language}"] = str(text)
    return reasons


def _read_rows() -> Known:
    global _last
    try:
        notices = tuple(last_notices())
        switches = _last_switches()
        closures = {row.service: row for row in Closure.objects.filter(in_force=True)}
    except Error:
        if connection.in_atomic_block:  # what runs there has failed with it
            raise
        logger.exception("incidents and gates could not be read: what was known last goes on")
        return _last or _NOTHING
    gates = [
        *map(_of_switch, switches),
        *(_of_incident(notice) for notice in notices if notice.ended_at is None and notice.state != GateState.ALL),
        *map(_of_closure, closures.values()),
    ]
    _last = Known(notices, tuple(gates), tuple(pauses_of(notices)), closures)
    return _last


# What is in force, at most CACHE_SECONDS old; three questions when it is asked anew.
known = Remembered(_read, lambda: CACHE_SECONDS)


def forget() -> None:
    """Make the next call read the database."""
    global _last
    _last = None
    known.forget()


def last_notices() -> Iterable[IncidentNotice]:
    """The notice in force of each incident, the newest incident first."""
    later = IncidentNotice.objects.filter(incident=OuterRef("incident"), seq__gt=OuterRef("seq"))
    return IncidentNotice.objects.filter(~Exists(later)).order_by("-incident")


def _last_switches() -> list[GateSwitch]:
    same = {"service": OuterRef("service"), "office": OuterRef("office"), "operation": OuterRef("operation")}
    later = GateSwitch.objects.filter(**same, pk__gt=OuterRef("pk"))
    return list(GateSwitch.objects.filter(~Exists(later)).order_by("pk"))


def pauses_of(notices: Iterable[IncidentNotice]) -> list[Pause]:
    """When these incidents stop clocks. What they affect makes no difference: the city declared it."""
    return [
        Pause(Scope(notice.scope.services, notice.scope.offices), notice.starts_at, notice.ended_at, notice.incident_id)
        for notice in notices
        if notice.stops_clocks
    ]


def _of_switch(row: GateSwitch) -> Gate:
    try:
        scope, state = row.scope, GateState(row.state)
        if row.operation:
            Operation(row.operation)
    except ValueError:
        logger.error("a gate cannot be read and is taken for “intake”", extra={"gate": row.pk})
        scope, state = Scope(frozenset([row.service] if row.service else [])), SAFE
    reasons: dict[str, Any] = {"reason_ar": row.reason_ar, "reason_en": row.reason_en}
    return Gate(scope, state, row.at, row.expires_at, row.share, kind="switch", key=row.pk, **reasons)


def _of_incident(notice: IncidentNotice) -> Gate:
    state = GateState(notice.state) if notice.state in GateState else SAFE
    reasons: dict[str, Any] = {"reason_ar": notice.text_ar, "reason_en": notice.text_en}
    return Gate(notice.scope, state, notice.starts_at, kind="incident", key=notice.incident_id, **reasons)


def _of_closure(row: Closure) -> Gate:
    scope = Scope(frozenset([row.service]), operations=frozenset([Operation.INTAKE.value]))
    reasons: dict[str, Any] = {"reason_ar": row.reason_ar, "reason_en": row.reason_en}
    return Gate(scope, GateState.READING, ALWAYS, kind="closure", key=row.pk, **reasons)
