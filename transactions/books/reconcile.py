"""The daily run: find differences, keep each with its age, publish the figures under a signature of the journal."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone

from accounts.models import User
from core.db.locks import take_lock
from journal import chain, receipts
from journal.entry import second_of
from journal.standing import Refused
from municipality.models import Office

from ..domain.routing import CENTRAL
from ..models import Difference, Reconciliation
from . import balance, promises, silent
from .look import Finding, Kind, Look

logger = logging.getLogger(__name__)
KINDS: dict[str, Kind] = {kind.code: kind for kind in (*promises.KINDS, *silent.KINDS)}
# Of each kind so many are kept by name; if there are more, something is wrong as a whole, and the figure says so.
MOST = 500


def reconcile(now: datetime) -> Reconciliation:
    """Find every difference, keep and close them, publish what the books come to. Safe to repeat.

    A journal that is itself not as it was signs nothing: then the figures are published without a signature.
    """
    look = Look(now)
    findings = {kind.code: _ask(kind, look) for kind in KINDS.values()}
    lines = balance.lines(look)
    keep(findings, now)
    figures = {
        "day": timezone.localdate(now).isoformat(),
        "at": second_of(now),
        "as_of": second_of(look.settled),
        "nodes": [balance.exactly(line) for line in balance.by_node(lines)],
        "offices": [balance.in_tens(line) for line in lines],
        "journals": balance.heads(look),
        "files": _files(look),
        "differences": _differences(findings),
    }
    exact = [balance.exactly(line) for line in lines]
    return _publish(figures, exact, now, sign=not (findings["chain_short"] or findings["head_behind"]))


def _ask(kind: Kind, look: Look) -> list[Finding] | None:
    """None when it could not be asked: the store does not answer."""
    try:
        return list(kind.find(look))
    except OSError:
        logger.exception("a part of the books could not be read", extra={"kind": kind.code})
        return None


@transaction.atomic
def keep(findings: Mapping[str, list[Finding] | None], now: datetime) -> None:
    """Write down what is new, say of the rest that it is still there, and close what is gone.

    What could not be asked stays as it was.
    """
    take_lock("books")
    for kind, all_of_it in findings.items():
        if all_of_it is None:
            continue
        there = Difference.objects.there().filter(kind=kind)
        known = dict(there.values_list("subject", "pk"))
        subjects = {finding.subject for finding in all_of_it}
        closed = [pk for subject, pk in known.items() if subject not in subjects]
        new = [finding for finding in all_of_it if finding.subject not in known][
            : max(0, MOST - len(known) + len(closed))
        ]
        there.filter(pk__in=closed).update(closed_at=now)
        there.update(seen_at=now)
        Difference.objects.bulk_create(_rows(kind, new, now))


def _rows(kind: str, new: Sequence[Finding], now: datetime) -> list[Difference]:
    """What belongs to no office is looked into by the central one."""
    central = Office.objects.get(code=CENTRAL).pk if new else 0
    return [
        Difference(
            kind=kind, subject=finding.subject[:80], office_id=finding.office or central, found_at=now, seen_at=now
        )
        for finding in new
    ]


def _files(look: Look) -> dict[str, int] | None:
    try:
        return {"named": look.files.named, "there": look.files.there}
    except OSError:
        return None


def _differences(findings: Mapping[str, list[Finding] | None]) -> dict[str, Any]:
    """Of each kind: how many, how many of them are explained, since when the oldest; None when nobody could ask."""
    rows = Difference.objects.there().order_by().values_list("kind")
    counted = rows.annotate(Count("settled_at"), Min("found_at"))
    stored = {kind: (explained, since) for kind, explained, since in counted}
    counts: dict[str, Any] = {}
    for kind, all_of_it in findings.items():
        explained, since = stored.get(kind, (0, None))
        oldest = timezone.localdate(since).isoformat() if since else None
        figures = {"found": len(all_of_it or ()), "explained": explained, "oldest": oldest}
        counts[kind] = None if all_of_it is None else figures
    return counts


def _publish(figures: Mapping[str, Any], exact: list[dict[str, Any]], now: datetime, *, sign: bool) -> Reconciliation:
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        day = timezone.localdate(now)
        token = _signed(day, digest, now) if sign else ""
        return Reconciliation.objects.create(
            day=day, at=now, text=text, offices=exact, content_hash=digest, token=token
        )


def _signed(day: date, digest: str, now: datetime) -> str:
    try:
        with transaction.atomic():
            return receipts.encode_token(
                chain.append("reconciled", f"BOOKS-{day.isoformat()}", {"content": digest}, now)
            )
    except Refused:
        logger.exception("the journal does not sign the books")
        return ""


@transaction.atomic
def explain(difference: Difference, *, reason: str, owner: User | None, by: User, now: datetime) -> Difference:
    """Staff say who looks into a difference, and, with a reason, why it is none. Empty the reason to take that back."""
    locked = Difference.objects.select_for_update().get(pk=difference.pk)
    locked.owner_id, reason = (owner.pk if owner else None), reason.strip()
    if reason != locked.reason:
        locked.reason = reason
        locked.settled_at, locked.settled_by_id = (now, by.pk) if reason else (None, None)
    locked.save(update_fields=["owner", "reason", "settled_at", "settled_by"])
    return locked
