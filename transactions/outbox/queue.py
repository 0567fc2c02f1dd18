"""Work still owed: the row is written with the change that owes it, and a worker does it once.

`owe` inside the database transaction; `run` claims by a conditional UPDATE and acts only if one row changed.
Effects in the database are written in one transaction with the mark "done"; effects outside carry their own
unique key. A handler that did a part returns what was in the way of the rest: that part stays done. Whatever is
forgotten is found again by `due` (the sweeper in beat, or `manage.py work`).
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

from accounts.sms import Refused
from core.db import AWAY
from core.db.locks import one_at_a_time
from core.db.prepared import Batch
from core.tracing import request_id

from ..models import Outbox

logger = logging.getLogger(__name__)
# Whoever died with a row is followed after this long; Celery's time limits end a task before (settings/work.py).
LEASE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(minutes=15)
A_MONTH = 2900
"""Attempts that last thirty days: the first ten within half an hour, then one every LONGEST_PAUSE."""
SOON_AGAIN = 200
"""So many attempts that found no database are made two seconds apart; later ones pause like all others."""
COUNTED = 30_000  # what the column holds
IN_A_ROW = 3
"""So many failures one after the other, and the rest waits for the sweeper: what they ask for is away."""
# So far the clocks of two hosts may be apart.
CLOCKS_DIFFER = timedelta(seconds=10)
BATCH = 500
PIECES = 50
# Well under a task's time limit, and long enough that ringing again costs nothing.
WORK_SECONDS = 5
WAITING = (Outbox.State.OWED, Outbox.State.CLAIMED)
Handler = Callable[[int, datetime], Exception | None]
BatchHandler = Callable[[Sequence[int], datetime], Exception | None]
_handlers: dict[str, Handler] = {}
_patience: dict[str, int] = {}
_batch_handlers: dict[str, BatchHandler] = {}
# Kinds whose work takes long and may be done twice: no transaction is open meanwhile.
_outside: set[str] = set()
Order = Callable[[QuerySet[Outbox]], list[int]]
_orders: dict[str, Order] = {}


class UnknownKind(Exception):
    """This build has no handler for the row."""


# What no time mends.
PERMANENT = (Refused, UnknownKind, ObjectDoesNotExist)


def handles(kind: str, *, attempts: int | None = None, outside: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of a kind: called with the subject's id and the moment, inside a transaction, or `outside`
    one: then whoever dies after it does it again.

    Work of our own is tried for ever, because nobody else does it; `attempts` is for what would come too late after a
    while, such as a message.
    """

    def remember(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if attempts is not None:
            _patience[kind] = attempts
        if outside:
            _outside.add(kind)
        return handler

    return remember


def in_order_of(kind: str) -> Callable[[Order], Order]:
    """Register who is next: called with the rows of a kind that are due, returns the ids of some, in order; asked anew
    after those. Without it the oldest come first.
    """

    def remember(order: Order) -> Order:
        _orders[kind] = order
        return order

    return remember


def handles_batches(kind: str) -> Callable[[BatchHandler], BatchHandler]:
    """Register what is done for many rows of this kind at once (`drain`): called with their subjects, oldest first."""

    def remember(handler: BatchHandler) -> BatchHandler:
        _batch_handlers[kind] = handler
        _handlers[kind] = lambda subject, now: handler([subject], now)
        return handler

    return remember


def owe(
    kind: str, subject: int, *, dedupe: str, now: datetime, wait: timedelta = timedelta(), batch: Batch | None = None
) -> Outbox:
    """Write down work, once per `dedupe`, with the rest of a `batch` or at once, and ring for a worker when the
    transaction is committed.

    With `wait` it is not begun before so much later; the sweeper rings for it then.
    """
    trace = request_id.get()
    row = Outbox(kind=kind, subject=subject, dedupe=dedupe, not_before=now + wait, created_at=now, request_id=trace)
    if batch is None:
        row.save(force_insert=True)
    else:
        batch.insert(row)
    logger.info("work owed", extra={"outbox_id": row.pk, "kind": kind})
    _ring_on_commit(kind)
    return row


def enqueue_many(kind: str, subjects: Mapping[int, str], *, now: datetime) -> None:
    """As `owe`, once for each of these subjects; each with the id of the web request it comes of."""
    if not subjects:
        return
    rows = [
        Outbox(kind=kind, subject=pk, dedupe=f"{kind}:{pk}", not_before=now, created_at=now, request_id=trace)
        for pk, trace in subjects.items()
    ]
    for row in Outbox.objects.bulk_create(rows):
        logger.info("work owed", extra={"outbox_id": row.pk, "kind": kind})
    _ring_on_commit(kind)


def request_ids(kind: str, subjects: Collection[int]) -> dict[int, str]:
    """The ids of the web requests that enqueued this work, by its subject; of work that is done once a subject."""
    rows = Outbox.objects.filter(dedupe__in=[f"{kind}:{subject}" for subject in subjects]).order_by()
    return dict(rows.values_list("subject", "request_id"))


def _ring_on_commit(kind: str) -> None:
    if settings.CELERY_BROKER_URL:
        from .doorbell import ring

        transaction.on_commit(lambda: ring(kind), robust=True)


def _claimable(now: datetime) -> Q:
    """Owed and due, or claimed by somebody whose lease is over.

    Moments no honest clock could have written (the clock was put back since, or the writer's goes ahead) count as past,
    and so does that of a row never tried which was not told to wait.
    """
    owed, claimed = Q(state=Outbox.State.OWED), Q(state=Outbox.State.CLAIMED)
    at_once = Q(attempts=0, not_before__lte=F("created_at"))
    return owed & (
        Q(not_before__lte=now) | at_once | Q(not_before__gt=now + LONGEST_PAUSE + CLOCKS_DIFFER)
    ) | claimed & (Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + CLOCKS_DIFFER))


def kinds() -> list[str]:
    return sorted(_handlers)


def due(kind: str, now: datetime, limit: int) -> list[int]:
    """Ids of rows of this kind that wait, oldest first or as the kind's order says, however old they are."""
    waiting = Outbox.objects.filter(_claimable(now), kind=kind, state__in=WAITING)
    if kind in _orders:
        return _orders[kind](waiting)[:limit]
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def ring_for_what_waits(now: datetime) -> None:
    """What the sweeper does: one ring for each kind, since whoever answers works off all that waits."""
    for kind in kinds():
        if due(kind, now, 1):
            _ring_on_commit(kind)


def work_off_unknown(now: datetime) -> int:
    """Rows of a kind that this build does not know are tried like any other, and so end dead and seen."""
    waiting = Outbox.objects.filter(_claimable(now), state__in=WAITING).exclude(kind__in=kinds())
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:PIECES])
    for outbox_id in ids:
        run(outbox_id, now)
    return len(ids)


def work(kind: str, now: datetime | None = None, *, seconds: float = WORK_SECONDS) -> int:
    """Do what waits of a kind, for so many seconds; rings again for what is left. Returns how many were due."""
    end = time.monotonic() + seconds
    done = 0
    while found := drain(kind, now) if kind in _batch_handlers else _one_by_one(kind, now or timezone.now(), end):
        done += found
        if time.monotonic() > end:
            _ring_on_commit(kind)
            break
    return done


def _one_by_one(kind: str, now: datetime, end: float) -> int:
    """How many were done or tried; fewer than are due when time is up, none when all that was tried failed."""
    failed = 0
    ids = due(kind, now, PIECES)
    for number, outbox_id in enumerate(ids, start=1):
        if (done := _try(outbox_id, now)) is not None:
            failed = 0 if done else failed + 1
        if failed == IN_A_ROW:
            return 0
        if time.monotonic() > end:
            return number
    return len(ids)


def drain(kind: str, now: datetime | None = None) -> int:
    """Do the oldest BATCH rows of a kind done in batches, in one transaction; returns how many were due.

    One worker at a time and oldest first, so that the outcome does not depend on how many workers there are. When
    the batch fails its rows are done one by one, so that a bad one spoils nobody else's.
    """
    now = now or timezone.now()
    rows: list[tuple[int, int, str]] = []
    try:
        with transaction.atomic():
            one_at_a_time(f"outbox:{kind}")
            waiting = Outbox.objects.select_for_update(skip_locked=True).filter(_claimable(now), kind=kind)
            found = waiting.filter(state__in=WAITING).order_by("pk").values_list("pk", "subject", "request_id")
            rows = list(found[:BATCH])
            if rows:
                if left := _batch_handlers[kind]([subject for _pk, subject, _trace in rows], now):
                    raise left
                Outbox.objects.filter(pk__in=[pk for pk, _subject, _trace in rows]).update(
                    state=Outbox.State.DONE, done_at=now, lease_until=None, attempts=F("attempts") + 1
                )
    except Exception:  # whatever it is, doing them singly finds out which of the rows it belongs to
        if not rows:
            raise
        logger.exception("a batch failed, its rows are done one by one", extra={"kind": kind, "rows": len(rows)})
        for pk, _subject, _trace in rows:
            run(pk, now)
    else:
        if rows:
            logger.info("work done", extra={"kind": kind, "request_ids": [trace for _pk, _subject, trace in rows]})
    return len(rows)


def run(outbox_id: int, now: datetime | None = None) -> bool:
    """Do one piece of work if nobody else has it. True when it was done here and now."""
    return bool(_try(outbox_id, now or timezone.now()))


def _try(outbox_id: int, now: datetime) -> bool | None:
    """True when it was done, False when it failed, None when it waits or somebody else has it."""
    claimed = Outbox.objects.filter(_claimable(now), pk=outbox_id).update(
        state=Outbox.State.CLAIMED, lease_until=now + LEASE, attempts=Least(F("attempts") + 1, COUNTED)
    )
    if not claimed:
        return None
    row = Outbox.objects.get(pk=outbox_id)
    trace = request_id.set(row.request_id or f"outbox-{row.pk}")
    try:
        left = _handlers[row.kind](row.subject, now) if row.kind in _outside else None
        with transaction.atomic():
            if row.kind not in _outside:
                left = _handler(row.kind)(row.subject, now)
            mine = Outbox.objects.filter(pk=row.pk, state=Outbox.State.CLAIMED, attempts=row.attempts)
            done = {"state": Outbox.State.DONE, "done_at": now, "lease_until": None}
            if not (_put_back(row, left, now) if left else mine.update(**done)):
                raise LeaseLost
        if isinstance(left, NotYet):
            logger.info("work waits", extra={"outbox_id": row.pk, "kind": row.kind})
            return None
        if left:
            logger.error("work is left", exc_info=left, extra={"outbox_id": row.pk, "kind": row.kind})
            return False
        logger.info("work done", extra={"outbox_id": row.pk, "kind": row.kind})
    except LeaseLost:
        return None
    except Exception as error:
        logger.exception("work failed", extra={"outbox_id": row.pk, "kind": row.kind})
        _put_back(row, error, now)
        return False
    finally:
        request_id.reset(trace)
    return True


def _handler(kind: str) -> Handler:
    if kind not in _handlers:
        raise UnknownKind(kind)
    return _handlers[kind]


class NotYet(Exception):
    """Returned by a handler that did what may be done now; the rest is not a failure, and waits until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


class LeaseLost(Exception):
    """Another worker took the row over while this one was slow; its effect is rolled back here."""


def _put_back(row: Outbox, error: Exception, now: datetime) -> int:
    """Try again later, each time twice as late, at most LONGEST_PAUSE; what no time mends is dead, and staff see it.

    So is a message whose month is over. Returns 0 when somebody else has the row now.

    A database that was away is not the row's fault: then it is tried soon again, and nothing dies of it.
    """
    mine = Outbox.objects.filter(pk=row.pk, attempts=row.attempts)
    if isinstance(error, NotYet):
        said = f"{type(error).__name__}: {error}"
        waits = {"state": Outbox.State.OWED, "lease_until": None, "last_error": said}
        return mine.update(not_before=error.until, attempts=row.attempts - 1, **waits)
    away = isinstance(error, AWAY)
    too_late = row.attempts >= _patience.get(row.kind, COUNTED + 1)
    dead = not away and (too_late or isinstance(error, PERMANENT))
    return mine.update(
        state=Outbox.State.DEAD if dead else Outbox.State.OWED,
        not_before=now + pause_after(row.attempts, away=away),
        lease_until=None,
        last_error=f"{type(error).__name__}: {error}"[:500],
    )


def pause_after(attempts: int, *, away: bool = False) -> timedelta:
    """How long a row rests after so many attempts; shorter for a while when the database was away."""
    if away and attempts <= SOON_AGAIN:
        return timedelta(seconds=2)
    return min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_PAUSE)


def revive(row: Outbox, now: datetime) -> None:
    """Give a dead row another set of attempts."""
    Outbox.objects.filter(pk=row.pk, state=Outbox.State.DEAD).update(
        state=Outbox.State.OWED, attempts=0, not_before=now, last_error=""
    )
