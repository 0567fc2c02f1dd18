"""What one request may expect of the database: an answer within its patience, and the truth about what was kept.

The two engines beside this module are Django's own and note when a COMMIT is asked for. A failure before the first
one means that nothing was taken; a failure at it or after it means that nobody here can say.

In web processes `install_deadlines` bounds the time a request waits for PostgreSQL, all its statements together.
Without that, a server that hangs, or a network that swallows, would hold every thread for good: libpq never gives up.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)
"""The errors that mean: the database is not there, not answering, or too busy."""
SECONDS_AFTER_TIMEOUT = 0.3
"""Patience in seconds of requests after one that had no answer, so that those that queued up behind it are not late."""
_timed_out_last = False


class _RequestState:
    """One request's use of the database. `patience` is in seconds and runs down only while it waits."""

    __slots__ = ("committed", "patience")

    def __init__(self) -> None:
        self.patience: float = SECONDS_AFTER_TIMEOUT if _timed_out_last else settings.DATABASE_PATIENCE
        self.committed = False


_request_state: ContextVar[_RequestState | None] = ContextVar("database_ask", default=None)


def begin_request(**_signal: Any) -> None:
    """A request starts: full patience, nothing kept."""
    _request_state.set(_RequestState())


def end_request(**_signal: Any) -> None:
    """A request is over: what this thread asks after it is nobody's waiting."""
    _request_state.set(None)


def extend_deadline() -> None:
    """A little more, for whoever asks another database after one that did not answer."""
    if state := _request_state.get():
        state.patience = max(state.patience, SECONDS_AFTER_TIMEOUT)


@contextmanager
def patience_of_its_own(seconds: float) -> Iterator[None]:
    """What is asked in here may take so long, and the rest of the request keeps the patience it had."""
    ask = _request_state.get()
    if ask is None:
        yield
        return
    before, ask.patience = ask.patience, seconds
    try:
        yield
    finally:
        ask.patience = before


def is_uncommitted() -> bool:
    """Is it certain that the database kept nothing of what this request wanted?"""
    state = _request_state.get()
    return state is None or not state.committed


# Whatever changes rows or tables, also inside WITH; drawing a number of a sequence too.
_WRITES = re.compile(
    r"\b(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|CREATE|ALTER|DROP|COPY|GRANT|REVOKE|nextval|setval)\b",
    re.IGNORECASE,
)


_write_checks: list[Callable[[BaseDatabaseWrapper], None]] = []


def register_write_check(check: Callable[[BaseDatabaseWrapper], None]) -> None:
    """Have this asked before every statement that writes; what it raises keeps the statement from being sent."""
    _write_checks.append(check)


@lru_cache(maxsize=4096)
def _is_write(sql: str) -> bool:
    return _WRITES.search(sql) is not None


def _check_write(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if _is_write(str(sql)):
        for check in _write_checks:
            check(context["connection"])
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        # Tables that are gone and data that cannot be read are a database that is away, not a mistake of ours.
        if type(error) is DatabaseError or _MISSING_TABLE.match(getattr(error.__cause__, "pgcode", None) or ""):
            raise OperationalError(str(error)) from error
        raise


# SQLSTATE of a relation or schema that does not exist, and of damaged data.
_MISSING_TABLE = re.compile("42P01|3F000|XX")


class CommitTracker:
    """Mixed into a DatabaseWrapper: notes commits, and lets nothing be written that must not be."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers: list[Any] = [_check_write]

    def _commit(self) -> None:
        if state := _request_state.get():
            state.committed = True
        super()._commit()  # type: ignore[misc]


def install_deadlines() -> None:
    """Bound the waiting of every request of this process (PostgreSQL only; SQLite has its own timeout).

    The server gives up a lock or a statement a little later or earlier than we do, so that it does not go on working
    for a request that was answered.
    """
    for database in settings.DATABASES.values():
        options = database.get("OPTIONS", {})
        if "options" in options:
            from psycopg2.extensions import set_wait_callback

            options["options"] = f"{options['options']} {settings.DATABASE_WEB_SESSION}".strip()
            set_wait_callback(wait_with_deadline)


def wait_with_deadline(connection: Any) -> None:
    """psycopg2 calls this for every round trip. Raises OperationalError when patience ends; the connection is lost."""
    import psycopg2
    from psycopg2.extensions import POLL_OK, POLL_READ

    global _timed_out_last
    state = _request_state.get()
    while (poll_state := connection.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN if poll_state == POLL_READ else select.POLLOUT)
        if state is None:
            poller.poll()
            continue
        began = time.monotonic()
        ready = poller.poll(max(0, state.patience) * 1000)
        state.patience -= time.monotonic() - began
        if not ready:
            _timed_out_last = True
            raise psycopg2.OperationalError("the database does not answer")
    _timed_out_last = False


request_started.connect(begin_request)
request_finished.connect(end_request)
