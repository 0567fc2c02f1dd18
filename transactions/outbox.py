"""Work still owed: the row is written with the change that owes it, and a worker does it once.

`owe` inside the database transaction; `run` claims by a conditional UPDATE and acts only if one row changed.
Effects in the database are written in one transaction with the mark "done"; effects outside carry their own
unique key. Whatever is forgotten is found again by `due` (the sweeper in beat, or `manage.py work`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from .models import Outbox
from .prepared import PreparedInsert
from .tracing import request_id

logger = logging.getLogger(__name__)
# Whoever died with a row is followed after this long; Celery's time limits end a task before (settings.py).
LEASE = timedelta(seconds=20)
MOST_ATTEMPTS = 8
LONGEST_PAUSE = timedelta(seconds=2**MOST_ATTEMPTS)
# So far the clocks of two hosts may be apart.
CLOCKS_DIFFER = timedelta(seconds=10)
QUIET_SECONDS = 2
_quiet_until = 0.0
# Requests never wait for the broker: one thread of the process rings for all of them, in order.
_ringing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="doorbell")
_insert = PreparedInsert(Outbox)
_handlers: dict[str, Callable[[int, datetime], None]] = {}


def handles(kind: str) -> Callable[[Callable[[int, datetime], None]], Callable[[int, datetime], None]]:
    """Register the handler of a kind: called with the subject's id and the moment, inside a transaction."""

    def remember(handler: Callable[[int, datetime], None]) -> Callable[[int, datetime], None]:
        _handlers[kind] = handler
        return handler

    return remember


def owe(kind: str, subject: int, *, dedupe: str, now: datetime) -> Outbox:
    """Write down work, once per `dedupe`, and ring for a worker when the transaction is committed."""
    row = _insert(
        kind=kind, subject=subject, dedupe=dedupe, not_before=now, created_at=now, request_id=request_id.get()
    )
    if settings.CELERY_BROKER_URL:
        transaction.on_commit(lambda: _ringing.submit(ring, row.pk, kind), robust=True)
    return row


def ring(outbox_id: int, kind: str) -> None:
    """Tell a worker, if the broker can be reached; if not, the sweeper will find the row.

    After a failure this process rings no more for a while, so that a broker that hangs is not asked row by row.
    """
    global _quiet_until
    from .tasks import DOORBELLS, other

    if time.monotonic() < _quiet_until:
        return
    try:
        DOORBELLS.get(kind, other).apply_async(kwargs={"outbox_id": outbox_id}, retry=False)
    except Exception:  # any broker failure means only that work is done later
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("broker unreachable, work waits for the sweeper", extra={"outbox_id": outbox_id})


def _claimable(now: datetime) -> Q:
    """Owed and due, or claimed by somebody whose lease is over.

    Moments no honest clock could have written (the clock was put back since, or the writer's goes ahead) count as past.
    """
    owed, claimed = Q(state=Outbox.State.OWED), Q(state=Outbox.State.CLAIMED)
    return (
        owed & (Q(not_before__lte=now) | Q(attempts=0) | Q(not_before__gt=now + LONGEST_PAUSE + CLOCKS_DIFFER))
        | claimed & (Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + CLOCKS_DIFFER))
    )


def due(now: datetime, limit: int) -> list[tuple[int, str]]:
    """(id, kind) of rows waiting, oldest first, however old they are."""
    waiting = Outbox.objects.filter(_claimable(now), state__in=["owed", "claimed"])
    return list(waiting.order_by("not_before", "id").values_list("pk", "kind")[:limit])


def run(outbox_id: int, now: datetime | None = None) -> bool:
    """Do one piece of work if nobody else has it. True when it was done here and now."""
    now = now or timezone.now()
    claimed = Outbox.objects.filter(_claimable(now), pk=outbox_id).update(
        state=Outbox.State.CLAIMED, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    row = Outbox.objects.get(pk=outbox_id)
    trace = request_id.set(row.request_id or f"outbox-{row.pk}")
    try:
        with transaction.atomic():
            _handlers[row.kind](row.subject, now)
            mine = Outbox.objects.filter(pk=row.pk, state=Outbox.State.CLAIMED, attempts=row.attempts)
            if not mine.update(state=Outbox.State.DONE, done_at=now, lease_until=None):
                raise LeaseLost
    except LeaseLost:
        return False
    except Exception as error:
        logger.exception("work failed", extra={"outbox_id": row.pk, "kind": row.kind})
        _put_back(row, error, now)
        return False
    finally:
        request_id.reset(trace)
    return True


class LeaseLost(Exception):
    """Another worker took the row over while this one was slow; its effect is rolled back here."""


def _put_back(row: Outbox, error: Exception, now: datetime) -> None:
    """Try again later, each time twice as late; after MOST_ATTEMPTS it is dead, and staff see it."""
    dead = row.attempts >= MOST_ATTEMPTS
    Outbox.objects.filter(pk=row.pk, attempts=row.attempts).update(
        state=Outbox.State.DEAD if dead else Outbox.State.OWED,
        not_before=now + timedelta(seconds=2**row.attempts),
        lease_until=None,
        last_error=f"{type(error).__name__}: {error}"[:500],
    )


def revive(row: Outbox, now: datetime) -> None:
    """Give a dead row another set of attempts."""
    Outbox.objects.filter(pk=row.pk, state=Outbox.State.DEAD).update(
        state=Outbox.State.OWED, attempts=0, not_before=now, last_error=""
    )
