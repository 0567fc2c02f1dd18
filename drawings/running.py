"""The check itself, by a worker, and what it found written down."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from transactions.attachments import render_jobs, rendering
from transactions.attachments.stored import open_intact
from transactions.models import Outbox
from transactions.outbox import queue

from . import caged
from .domain import rules
from .domain.facts import Facts
from .models import DrawingCheck, DrawingFinding

KIND = "check_drawing"
# Where one of these changes, what was decided is no decision on what is there now.
DECIDED_ON = ("required", "measured", "place")
# For so long it is tried again when the machine had too much to do; then the drawing is too slow.
PATIENCE = timedelta(minutes=20)


@queue.register_order(KIND)
def order_by_sender(waiting: QuerySet[Outbox]) -> list[int]:
    """One drawing of each sender, first of those for whom least was drawn and checked lately."""
    sender = Subquery(DrawingCheck.objects.filter(pk=OuterRef("subject")).values("attachment__uploaded_by")[:1])
    return render_jobs.least_served_first(waiting.annotate(sender=sender))


@queue.register_handler(KIND, outside=True)
def run(subject: int, now: datetime) -> Exception | None:
    """Measure a drawing and keep what was found. TimeoutError when the machine had too much to do."""
    check = DrawingCheck.objects.select_related("attachment").filter(pk=subject).first()
    if check is None or check.state != DrawingCheck.State.WAITING or check.attachment.removed_at is not None:
        return None
    stored = open_intact(check.attachment)
    if stored is None:
        _keep(check, {"wrong": "broken"}, now)
        return None
    began = time.monotonic()
    try:
        with stored:
            result = caged.check(stored, Facts.from_json(check.facts), rules.by_code(check.rule_set))
    finally:
        render_jobs.charge_sender(check.attachment.uploaded_by_id, time.monotonic() - began)
    if result.get("wrong") == rendering.OVERLOADED and now < check.asked_at + PATIENCE:
        return TimeoutError("too much is being done to check this drawing now")
    if result.get("wrong") == rendering.OVERLOADED:
        result = {"wrong": "slow"}
    _keep(check, result, now)
    return None


@transaction.atomic
def _keep(check: DrawingCheck, result: dict[str, Any], now: datetime) -> None:
    """What was found, unless something else was asked meanwhile: then another job does that."""
    locked = DrawingCheck.objects.select_for_update().filter(pk=check.pk).first()
    asked = (check.facts, check.rule_set)
    if locked is None or (locked.facts, locked.rule_set) != asked or locked.state != DrawingCheck.State.WAITING:
        return
    locked.wrong = result.get("wrong", "")
    locked.state = DrawingCheck.State.FAILED if locked.wrong else DrawingCheck.State.DONE
    findings = result.pop("findings", [])
    locked.result, locked.done_at = result, now
    locked.save()
    if not locked.wrong:
        _keep_findings(locked, findings, now)


def _keep_findings(check: DrawingCheck, results: list[dict[str, Any]], now: datetime) -> None:
    """What was explained or decided about a finding that is still there stays with it, beside what the decision was
    about where that has changed. Of what is gone it stays too, and comes back with the same finding; what nobody said
    anything about is forgotten.
    """
    rows = list(check.findings.order_by("number", "pk"))
    for number, (key, finding, content) in enumerate(list(_matched(rows, results)), start=1):
        stored = finding or DrawingFinding(check_of=check, key=key, code=content["code"])
        stored.content = content | (_decided_on(stored, content) if stored.decision else {})
        stored.number, stored.gone_at = number, None
        stored.save()
        if finding is not None:
            rows.remove(finding)
    for finding in rows:
        if not (finding.decision or finding.explanation):
            finding.delete()
        elif finding.gone_at is None:
            finding.gone_at = now
            finding.save(update_fields=["gone_at"])


def _decided_on(finding: DrawingFinding, content: Mapping[str, Any]) -> dict[str, Any]:
    """What was required, measured and where when this was decided on, unless that is so still or again."""
    before = finding.decided_on or {name: finding.content.get(name) for name in DECIDED_ON}
    return {} if all(before[name] == content.get(name) for name in DECIDED_ON) else {"decided_on": before}


def _matched(
    rows: Sequence[DrawingFinding], results: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, DrawingFinding | None, dict[str, Any]]]:
    """Each result with the finding of before that it is, if there was one, and its key.

    The same check of the same subject may find several. Those at the very place of one before are that one, so that no
    word goes over to another when the first of them is mended; of the others, each is the next that is left, rather
    one that was there last than one that was gone.
    """
    free: dict[str, list[DrawingFinding]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.gone_at is not None):
        free[row.key.rpartition(":")[0]].append(row)
    taken = {row.key for row in rows}
    matches: list[DrawingFinding | None] = [None] * len(results)
    for same_place in (True, False):
        for place, content in enumerate(results):
            candidates = free[_name_of(content)]
            fits = (row for row in candidates if not same_place or row.place == content.get("place"))
            if matches[place] is None and (match := next(fits, None)) is not None:
                matches[place] = match
                candidates.remove(match)
    for content, finding in zip(results, matches, strict=True):
        name = _name_of(content)
        key = finding.key if finding else next(key for n in count(1) if (key := f"{name}:{n}") not in taken)
        taken.add(key)
        yield key, finding, content


def _name_of(content: Mapping[str, Any]) -> str:
    return f"{content['code']}:{content['subject']}:{content['extra'].get('side', '')}"
