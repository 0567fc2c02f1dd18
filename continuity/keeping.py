"""What a worker does with each of its signs of life, so that what is provisional becomes confirmed by itself.

It asks the vault anew, goes through the promises made since, remembers those that wait, and has their holders told when
the wait was long. Done twice, or by two workers at once, it comes to the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, Max, OuterRef

from core import db as database
from core.db.locks import take_lock
from journal.models import Chain, Entry
from transactions.models import Attachment, SignedPaper, Transaction
from transactions.outbox import queue

from . import copies, files, heads
from .asking import ask
from .classes import PROMISED, missing_of
from .models import KeptFile, Reached, Unconfirmed, Walked
from .telling import KIND as NOTIFY
from .worth import Promise, Worth, worth

logger = logging.getLogger(__name__)
MANY = 500
# A promise this old and not confirmed is remembered by itself; younger ones nearly always are in a moment.
SOON = timedelta(minutes=1)
LONG = timedelta(hours=1)
"""Whoever holds a promise that was provisional for longer is told when it is confirmed."""
MAX_PAGES = 20


def keep(now: datetime) -> None:
    """Everything above, for all chains of this database. Says nothing when there is no vault."""
    if not settings.VAULT_URL:
        return
    try:
        for chain in Chain.objects.order_by("pk"):
            _begin(chain, now)
            ask(chain.pk, chain.length, anyway=True)
        files.owe_what_is_missing(now)
        copies.owe_if_behind(now)
        heads.owe_if_behind(now)
        _remember_what_waits(now)
        confirm_what_waited(now)
    except database.DATABASE_UNAVAILABLE:
        raise
    except Exception:  # the worker lives, whatever this comes across; how old it all is shows on the operations page
        logger.exception("the vault could not be followed")


def _begin(chain: Chain, now: datetime) -> None:
    """What was promised long before there was a vault is not waited for one by one."""
    if not Walked.objects.filter(chain=chain).exists():
        old = Entry.objects.filter(chain=chain, at__lt=now - LONG).aggregate(Max("seq"))["seq__max"]
        Walked.objects.get_or_create(chain=chain, defaults={"seq": old or 0})


@transaction.atomic
def _remember_what_waits(now: datetime) -> None:
    take_lock("continuity")
    for walked in Walked.objects.select_related("chain").filter(chain__length__gt=F("seq")):
        entries = Entry.objects.filter(chain=walked.chain, seq__gt=walked.seq, at__lt=now - SOON).order_by("seq")
        rows = list(entries.only("pk", "chain_id", "seq", "at", "kind", "subject")[:MANY])
        waiting = [
            entry for entry, reached in _classes(rows) if reached is Worth.PROVISIONAL and entry.kind in PROMISED
        ]
        Unconfirmed.objects.bulk_create([Unconfirmed(entry=entry) for entry in waiting], ignore_conflicts=True)
        if rows:
            Walked.objects.filter(pk=walked.pk).update(seq=rows[-1].seq)


def confirm_what_waited(now: datetime) -> int:
    """Mark what the vault has by now; whoever waited long is told. Returns how many were confirmed."""
    done = last = 0
    for _page in range(MAX_PAGES):
        waiting = Unconfirmed.objects.filter(confirmed_at=None, pk__gt=last).select_related("entry").order_by("pk")
        rows = list(waiting[:MANY])
        if not rows:
            break
        last = rows[-1].pk
        by_entry = {row.entry_id: row for row in rows}
        for entry, reached in _classes([row.entry for row in rows]):
            if reached is Worth.CONFIRMED:
                done += _confirmed(by_entry[entry.pk], entry, now)
    return done


@transaction.atomic
def _confirmed(row: Unconfirmed, entry: Entry, now: datetime) -> int:
    changed = Unconfirmed.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=now)
    if changed and now - entry.at > LONG:
        queue.enqueue(NOTIFY, row.pk, dedupe=f"{NOTIFY}:{row.pk}", now=now)
    return changed


def _classes(entries: list[Entry]) -> Iterator[tuple[Entry, Worth]]:
    """Each with its class as the vault was last heard; nobody is asked."""
    reached = dict(Reached.objects.filter(chain__in={entry.chain_id for entry in entries}).values_list("chain", "seq"))
    of_cases = {entry.subject for entry in entries}
    cases = dict(Transaction.objects.filter(reference__in=of_cases).values_list("reference", "pk"))
    missing = missing_of(cases.values())
    for entry in entries:
        promise = Promise(entry.chain_id, entry.seq, entry.at)
        lacking = missing.get(cases.get(entry.subject, 0), ())
        yield entry, worth(promise, reached=reached.get(entry.chain_id, 0), missing=lacking)


def waits(now: datetime) -> dict[str, float]:
    """For operators: promises not confirmed, and seconds since the oldest was made; what the vault refused."""
    oldest = Unconfirmed.objects.filter(confirmed_at=None).order_by("pk").values_list("entry__at", flat=True).first()
    in_vault = KeptFile.objects.filter(sha256=OuterRef("sha256"))
    lacking = Attachment.objects.filter(~Exists(in_vault), removed_at=None).exclude(transaction=None)
    unsealed = SignedPaper.objects.filter(~Exists(in_vault))
    return {
        "unconfirmed": Unconfirmed.objects.filter(confirmed_at=None).count(),
        "oldest_seconds": (now - oldest).total_seconds() if oldest else 0.0,
        "files_missing": lacking.count() + unsealed.count(),
        "rests": Reached.objects.filter(rests=True).count(),
        "refused": Reached.objects.exclude(refused="").count(),
    }


def streams() -> bool | None:
    """Is the vault's receiver connected to this PostgreSQL now? None where none is expected."""
    if not settings.VAULT_URL or connection.vendor != "postgresql":
        return None
    newest = Chain.objects.order_by("-pk").first()
    return ask(newest.pk, newest.length + 1, patience=0.0).streams if newest else None
