"""Writing the access log: a row for those who must answer "who looked at this", and a line without names for alarms.

`record` writes at once, in whatever transaction runs. `record_later` is for what the public asks by the thousand: its
line is out at once, its row goes with others in one statement after an answer, or when the process ends.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import DataError, Error, IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from municipality.models import Office

from .models import AccessRecord, Act, User
from .records import SECURITY

logger = logging.getLogger("portal.access")
# How many rows wait at most before they are written, and for how long; and how many while no database answers.
TOGETHER, AT_MOST = 50, timedelta(seconds=2)
MAX_WAITING = 10_000
HOUR = timedelta(hours=1)
# After a database did not answer: nobody waits for it again so soon.
PAUSE = timedelta(seconds=30)
# A row that no time mends: who it names is gone, or the database cannot hold its text.
UNWRITABLE = (IntegrityError, DataError, ValueError)
_not_before = datetime.min.replace(tzinfo=UTC)
WARNING_ACTS = frozenset({Act.LOCKED_OUT, Act.FORCED, Act.CONFIRMED, Act.FACTOR_REMOVED})


@dataclass(frozen=True)
class Origin:
    """Where a request comes from; set at the edge, empty in workers and commands."""

    address: str = ""
    request_id: str = ""


NO_ORIGIN = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=NO_ORIGIN)
_waiting: deque[AccessRecord] = deque(maxlen=MAX_WAITING)
_flushing = threading.Lock()


def record(
    act: Act,
    *,
    by: User | None = None,
    subject: str = "",
    person: User | int | None = None,
    office: Office | int | None = None,
    why: str = "",
    now: datetime | None = None,
) -> None:
    """Write one row in this transaction, and its line."""
    _row(act, by, subject, person, office, why, now).save(force_insert=True)


def record_later(act: Act, *, by: User | None = None, subject: str = "", why: str = "") -> None:
    """Say it in the log at once and owe the row: no question more in the request that asks."""
    _waiting.append(_row(act, by, subject, None, None, why, None))


def _row(
    act: Act,
    by: User | None,
    subject: str,
    person: User | int | None,
    office: Office | int | None,
    why: str,
    now: datetime | None,
) -> AccessRecord:
    came = origin.get()
    facts: dict[str, Any] = {"event": act.value, "by": by.pk if by else None, "about": _key(person)}
    logger.log(
        logging.WARNING if act in WARNING_ACTS else logging.INFO,
        "security" if act in SECURITY else "access",
        extra=facts,
    )
    return AccessRecord(
        at=now or timezone.now(),
        act=act,
        by=by,
        subject=subject[:80],
        person_id=_key(person),
        office_id=_key(office),
        why=str(why)[:200],
        address=came.address[:45],
        request_id=came.request_id[:64],
    )


def _key(row: User | Office | int | None) -> int | None:
    return row if row is None or isinstance(row, int) else row.pk


def count_security_events(now: datetime) -> dict[str, int]:
    """How often each thing somebody may have to be woken for was done in the hour before; one query."""
    lately = AccessRecord.objects.filter(at__gt=now - HOUR, act__in=SECURITY).order_by()
    done = dict(lately.values_list("act").annotate(Count("pk")))
    return {act.value: done.get(act.value, 0) for act in sorted(SECURITY)}


def delete_old(now: datetime, most: int) -> int:
    """Delete rows older than ACCESS_LOG_DAYS, so many at a time; the database keeps each for a year at least."""
    old = AccessRecord.objects.filter(at__lt=now - timedelta(days=settings.ACCESS_LOG_DAYS)).values("pk")[:most]
    return AccessRecord.objects.filter(pk__in=old).delete()[0]


def flush() -> int:
    """Write what waits, all in one statement; returns how many. What no database answers for waits on; a row that
    cannot be written at all is said and left out, and holds up nobody else's.
    """
    if not _waiting or not _flushing.acquire(blocking=False):
        return 0
    rows: list[AccessRecord] = []
    try:
        while _waiting:
            rows.append(_waiting.popleft())
        try:
            with transaction.atomic():
                AccessRecord.objects.bulk_create(rows, batch_size=500)
        except UNWRITABLE:
            return _write_singly(rows)
    except Error:
        _keep_waiting(rows)
        return 0
    finally:
        _flushing.release()
    return len(rows)


def _write_singly(rows: list[AccessRecord]) -> int:
    written = 0
    for at, row in enumerate(rows):
        try:
            with transaction.atomic():
                row.pk = None
                row.save(force_insert=True)
            written += 1
        except UNWRITABLE:
            logger.exception("a row of the access log cannot be written", extra={"event": row.act})
        except Error:
            _keep_waiting(rows[at:])
            break
    return written


def _keep_waiting(rows: list[AccessRecord]) -> None:
    global _not_before
    logger.error("rows of the access log wait for a database that answers", extra={"rows": len(rows)})
    _waiting.extendleft(reversed(rows))
    _not_before = timezone.now() + PAUSE


def discard_waiting() -> None:
    """Drop what waits: a test's rows are of a database that is gone with it."""
    _waiting.clear()


def _flush_at_exit() -> None:
    """The process ends: what waits is written now or never, and then that is said."""
    flush()
    if _waiting:
        logger.critical("rows of the access log are lost with this process", extra={"rows": len(_waiting)})


def _flush_after_response(**_signal: object) -> None:
    now = timezone.now()
    if _waiting and now >= _not_before and (len(_waiting) >= TOGETHER or now - _waiting[0].at >= AT_MOST):
        flush()


def start() -> None:
    """Called once when the portal is loaded."""
    request_finished.connect(_flush_after_response, dispatch_uid="access log")
    atexit.register(_flush_at_exit)
