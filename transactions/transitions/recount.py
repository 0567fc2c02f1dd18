"""Holidays are announced late, and incidents are declared for days gone by: then open files get their due dates anew.

By a holiday nothing happens to a file: no event, no version, no notice. An incident that touches it is one event in its
history, however often it is told of or corrected afterwards. What the receipt said stays on the receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import uuid4

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from core.db.prepared import PreparedUpdate
from municipality.calendar import WorkingCalendar
from municipality.models import Holiday
from municipality.services import CACHE_SECONDS, current_calendar

from ..domain import clock
from ..domain.pauses import Pause, Stay, spans
from ..domain.workflow import MoveName
from ..incidents import memory
from ..incidents.signals import announced
from ..models import Event, IncidentNotice, Transaction
from ..outbox import queue
from .mover import due_dates

# Until then a process may still set due dates by the calendar it remembers, and a request under way be committed.
WAIT = timedelta(seconds=max(CACHE_SECONDS, memory.CACHE_SECONDS) + 5)
# One that is planned is asked after so often, until it begins.
LOOK_AGAIN = timedelta(minutes=10)
BATCH = 500
RECALCULATED_FIELDS = ("paused_days", "stage_paused_days", "halted_at", "due_at", "stage_due_at")


# One statement for many files (docs/benchmarks.md): all that are open are counted anew after an incident.
_update_counted = PreparedUpdate(Transaction, " ".join((*RECALCULATED_FIELDS, "version")))


@receiver([post_save, post_delete], sender=Holiday)
def enqueue_recount(**_signal: Any) -> None:
    """Owe a recount of all open files; where there are none, nothing is owed."""
    if Transaction.objects.open().exists():
        _enqueue(0, timezone.now(), WAIT)


@receiver(announced, sender=IncidentNotice)
def owe_for_incident(notice: IncidentNotice, before: IncidentNotice | None, now: datetime, **_signal: Any) -> None:
    """Owe it for an incident that stops clocks, or did before it was corrected; of a planned one when it begins."""
    if notice.stops_clocks or (before is not None and before.stops_clocks):
        queue.enqueue("incident", notice.pk, dedupe=f"incident:{notice.pk}", now=now, wait=WAIT)


@queue.register_handler("incident")
def begin(notice_id: int, now: datetime) -> Exception | None:
    """Owe the recount once the incident has begun. One that was said otherwise meanwhile owes its own."""
    notice = IncidentNotice.objects.get(pk=notice_id)
    later = IncidentNotice.objects.filter(incident=notice.incident_id, seq__gt=notice.seq).exists()
    if notice.starts_at > now and not later:
        return queue.Postponed(min(notice.starts_at, now + LOOK_AGAIN))
    _enqueue(0, now)
    return None


def _enqueue(after: int, now: datetime, wait: timedelta = timedelta()) -> None:
    queue.enqueue("recount", after, dedupe=f"recount:{uuid4().hex}", now=now, wait=wait)


@queue.register_handler("recount")
def recount(after: int, now: datetime) -> None:
    """Count the next BATCH of open files (those with a higher id than `after`) and owe the rest. Idempotent."""
    following = Transaction.objects.open().select_for_update().filter(pk__gt=after).order_by("pk")
    cases = list(following[:BATCH])
    counted = [_recalculate_one(*read) for read in _read(cases, current_calendar(), memory.known().pauses, now)]
    changed = [count for count in counted if count.changed or count.newly]
    for count in changed:
        count.case.version += len(count.newly)
    _update_counted.many([count.case for count in changed])
    Event.objects.bulk_create(event for count in changed for event in _events(count, now))
    if len(cases) == BATCH:
        _enqueue(cases[-1].pk, now)


def recalculate(
    cases: Sequence[Transaction], calendar: WorkingCalendar, pauses: Sequence[Pause] | None = None,
    now: datetime | None = None,
) -> list[Transaction]:  # fmt: skip
    """Those of these files whose figures are not what this calendar and these incidents (those declared) say, with the
    right ones; nothing is saved.
    """
    known = memory.known().pauses if pauses is None else pauses
    counts = [_recalculate_one(*read) for read in _read(cases, calendar, known, now or timezone.now())]
    return [count.case for count in counts if count.changed]


@dataclass
class _Counted:
    """A file with its figures put right: whether they were not, and which incidents touched it that no event tells."""

    case: Transaction
    changed: bool
    newly: list[int]


def _read(
    cases: Sequence[Transaction], calendar: WorkingCalendar, pauses: Sequence[Pause], now: datetime
) -> Iterable[tuple[Transaction, clock.Reading, list[int], WorkingCalendar]]:
    """Each file with its clock, and the incidents that touched it and stand in none of its events; one query."""
    events = Event.objects.filter(transaction__in=cases).order_by("transaction_id", "seq")
    rows = events.values_list("transaction_id", *clock.STEP)
    of_case = {pk: list(group) for pk, group in groupby(rows, itemgetter(0))}
    for case in cases:
        history = of_case.get(case.pk, [])  # a request without events waited for nobody
        steps = [clock.step_of(*row) for _pk, *row in history]
        touching = [pause for pause in pauses if pause.end is None or pause.end > case.submitted_at]
        reading = clock.read(steps, calendar, touching, service=case.service, now=now)
        newly = _not_told(case, history, steps, touching, now) if touching and steps else []
        yield case, reading, newly, calendar


def _not_told(
    case: Transaction, history: Sequence[Any], steps: Sequence[clock.Step], pauses: Sequence[Pause], now: datetime
) -> list[int]:
    stopped_for = {facts.get("incident") for _pk, _at, move, *_more, facts in history if move == MoveName.STOP_CLOCK}
    stays = [Stay(step.at, step.office) for step in steps if step.office]
    return [
        pause.incident
        for pause in pauses
        if pause.incident not in stopped_for and spans([pause], case.service, stays, now)
    ]


def _recalculate_one(
    case: Transaction, reading: clock.Reading, newly: list[int], calendar: WorkingCalendar
) -> _Counted:
    """Put the figures of a file right; says whether one was not."""
    before = [getattr(case, name) for name in RECALCULATED_FIELDS]
    case.paused_days, case.stage_paused_days, case.halted_at = reading
    case.due_at, case.stage_due_at = due_dates(case, case.status, case.current_stage, calendar)
    return _Counted(case, before != [getattr(case, name) for name in RECALCULATED_FIELDS], newly)


def _events(count: _Counted, now: datetime) -> list[Event]:
    """One event for each incident; nothing of the file moves but its due date."""
    case, first = count.case, count.case.version - len(count.newly) + 1
    return [
        Event(
            transaction=case,
            seq=first + number,
            at=now,
            move=MoveName.STOP_CLOCK,
            actor_role="system",
            from_status=case.status,
            to_status=case.status,
            from_stage=case.stage,
            to_stage=case.stage,
            facts={"incident": incident},
        )
        for number, incident in enumerate(count.newly)
    ]
