"""Appending to the journal, under the chain's lock, inside the transaction that makes the promise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from . import keys
from .entry import GENESIS, body_of, link
from .models import Chain, Entry


def append(kind: str, subject: str, facts: Mapping[str, str | int], at: datetime) -> Entry:
    """Write the next entry of this node's chain and return it.

    Must be called inside transaction.atomic(), as late as possible: the chain's row stays locked until commit.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a promise and its journal entry share one transaction")
    chain = _lock_chain()
    if bytes(chain.public_key) != keys.public_bytes():
        raise ValueError(f"the key of chain {chain} is not this node's key; a new key needs a new incarnation")
    seq, previous = chain.length + 1, bytes(chain.head_hash)
    body = body_of(
        kind=kind, subject=subject, facts=facts, node=chain.node, incarnation=chain.incarnation, seq=seq, at=at
    )
    digest = link(previous, body)
    entry = Entry.objects.create(
        chain=chain,
        seq=seq,
        kind=kind,
        subject=subject,
        body=body,
        previous_hash=previous,
        hash=digest,
        signature=keys.signing_key().sign(digest),
        at=at,
    )
    chain.head_hash, chain.length = digest, seq
    chain.save(update_fields=["head_hash", "length"])
    return entry


def _lock_chain() -> Chain:
    name = {"node": settings.JOURNAL_NODE, "incarnation": settings.JOURNAL_INCARNATION}
    try:
        return Chain.objects.select_for_update().get(**name)
    except Chain.DoesNotExist:
        defaults = {"public_key": keys.public_bytes(), "head_hash": GENESIS}
        Chain.objects.get_or_create(**name, defaults=defaults)
        return Chain.objects.select_for_update().get(**name)
