"""Has the vault what was committed? Asked after the commit, never inside a transaction, and never for long."""

from __future__ import annotations

import logging
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from core import db as database
from core.db import replica

from .models import Reached

logger = logging.getLogger(__name__)
# What Barman's receiver calls itself, and the role the vault signs in under. Both are asked for: any program may call
# itself anything.
RECEIVER, ROLE = "barman_receive_wal", "portal_vault"
PATIENCE = 1.0
"""Seconds a receipt waits for the vault, at the very most."""
_AWAIT = "SELECT reached, waited, streams FROM continuity_await(%s, %s, %s, %s, %s, %s)"


class Answer(NamedTuple):
    """`reached`: the vault has the chain up to here. `streams`: its receiver is connected; None: it was not asked."""

    reached: int
    waited: float = 0.0
    streams: bool | None = None


def ask(chain: int, wanted: int, *, patience: float = PATIENCE, anyway: bool = False) -> Answer:
    """How far the vault has this chain; waits up to `patience` seconds until it has entry `wanted`.

    Once it was too slow nobody waits for it any more, but whoever asks `anyway`: a worker, which finds it quick again.
    On SQLite the vault has what was pushed to it (copies.py), and nobody waits.
    """
    if not settings.VAULT_URL:
        return Answer(0)
    if connection.vendor != "postgresql" or connection.in_atomic_block or replica.reading():
        return Answer(_known(chain))
    try:
        with database.patience_of_its_own(patience + database.SECONDS_AFTER_TIMEOUT), connection.cursor() as cursor:
            cursor.execute(_AWAIT, [chain, wanted, RECEIVER, ROLE, patience, anyway])
            return Answer(*cursor.fetchone())
    except database.DATABASE_UNAVAILABLE:
        # The promise is kept all the same; nobody here can say by how many. The rest of the request connects anew.
        logger.exception("the database did not say what the vault has")
        connection.close()
        return Answer(0)


def _known(chain: int) -> int:
    return Reached.objects.filter(chain=chain).values_list("seq", flat=True).first() or 0
