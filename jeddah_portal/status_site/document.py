"""What the status site says, as one signed document: from the database, or from a notice written by hand without one.

Nothing is called working without a probe from outside that is younger than FRESH. The document says until when a newer
one is promised, so that whoever reads it knows when it has grown old.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext

from journal import keys
from journal.entry import second_of
from municipality.services import offices_by_pk
from transactions.domain.gates import Operation
from transactions.domain.pauses import Span, merged
from transactions.incidents import declaring, state
from transactions.incidents.words import affected
from transactions.models import IncidentNotice
from transactions.selectors import piles

FRESH = timedelta(minutes=5)
HISTORY = timedelta(days=365)
# Which probe (bin/probe) tells of which operation; the others are of the same processes and the same database.
PROBE_OF = {Operation.INQUIRY: "inquiry", Operation.MESSAGES: "worker"}
OTHERWISE = "writes"
UNKNOWN = "unknown"


def from_database(now: datetime, probes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document as the portal knows it; a few questions."""
    notices = list(IncidentNotice.objects.filter(at__gte=now - HISTORY).order_by("-at", "-pk"))
    going_on = {notice.pk for notice in declaring.current(now)}
    components = [_component(row, probes, now) for row in state.components(now)]
    return _document(
        now,
        components=components,
        offices=_offices(now),
        incidents=[_notice(notice) for notice in notices if notice.pk in going_on],
        history=[_notice(notice) for notice in notices if notice.pk not in going_on],
        lost=lost_time(notices, now),
        waiting=_piles(),
    )


def from_notice(values: Mapping[str, Any], now: datetime, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document of a notice somebody wrote by hand, with no database; `before` is the last one, whose history goes
    on. ValueError when it lacks its words or its next update.
    """
    missing = [name for name in ("text_ar", "text_en", "starts_at", "next_update_at") if not values.get(name)]
    if missing:
        raise ValueError(f"the notice lacks {', '.join(missing)}")
    for name in ("starts_at", "next_update_at"):
        if datetime.fromisoformat(str(values[name])).tzinfo is None:
            raise ValueError(f"{name} needs its time zone, for example 2026-11-24T10:00+03:00")
    operations = list(values.get("operations", ()))
    if unknown := sorted(set(operations) - set(Operation.values)):
        raise ValueError(f"there is no operation {', '.join(unknown)}")
    by_hand = {
        "incident": 0,
        "number": 1,
        "what": "declared",
        "services": [],
        "offices": [],
        "open_meanwhile": "dark",
        "operations": operations,
        "text_ar": str(values["text_ar"]),
        "text_en": str(values["text_en"]),
        "starts_at": _moment(values["starts_at"]),
        "next_update_at": _moment(values["next_update_at"]),
        "ended_at": None,
        "announced_at": second_of(now),
        **_about(operations),
    }
    components = [
        {"operation": kind.value, **_names(kind), "state": "closed", "since": by_hand["starts_at"], "probed_at": None}
        if not operations or kind in operations
        else {"operation": kind.value, **_names(kind), "state": UNKNOWN, "since": None, "probed_at": None}
        for kind in Operation
    ]
    older = dict(before or {})
    history = [*older.get("incidents", ()), *older.get("history", ())]
    return _document(now, components, [], [by_hand], history, older.get("lost", []), older.get("piles", []))


def _document(
    now: datetime, components: Any, offices: Any, incidents: Any, history: Any, lost: Any, waiting: Any
) -> dict[str, Any]:
    return {
        "v": 1,
        "as_of": second_of(now),
        "newer_by": second_of(now + timedelta(minutes=settings.STATUS_MINUTES)),
        "portal": settings.PORTAL_URL,
        "components": components,
        "offices": offices,
        "incidents": incidents,
        "history": history,
        "lost": lost,
        "piles": waiting,
    }


def _component(row: Mapping[str, Any], probes: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    operation = Operation(row["operation"])
    name = PROBE_OF.get(operation, OTHERWISE)
    last = max((probe for probe in probes if probe["name"] == name), key=lambda probe: probe["at"], default=None)
    fresh = last is not None and now - datetime.fromisoformat(last["at"]) <= FRESH
    values = row["state"]
    if values == state.OPEN and not (fresh and last is not None and last["ok"]):
        values = state.CLOSED if fresh else UNKNOWN
    since = second_of(row["since"]) if row["since"] else None
    probed = last["at"] if last else None
    return {"operation": operation.value, **_names(operation), "state": values, "since": since, "probed_at": probed}


def _names(operation: Operation) -> dict[str, str]:
    rows = {}
    for language in ("ar", "en"):
        with translation.override(language):
            rows[language] = str(operation.label)
    return rows


def _offices(now: datetime) -> list[dict[str, Any]]:
    """Offices that an incident or a suspension touches; of the others nothing is said."""
    named = {code for notice in declaring.current(now) if notice.starts_at <= now for code in notice.offices}
    touched = [office for office in offices_by_pk().values() if office.code in named or office.suspended]
    return [
        {"code": office.code, "ar": office.name_ar, "en": office.name_en, "state": state.LIMITED}
        for office in sorted(touched, key=lambda office: office.code)
    ]


def _piles() -> list[dict[str, Any]]:
    """What waits of piles, the city first, with the names of the offices; each says as of when."""
    names = {office.code: {"ar": office.name_ar, "en": office.name_en} for office in offices_by_pk().values()}
    return [row | names.get(row["office"], _city_name()) for row in piles.published()]


def _city_name() -> dict[str, str]:
    rows = {}
    for language in ("ar", "en"):
        with translation.override(language):
            rows[language] = gettext("The whole city")
    return rows


def _notice(notice: IncidentNotice) -> dict[str, Any]:
    values = state.as_values(notice, timezone.now())
    del values["update_overdue"]  # the reader's own clock says it
    moments = ("starts_at", "ended_at", "next_update_at", "announced_at")
    values |= {name: second_of(values[name]) if values[name] else None for name in moments}
    about = {}
    for language in ("ar", "en"):
        with translation.override(language):
            about[f"about_{language}"] = affected(notice)
    return values | about | {"content": declaring.content_hash(declaring.facts_of(notice))}


def _about(operations: Sequence[str]) -> dict[str, str]:
    rows = {}
    for language in ("ar", "en"):
        with translation.override(language):
            rows[f"about_{language}"] = affected(IncidentNotice(operations=list(operations)))
    return rows


def lost_time(notices: Iterable[IncidentNotice], now: datetime) -> list[dict[str, Any]]:
    """Minutes of each month in which an operation was affected by an incident; what overlaps counts once."""
    last: dict[int, IncidentNotice] = {}
    for notice in sorted(notices, key=lambda notice: notice.seq):
        last[notice.incident_id] = notice
    rows: dict[tuple[str, str], int] = {}
    for operation in Operation:
        spans = [
            Span(notice.starts_at, min(notice.ended_at or now, now))
            for notice in last.values()
            if notice.starts_at < now and (not notice.operations or operation in notice.operations)
        ]
        for span in merged(spans):
            for month, minutes in _by_month(span.start, span.end or now):
                key = (month, operation.value)
                rows[key] = rows.get(key, 0) + minutes
    return [
        {"month": month, "operation": operation, **_names(Operation(operation)), "minutes": minutes}
        for (month, operation), minutes in sorted(rows.items(), reverse=True)
        if minutes
    ]


def _by_month(start: datetime, end: datetime) -> Iterable[tuple[str, int]]:
    """The minutes of each month of the city between two moments."""
    while start < end:
        local = timezone.localtime(start)
        month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (month + timedelta(days=32)).replace(day=1)
        until = min(end, following)
        yield f"{local:%Y-%m}", round((until - start).total_seconds() / 60)
        start = until


def _moment(text: object) -> str:
    return second_of(datetime.fromisoformat(str(text)))


# -- signed ----------------------------------------------------------------------------------------------------


def signed(document: Mapping[str, Any]) -> dict[str, Any]:
    """With the signature of this node over its canonical bytes, and the key to check it by."""
    key = keys.signing_key()
    mark = base64.b64encode(key.sign(_bytes(document))).decode()
    return {**document, "key": base64.b64encode(keys.public_bytes()).decode(), "signature": mark}


def is_genuine(document: Mapping[str, Any], public_key: bytes) -> bool:
    """Was this signed with the key that belongs to `public_key`?"""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    values = {name: value for name, value in document.items() if name not in ("key", "signature")}
    try:
        mark = base64.b64decode(str(document.get("signature", "")))
        Ed25519PublicKey.from_public_bytes(public_key).verify(mark, _bytes(values))
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_probes(path: Path | None) -> list[dict[str, Any]]:
    """What bin/probe wrote; nothing where there is no such file, or it cannot be read."""
    if path is None:
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [row for row in rows if datetime.fromisoformat(row["at"]).astimezone(UTC) and "name" in row]
    except (OSError, ValueError, KeyError, TypeError):
        return []
