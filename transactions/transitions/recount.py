"""Holidays are announced late: when one is entered, changed or removed, open files get their due dates anew.

Nothing happens to a file by this: no event, no version, no notice. What the receipt said stays on the receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import uuid4

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from municipality.calendar import WorkingCalendar
from municipality.models import Holiday
from municipality.services import CACHE_SECONDS, current_calendar

from ..domain import clock
from ..models import Event, Transaction
from ..outbox import queue
from .mover import due_dates

# Until then a process may still set due dates by the calendar it remembers, and a request under way be committed.
WAIT = timedelta(seconds=CACHE_SECONDS + 5)
BATCH = 500
RECALCULATED_FIELDS = ("paused_days", "stage_paused_days", "due_at", "stage_due_at")


@receiver([post_save, post_delete], sender=Holiday)
def enqueue_recount(**_signal: Any) -> None:
    """Owe a recount of all open files; where there are none, nothing is owed."""
    if Transaction.objects.open().exists():
        _enqueue(0, timezone.now(), WAIT)


def _enqueue(after: int, now: datetime, wait: timedelta = timedelta()) -> None:
    queue.enqueue("recount", after, dedupe=f"recount:{uuid4().hex}", now=now, wait=wait)


@queue.register_handler("recount")
def recount(after: int, now: datetime) -> None:
    """Count the next BATCH of open files (those with a higher id than `after`) and owe the rest. Idempotent."""
    following = Transaction.objects.open().select_for_update().filter(pk__gt=after).order_by("pk")
    cases = list(following[:BATCH])
    Transaction.objects.bulk_update(recalculate(cases, current_calendar()), RECALCULATED_FIELDS)
    if len(cases) == BATCH:
        _enqueue(cases[-1].pk, now)


def recalculate(cases: Sequence[Transaction], calendar: WorkingCalendar) -> list[Transaction]:
    """Those of these files whose figures are not what this calendar says, with the right ones; nothing is saved."""
    events = Event.objects.filter(transaction__in=cases).order_by("transaction_id", "seq")
    rows = events.values_list("transaction_id", *clock.Step._fields)
    paused = {
        pk: clock.paused_days((clock.Step(*step) for _pk, *step in steps), calendar)
        for pk, steps in groupby(rows, itemgetter(0))
    }
    # A request without events waited for nobody.
    return [case for case in cases if _recalculate_one(case, paused.get(case.pk, (0, 0)), calendar)]


def _recalculate_one(case: Transaction, paused: tuple[int, int], calendar: WorkingCalendar) -> bool:
    """Put the figures of a file right; says whether one was not."""
    before = [getattr(case, name) for name in RECALCULATED_FIELDS]
    case.paused_days, case.stage_paused_days = paused
    case.due_at, case.stage_due_at = due_dates(case, case.status, case.current_stage, calendar)
    return before != [getattr(case, name) for name in RECALCULATED_FIELDS]
