"""A copy of the database that answers inquiries: all of them, and alone while the centre is away.

At the second site (`SECOND_SITE`) what is called the centre here is a copy as well, an older one, and is asked when the
newer one does not answer or does not know.

`REPLICA_DATABASE_URL` switches it on. Whatever `ask` runs reads the tables of requests and offices from the copy and
says as of when (`as_of`), since a copy is always a moment behind. Everything else, and every write, goes to the centre.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.utils import timezone

from .. import db as database

ALIAS = "replica"
# What the pages for everybody read (jeddah_portal/public.py). Sessions and people are not among it: an old copy would
# sign people out.
APPS = frozenset({"transactions", "municipality", "journal", "continuity"})
# So long is a copy that did not answer left alone.
REST_SECONDS = 10

Answer = TypeVar("Answer")
_reading: ContextVar[bool] = ContextVar("reading_replica", default=False)
_rests_until = 0.0


class Router:
    """Sends reads to the copy inside `ask`, and nothing else; nobody migrates a copy."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return ALIAS if _reading.get() and model._meta.app_label in APPS else None

    def allow_relation(self, first: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == ALIAS else None


def ask(look: Callable[[], Answer]) -> Answer:
    """What `look` finds in the copy; in the centre when there is no copy or it does not answer. It may run twice."""
    global _rests_until
    if ALIAS not in settings.DATABASES or time.monotonic() < _rests_until:
        return look()
    token = _reading.set(True)
    try:
        return look()
    except database.DATABASE_UNAVAILABLE:
        if not connections[ALIAS].errors_occurred:
            raise
        database.extend_deadline()
        _rests_until = time.monotonic() + REST_SECONDS
    finally:
        _reading.reset(token)
    return look()


@contextmanager
def centre() -> Iterator[None]:
    """Reads go to the centre in here and then until `ask` is over, so that one answer comes from one place.

    When this fails they go where they went before.
    """
    token = _reading.set(False)
    try:
        yield
    except BaseException:
        _reading.reset(token)
        raise


def doubt(look: Callable[[], bool]) -> bool:
    """What the centre says where the copy said no: it may not have heard yet. No as well when nobody can be asked."""
    if not _reading.get():
        return False
    try:
        with centre():
            state = look()
    except database.DATABASE_UNAVAILABLE:
        database.extend_deadline()
        return False
    _reading.set(True)
    return state


def reading() -> bool:
    """Is the copy being asked right now?"""
    return _reading.get()


def is_copy() -> bool:
    """Is what is being read a copy of the centre, rather than the centre itself?"""
    return _reading.get() or settings.SECOND_SITE


def behind(now: datetime) -> float | None:
    """Seconds since the last change that reached the copy; None without one. Raises what the database raises."""
    if ALIAS not in settings.DATABASES:
        return None
    token = _reading.set(True)
    try:
        return (now - as_of()).total_seconds()
    finally:
        _reading.reset(token)


def as_of() -> datetime:
    """The moment whose state is being read: now in the centre; in a copy the last change that reached it."""
    if not is_copy():
        return timezone.now()
    with connections[ALIAS if _reading.get() else DEFAULT_DB_ALIAS].cursor() as cursor:
        # A copy that has been started and heard nothing since has the state of its last checkpoint.
        cursor.execute("SELECT coalesce(pg_last_xact_replay_timestamp(), checkpoint_time) FROM pg_control_checkpoint()")
        return cursor.fetchone()[0]
