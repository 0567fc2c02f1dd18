"""The second site keeps the last good state: what wipes the centre reaches its hot copy at once, and the late one not.

Rows of requests and of the journal are only ever added. When the hot copy has fewer than before, or their tables are
gone, the late copy is told to apply nothing more; inquiries are answered from it from then on (core/db/replica.py).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from core.db import DATABASE_UNAVAILABLE, replica
from journal.models import Entry
from transactions.models import Transaction

logger = logging.getLogger(__name__)
ADDED_TO = (Transaction, Entry)
Counts = Mapping[str, int]


class TablesGone(Exception):
    """The hot copy answers, and has no such tables any more."""


def count_rows() -> Counts | None:
    """Rows of each table that is only added to, in the hot copy; None when it does not answer. TablesGone."""
    tables = [model._meta.db_table for model in ADDED_TO]
    try:
        with connections[replica.ALIAS].cursor() as cursor:
            cursor.execute("SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s) AS name", [tables])
            if not cursor.fetchone()[0]:
                raise TablesGone
        return {model._meta.db_table: model._base_manager.using(replica.ALIAS).count() for model in ADDED_TO}
    except DATABASE_UNAVAILABLE:
        return None


def what_was_lost(before: Counts, now: Counts) -> str:
    """In words for operators, which table has fewer rows than it had; empty when none has."""
    fewer = [f"{table}: {now[table]} rows, {before[table]} before" for table in before if now[table] < before[table]]
    return "; ".join(fewer)


def look(before: Counts) -> tuple[Counts, str]:
    """Counts to compare the next time, and why the late copy must stop; nothing when all is well or nobody answers."""
    try:
        now = count_rows()
    except TablesGone:
        return before, "the tables of requests or of the journal are gone"
    if now is None:
        return before, ""
    lost = what_was_lost(before, now)
    return (before if lost else now), lost


def stop_applying(reason: str) -> bool:
    """Have the late copy apply nothing more; again and again harmless. False when it could not be told."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_is_wal_replay_paused()")
            if not cursor.fetchone()[0]:
                cursor.execute("SELECT pg_wal_replay_pause()")
                logger.critical("the late copy applies nothing more: %s", reason)
    except DatabaseError:
        logger.exception("the late copy could not be told to stop")
        return False
    return True


def applied_until() -> datetime | None:
    """The moment whose state the late copy has."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_last_xact_replay_timestamp()")
        return cursor.fetchone()[0]
