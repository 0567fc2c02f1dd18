"""On SQLite the second medium and the vault get the whole database, sealed, after every promise; PostgreSQL streams.

One copy stands for everything that was committed before it was begun, so many promises cost one. It is meant for
offices and small installations: a copy is as large as the database.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection

from journal.models import Chain
from transactions.models import Outbox
from transactions.outbox import queue

from . import door
from .files import seal
from .models import Reached

KIND = "vault_copy"


def owe_if_behind(now: datetime) -> None:
    """One row while a chain has gone on since the last copy."""
    if connection.vendor != "sqlite":
        return
    for chain in Chain.objects.order_by("pk"):
        reached = Reached.objects.filter(chain=chain).values_list("seq", flat=True).first() or 0
        waits = Outbox.objects.filter(kind=KIND, state__in=queue.PENDING_STATES)
        if reached < chain.length and not waits.exists():
            queue.enqueue(KIND, chain.pk, dedupe=f"{KIND}:{chain.pk}:{chain.length}:{now.timestamp():.0f}", now=now)


@queue.register_handler(KIND, outside=True)
def send(chain_id: int, now: datetime) -> None:
    """Copy, seal, hand over to the second medium and then to the vault; what the copy holds is confirmed after that."""
    with tempfile.TemporaryDirectory(prefix="portal-copy-") as folder:
        copy, sealed = Path(folder) / "database", Path(folder) / "sealed"
        lengths = _copy_to(copy)
        with copy.open("rb") as clear, sealed.open("w+b") as out:
            seal(clear, out)
        copy.unlink()
        name = f"copies/{Chain.objects.get(pk=chain_id)}-{lengths[chain_id]:012d}"
        with sealed.open("rb") as content:
            _hand_over(name, content)
    for chain, length in lengths.items():
        Reached.objects.get_or_create(chain_id=chain)
        # Not one whose journal the vault contradicts (heads.py).
        Reached.objects.filter(chain=chain, seq__lt=length, refused="").update(seq=length, at=now)


def _hand_over(name: str, content: BinaryIO) -> None:
    """Two media of this place first: that is what a provisional receipt stands on."""
    if settings.SECOND_MEDIUM:
        door.Folder(Path(settings.SECOND_MEDIUM)).put(name, content)
        content.seek(0)
    door.vault().put(name, content)


def _copy_to(target: Path) -> dict[int, int]:
    """The database as of one moment; returns how long each chain is in the copy."""
    source = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        return dict(copy.execute("SELECT id, length FROM journal_chain"))
