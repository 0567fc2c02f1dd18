"""Appending to the journal, under the chain's lock, inside the transaction that makes the promise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.dispatch import Signal

from . import keys, standing, witness
from .entry import GENESIS, body_of, link
from .models import Chain, Entry, Restoration
from .witness import Head, Witness

logger = logging.getLogger(__name__)
Execute = Callable[[str, Sequence[Any]], None]
# Sent inside the transaction with `lot` when a chain is begun in a database that may be one of several copies.
begun_apart = Signal()


class LockedChain(NamedTuple):
    """The chain's row, locked until the transaction ends."""

    pk: int
    public_key: bytes
    head: bytes
    length: int
    lot: str
    restorations: int
    restored: int


def append(
    kind: str,
    subject: str,
    facts: Mapping[str, str | int],
    at: datetime,
    *,
    locked: LockedChain | None = None,
    execute: Execute | None = None,
) -> Entry:
    """Write the next entry of this node's chain and return it, without its key.

    Must be called inside transaction.atomic(), as late as possible: the chain's row stays locked until commit.
    `locked` is the chain for whoever has locked it already, for one entry. `execute` takes (sql, parameters) and runs
    them in this transaction, at once or with others. standing.Refused when this database was put back to an earlier
    state.
    """
    locked = locked or lock()
    seq, node, incarnation = locked.length + 1, settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION + locked.lot
    body = body_of(kind=kind, subject=subject, facts=facts, node=node, incarnation=incarnation, seq=seq, at=at)
    digest = link(locked.head, body)
    entry = Entry(
        chain_id=locked.pk,
        seq=seq,
        kind=kind,
        subject=subject,
        body=body,
        previous_hash=locked.head,
        hash=digest,
        signature=keys.signing_key().sign(digest),
        at=at,
    )
    _write(entry, execute or _execute)
    transaction.on_commit(partial(_note, _name(), Head(seq, digest, bytes(entry.signature))))
    return entry


def lot() -> str:
    """The letters drawn for this node's chain in this database, mostly none. Begins the chain if it must.

    Call inside a transaction.
    """
    ours = Chain.objects.filter(node=settings.JOURNAL_NODE, incarnation=settings.JOURNAL_INCARNATION)
    drawn = ours.values_list("lot", flat=True).first()
    return _begin().lot if drawn is None else drawn


# Written out, because every receipt waits for this lock and building the same SQL anew would hold it twice as long.
_LOCK = """SELECT id, public_key, head_hash, length, lot, restorations, (SELECT COUNT(*) FROM journal_restoration)
    FROM journal_chain WHERE node = %s AND incarnation = %s"""
_INSERT = """INSERT INTO journal_entry
    (chain_id, seq, kind, subject, body, previous_hash, hash, signature, at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_ADVANCE = """UPDATE journal_chain SET head_hash = %s, length = %s WHERE id = %s"""


def lock() -> LockedChain:
    """Lock this node's chain until the transaction ends; begins it if it must. standing.Refused as `append`."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a promise and its journal entry share one transaction")
    # On SQLite the IMMEDIATE transaction is the lock.
    select = f"{_LOCK} FOR UPDATE" if connection.features.has_select_for_update else _LOCK
    with connection.cursor() as cursor:
        cursor.execute(select, [settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION])
        row = cursor.fetchone()
    if row is None:
        _begin()
        return lock()
    locked = LockedChain(row[0], bytes(row[1]), bytes(row[2]), *row[3:])
    if not _is_unchanged(locked):
        standing.clear_cache()
        standing.read_chain_state()
        # It may go on after all, and its witness has yet to be made.
        _restore_witness(locked)
    return locked


def _is_unchanged(locked: LockedChain) -> bool:
    """Is all as it was when it was last looked at in full? Asked under the lock, before every entry."""
    beside = witness.last_head(_name())
    return (
        beside is not None
        and locked.public_key == keys.public_bytes()
        and locked.restorations == locked.restored
        and (beside.seq < locked.length or (beside.seq == locked.length and beside.hash == locked.head))
    )


def _begin() -> Chain:
    """The chain of these settings, begun now; its letter is taken outside the database first."""
    state = standing.read_chain_state()
    save_witnesses(apart=bool(state.lot))
    taken = witness.claim(_witness(state.lot))
    defaults = {
        "public_key": keys.public_bytes(),
        "head_hash": GENESIS,
        "lot": taken.lot,
        "restorations": Restoration.objects.count(),
        "witnessed": True,
    }
    name = {"node": settings.JOURNAL_NODE, "incarnation": settings.JOURNAL_INCARNATION}
    chain, made = Chain.objects.get_or_create(**name, defaults=defaults)
    if chain.lot != taken.lot:
        # Another host, which has the store in common with us but not this folder, was first.
        witness.save(_witness(chain.lot))
    if made and chain.lot:
        begun_apart.send(sender=Chain, lot=chain.lot)
    witness.mirror(_name())
    return chain


def save_witnesses(*, apart: bool = False) -> None:
    """What the database says now of chains that nothing outside remembers is what they are held to from now on.

    With `apart`, when a chain is begun in a database that was put back, the ends that were lost are written down too.
    """
    for chain in Chain.objects.filter(node=settings.JOURNAL_NODE):
        head = Head(chain.length, bytes(chain.head_hash))
        now = Witness(chain.node, chain.incarnation, chain.lot, bytes(chain.public_key), "", head)
        before = witness.claim(now)
        if apart and before.head.seq > chain.length:
            witness.save(replace(now, lost_to=before.head.seq))


def _restore_witness(locked: LockedChain) -> None:
    """For a chain older than its witness: from now on it has one."""
    if witness.last_head(_name()) is None:
        witness.save(_witness(locked.lot))
        Chain.objects.filter(pk=locked.pk).update(witnessed=True)


def _witness(lot: str) -> Witness:
    node, incarnation = settings.JOURNAL_NODE, settings.JOURNAL_INCARNATION
    return Witness(node, incarnation, lot, keys.public_bytes(), standing.identity(connection))


def _name() -> str:
    return settings.JOURNAL_NODE + settings.JOURNAL_INCARNATION


def _note(name: str, head: Head) -> None:
    """After the commit: what was promised is remembered outside too. A failure here takes nothing back."""
    try:
        witness.advance(name, head)
    except OSError:
        logger.exception("the journal's witness could not be written", extra={"chain": name})


def _write(entry: Entry, execute: Execute) -> None:
    binary = connection.Database.Binary  # type: ignore[attr-defined]
    at = connection.ops.adapt_datetimefield_value(entry.at)
    blobs = [binary(blob) for blob in (entry.body, entry.previous_hash, entry.hash, entry.signature)]
    execute(_INSERT, [entry.chain_id, entry.seq, entry.kind, entry.subject, *blobs, at])
    execute(_ADVANCE, [blobs[2], entry.seq, entry.chain_id])


def _execute(sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
