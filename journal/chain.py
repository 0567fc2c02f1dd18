"""Appending to the journal, under the chain's lock, inside the transaction that makes the promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from . import keys
from .entry import GENESIS, body_of, link
from .models import Chain, Entry

Execute = Callable[[str, Sequence[Any]], None]


def append(
    kind: str, subject: str, facts: Mapping[str, str | int], at: datetime, *, execute: Execute | None = None
) -> Entry:
    """Write the next entry of this node's chain and return it, without its key.

    Must be called inside transaction.atomic(), as late as possible: the chain's row stays locked until commit.
    `execute` takes (sql, parameters) and runs them in this transaction, at once or with others.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a promise and its journal entry share one transaction")
    chain_id, public_key, previous, length = _lock_chain()
    if public_key != keys.public_bytes():
        raise ValueError("the key of this chain is not this node's key; a new key needs a new incarnation")
    seq, node, incarnation = length + 1, settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION
    body = body_of(kind=kind, subject=subject, facts=facts, node=node, incarnation=incarnation, seq=seq, at=at)
    digest = link(previous, body)
    entry = Entry(
        chain_id=chain_id,
        seq=seq,
        kind=kind,
        subject=subject,
        body=body,
        previous_hash=previous,
        hash=digest,
        signature=keys.signing_key().sign(digest),
        at=at,
    )
    _write(entry, execute or _execute)
    return entry


# Written out, because every receipt waits for this lock and building the same SQL anew would hold it twice as long.
_LOCK = """SELECT id, public_key, head_hash, length FROM journal_chain WHERE node = %s AND incarnation = %s"""
_INSERT = """INSERT INTO journal_entry
    (chain_id, seq, kind, subject, body, previous_hash, hash, signature, at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_ADVANCE = """UPDATE journal_chain SET head_hash = %s, length = %s WHERE id = %s"""


def _lock_chain() -> tuple[int, bytes, bytes, int]:
    """(id, public key, hash of the last entry, how many entries), locked until the transaction ends."""
    name = [settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION]
    # On SQLite the IMMEDIATE transaction is the lock.
    lock = f"{_LOCK} FOR UPDATE" if connection.features.has_select_for_update else _LOCK
    with connection.cursor() as cursor:
        cursor.execute(lock, name)
        row = cursor.fetchone()
    if row is None:
        defaults = {"public_key": keys.public_bytes(), "head_hash": GENESIS}
        Chain.objects.get_or_create(node=name[0], incarnation=name[1], defaults=defaults)
        return _lock_chain()
    return row[0], bytes(row[1]), bytes(row[2]), row[3]


def _write(entry: Entry, execute: Execute) -> None:
    binary = connection.Database.Binary  # type: ignore[attr-defined]
    at = connection.ops.adapt_datetimefield_value(entry.at)
    blobs = [binary(blob) for blob in (entry.body, entry.previous_hash, entry.hash, entry.signature)]
    execute(_INSERT, [entry.chain_id, entry.seq, entry.kind, entry.subject, *blobs, at])
    execute(_ADVANCE, [blobs[2], entry.seq, entry.chain_id])


def _execute(sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
