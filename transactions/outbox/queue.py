"""The transactional outbox: a job's row is written with the change that needs it, and a worker does it once.

`enqueue` inside the database transaction; `process_row` claims by a conditional UPDATE and acts only if one row
changed. Effects in the database are written in one transaction with the mark "done"; effects outside carry their own
unique key. A handler that did only a part returns the error that stopped the rest: that part stays done. A job nobody
was told of is picked up by `due_ids` (the sweeper in beat, or `manage.py work`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from accounts.sms import MessageRefused
from core.db import DATABASE_UNAVAILABLE
from core.db.locks import take_lock
from core.db.prepared import Batch
from core.outside_http import CircuitOpen
from core.tracing import request_id

from ..domain.errors import OperationClosed
from ..models import Outbox

logger = logging.getLogger(__name__)
# A row claimed by a dead worker is free again after this; Celery ends a task sooner (settings/work.py).
LEASE = timedelta(seconds=20)
MAX_RETRY_DELAY = timedelta(minutes=15)
MAX_ATTEMPTS_IN_A_MONTH = 2900
"""Attempts that last thirty days: the first ten within half an hour, then one every MAX_RETRY_DELAY."""
MAX_QUICK_RETRIES = 200
"""After a database failure, this many attempts are made two seconds apart; later ones back off like all others."""
MAX_COUNTED_ATTEMPTS = 30_000  # the column holds no more
MAX_FAILURES_IN_A_ROW = 3
"""After this many failures in a row the rest waits for the sweeper: the service they need is probably down."""
# What a gate keeps closed is tried again after this time.
GATE_CLOSED = timedelta(minutes=1)
SPREAD_SECONDS = 30
# How far the clocks of two hosts may differ.
MAX_CLOCK_DIFFERENCE = timedelta(seconds=10)
BATCH_SIZE = 500
CHUNK_SIZE = 50
# Well under a task's time limit, and long enough that waking a worker again costs nothing.
WORK_SECONDS = 5
PENDING_STATES = (Outbox.State.OWED, Outbox.State.CLAIMED)
Handler = Callable[[int, datetime], Exception | None]
BatchHandler = Callable[[Sequence[int], datetime], Exception | None]
_handlers: dict[str, Handler] = {}
_max_attempts: dict[str, int] = {}
_batch_handlers: dict[str, BatchHandler] = {}
# Kinds whose work takes long and may be done twice: no transaction is open meanwhile.
_non_transactional: set[str] = set()
Order = Callable[[QuerySet[Outbox]], list[int]]
_orders: dict[str, Order] = {}


class UnknownKind(Exception):
    """This build has no handler for the row."""


# Retrying does not help.
PERMANENT_ERRORS = (MessageRefused, UnknownKind, ObjectDoesNotExist)


def register_handler(kind: str, *, attempts: int | None = None, outside: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of a kind: called with the subject's id and the moment, inside a transaction, or `outside`
    one: then whoever dies after it does it again.

    Internal jobs are retried for ever, because nobody else does them; `attempts` limits those that come too late after
    a while, such as a message.
    """

    def remember(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if attempts is not None:
            _max_attempts[kind] = attempts
        if outside:
            _non_transactional.add(kind)
        return handler

    return remember


def register_order(kind: str) -> Callable[[Order], Order]:
    """Register the order of a kind: called with the rows that are due, returns the ids of some, in order; called again
    after those. Without it the oldest come first.
    """

    def remember(order: Order) -> Order:
        _orders[kind] = order
        return order

    return remember


def register_batch_handler(kind: str) -> Callable[[BatchHandler], BatchHandler]:
    """Register a handler for many rows of a kind (`process_batch`): called with their subjects, oldest first."""

    def remember(handler: BatchHandler) -> BatchHandler:
        _batch_handlers[kind] = handler
        _handlers[kind] = lambda subject, now: handler([subject], now)
        return handler

    return remember


def enqueue(
    kind: str, subject: int, *, dedupe: str, now: datetime, wait: timedelta = timedelta(), batch: Batch | None = None
) -> Outbox:
    """Add a job, once per `dedupe`, with the rest of a `batch` or at once, and wake a worker when the transaction is
    committed.

    With `wait` it does not start before that time has passed; the sweeper wakes a worker for it then.
    """
    trace = request_id.get()
    row = Outbox(kind=kind, subject=subject, dedupe=dedupe, not_before=now + wait, created_at=now, request_id=trace)
    if batch is None:
        row.save(force_insert=True)
    else:
        batch.insert(row)
    logger.info("job enqueued", extra={"outbox_id": row.pk, "kind": kind})
    _notify_workers_on_commit(kind)
    return row


def enqueue_many(kind: str, subjects: Mapping[int, str], *, now: datetime) -> None:
    """As `enqueue`, once for each of these subjects; each with the id of the web request it comes of."""
    if not subjects:
        return
    rows = [
        Outbox(kind=kind, subject=pk, dedupe=f"{kind}:{pk}", not_before=now, created_at=now, request_id=trace)
        for pk, trace in subjects.items()
    ]
    Outbox.objects.bulk_create(rows)
    logger.info("jobs enqueued", extra={"kind": kind, "request_ids": sorted(set(subjects.values()))})
    _notify_workers_on_commit(kind)


def request_ids(kind: str, subjects: Collection[int]) -> dict[int, str]:
    """The ids of the web requests that enqueued this work, by its subject; of work that is done once a subject."""
    rows = Outbox.objects.filter(dedupe__in=[f"{kind}:{subject}" for subject in subjects]).order_by()
    return dict(rows.values_list("subject", "request_id"))


def _notify_workers_on_commit(kind: str) -> None:
    if settings.CELERY_BROKER_URL:
        from .wake_up import notify_workers

        transaction.on_commit(lambda: notify_workers(kind), robust=True)


def _claimable(now: datetime) -> Q:
    """Pending and due, or claimed by a worker whose lease is over.

    Moments no honest clock could have written (the clock was put back since, or the writer's goes ahead) count as past,
    and so does that of a row never tried which was not told to wait.
    """
    owed, claimed = Q(state=Outbox.State.OWED), Q(state=Outbox.State.CLAIMED)
    at_once = Q(attempts=0, not_before__lte=F("created_at"))
    return owed & (
        Q(not_before__lte=now) | at_once | Q(not_before__gt=now + MAX_RETRY_DELAY + MAX_CLOCK_DIFFERENCE)
    ) | claimed & (Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + MAX_CLOCK_DIFFERENCE))


def known_kinds() -> list[str]:
    return sorted(_handlers)


def due_ids(kind: str, now: datetime, limit: int) -> list[int]:
    """Ids of rows of this kind that wait, oldest first or as the kind's order says, however old they are."""
    waiting = Outbox.objects.filter(_claimable(now), kind=kind, state__in=PENDING_STATES)
    if kind in _orders:
        return _orders[kind](waiting)[:limit]
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def wake_workers(now: datetime) -> None:
    """What the sweeper does: one wake-up for each kind with due rows, since the worker then processes all of them."""
    for kind in known_kinds():
        if due_ids(kind, now, 1):
            _notify_workers_on_commit(kind)


def dead_letter_unknown(now: datetime) -> int:
    """Rows of a kind this build does not know are attempted like any other, and end as dead letters staff can see."""
    waiting = Outbox.objects.filter(_claimable(now), state__in=PENDING_STATES).exclude(kind__in=known_kinds())
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:CHUNK_SIZE])
    for outbox_id in ids:
        process_row(outbox_id, now)
    return len(ids)


def process_kind(kind: str, now: datetime | None = None, *, seconds: float = WORK_SECONDS) -> int:
    """Process the due rows of a kind for so many seconds, then wake a worker for the rest; returns how many."""
    end = time.monotonic() + seconds
    done = 0
    while True:
        batch = kind in _batch_handlers
        count = process_batch(kind, now) if batch else _process_singly(kind, now or timezone.now(), end)
        if not count:
            break
        done += count
        if time.monotonic() > end:
            _notify_workers_on_commit(kind)
            break
    return done


def _process_singly(kind: str, now: datetime, end: float) -> int:
    """How many were attempted; fewer than are due when time is up, 0 after MAX_FAILURES_IN_A_ROW."""
    failed = 0
    ids = due_ids(kind, now, CHUNK_SIZE)
    for number, outbox_id in enumerate(ids, start=1):
        if (done := _attempt(outbox_id, now)) is not None:
            failed = 0 if done else failed + 1
        if failed == MAX_FAILURES_IN_A_ROW:
            return 0
        if time.monotonic() > end:
            return number
    return len(ids)


def process_batch(kind: str, now: datetime | None = None) -> int:
    """Do the oldest BATCH rows of a kind done in batches, in one transaction; returns how many were due.

    One worker at a time and oldest first, so that the outcome does not depend on how many workers there are. When
    the batch fails its rows are done one by one, so that a bad one spoils nobody else's.
    """
    now = now or timezone.now()
    rows: list[tuple[int, int, str]] = []
    try:
        with transaction.atomic():
            take_lock(f"outbox:{kind}")
            waiting = Outbox.objects.select_for_update(skip_locked=True).filter(_claimable(now), kind=kind)
            pending = waiting.filter(state__in=PENDING_STATES).order_by("pk").values_list("pk", "subject", "request_id")
            rows = list(pending[:BATCH_SIZE])
            if rows:
                if left := _batch_handlers[kind]([subject for _pk, subject, _trace in rows], now):
                    raise left
                Outbox.objects.filter(pk__in=[pk for pk, _subject, _trace in rows]).update(
                    state=Outbox.State.DONE, done_at=now, lease_until=None, attempts=F("attempts") + 1
                )
    except OperationClosed:  # of some services or offices: the others go on
        for pk, _subject, _trace in rows:
            process_row(pk, now)
    except Exception:  # whatever it is, doing them singly finds out which of the rows it belongs to
        if not rows:
            raise
        logger.exception("a batch failed; its rows are processed one by one", extra={"kind": kind, "rows": len(rows)})
        for pk, _subject, _trace in rows:
            process_row(pk, now)
    else:
        if rows:
            logger.info("job done", extra={"kind": kind, "request_ids": [trace for _pk, _subject, trace in rows]})
    return len(rows)


def process_row(outbox_id: int, now: datetime | None = None) -> bool:
    """Process one row if no other worker has it. True when it was done here and now."""
    return bool(_attempt(outbox_id, now or timezone.now()))


def _attempt(outbox_id: int, now: datetime) -> bool | None:
    """True when it was done, False when it failed, None when it was postponed or another worker has it."""
    claimed = Outbox.objects.filter(_claimable(now), pk=outbox_id).update(
        state=Outbox.State.CLAIMED, lease_until=now + LEASE, attempts=Least(F("attempts") + 1, MAX_COUNTED_ATTEMPTS)
    )
    if not claimed:
        return None
    row = Outbox.objects.get(pk=outbox_id)
    trace = request_id.set(row.request_id or f"outbox-{row.pk}")
    try:
        left = _handlers[row.kind](row.subject, now) if row.kind in _non_transactional else None
        with transaction.atomic():
            if row.kind not in _non_transactional:
                left = _get_handler(row.kind)(row.subject, now)
            claimed_row = Outbox.objects.filter(pk=row.pk, state=Outbox.State.CLAIMED, attempts=row.attempts)
            done = {"state": Outbox.State.DONE, "done_at": now, "lease_until": None}
            if not (_reschedule(row, left, now) if left else claimed_row.update(**done)):
                raise LeaseLost
        if isinstance(left, WAITS):
            logger.info("job postponed", extra={"outbox_id": row.pk, "kind": row.kind})
            return None
        if left:
            logger.error("job partly done", exc_info=left, extra={"outbox_id": row.pk, "kind": row.kind})
            return False
        logger.info("job done", extra={"outbox_id": row.pk, "kind": row.kind})
    except LeaseLost:
        return None
    except (OperationClosed, CircuitOpen) as waits:
        logger.info("job postponed", extra={"outbox_id": row.pk, "kind": row.kind, "why": type(waits).__name__})
        _reschedule(row, waits, now)
        return None
    except Exception as error:
        logger.exception("job failed", extra={"outbox_id": row.pk, "kind": row.kind})
        _reschedule(row, error, now)
        return False
    finally:
        request_id.reset(trace)
    return True


def _get_handler(kind: str) -> Handler:
    if kind not in _handlers:
        raise UnknownKind(kind)
    return _handlers[kind]


def count_pending(*kinds: str) -> int:
    """How many jobs of these kinds wait or are being done."""
    return Outbox.objects.filter(kind__in=kinds, state__in=PENDING_STATES).count()


class Postponed(Exception):
    """Returned by a handler that did what may be done now; the rest is not a failure, and waits `until` then. `why` is
    what it waits for, in a word.
    """

    GATE, QUOTA, BODY, REST = "gate", "quota", "body", "rest"

    def __init__(self, until: datetime, why: str = REST) -> None:
        super().__init__(f"{why}, {until.isoformat()}")
        self.until = until

    @classmethod
    def noted(cls, why: str) -> str:
        """How the last error of a row that waits for this begins."""
        return f"{cls.__name__}: {why},"


# No failures: a gate is closed, a body that failed rests, a quota is used up. They use up none of a job's attempts.
WAITS = (Postponed, OperationClosed, CircuitOpen)


def _postponed(error: Exception, row: Outbox, now: datetime) -> Postponed | None:
    """Until when what stopped a job lets it wait; None for a failure. Of those that wait for one body the first finds
    out for all, so they do not come at once.
    """
    if isinstance(error, CircuitOpen):
        seconds = max(1.0, error.seconds) + row.pk % SPREAD_SECONDS
        return Postponed(now + timedelta(seconds=seconds), Postponed.BODY)
    if isinstance(error, OperationClosed):
        return Postponed(now + GATE_CLOSED, Postponed.GATE)
    return error if isinstance(error, Postponed) else None


class LeaseLost(Exception):
    """Another worker took the row over while this one was slow; its effect is rolled back here."""


def _reschedule(row: Outbox, error: Exception, now: datetime) -> int:
    """Retry later, doubling the delay up to MAX_RETRY_DELAY; after a permanent error the row is dead, and staff see it.

    So is a message whose month is over. Returns 0 when another worker has the row now.

    When the database was unavailable the row is retried soon, and is never dead for that reason.
    """
    claimed_row = Outbox.objects.filter(pk=row.pk, attempts=row.attempts)
    if waits := _postponed(error, row, now):
        reason = f"{type(waits).__name__}: {waits}"
        postponed = {"state": Outbox.State.OWED, "lease_until": None, "last_error": reason}
        return claimed_row.update(not_before=waits.until, attempts=row.attempts - 1, **postponed)
    unavailable = isinstance(error, DATABASE_UNAVAILABLE)
    too_late = row.attempts >= _max_attempts.get(row.kind, MAX_COUNTED_ATTEMPTS + 1)
    dead = not unavailable and (too_late or isinstance(error, PERMANENT_ERRORS))
    return claimed_row.update(
        state=Outbox.State.DEAD if dead else Outbox.State.OWED,
        not_before=now + retry_delay(row.attempts, unavailable=unavailable),
        lease_until=None,
        last_error=f"{type(error).__name__}: {error}"[:500],
    )


def retry_delay(attempts: int, *, unavailable: bool = False) -> timedelta:
    """The delay after so many attempts; shorter for a while when the database was unavailable (`unavailable`)."""
    if unavailable and attempts <= MAX_QUICK_RETRIES:
        return timedelta(seconds=2)
    return min(timedelta(seconds=2 ** min(attempts, 10)), MAX_RETRY_DELAY)


def requeue(row: Outbox, now: datetime) -> None:
    """Give a dead row a new set of attempts."""
    Outbox.objects.filter(pk=row.pk, state=Outbox.State.DEAD).update(
        state=Outbox.State.OWED, attempts=0, not_before=now, last_error=""
    )
