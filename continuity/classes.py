"""The class of what was promised in a case: of its receipt, its decision, its payment, its papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef

from journal.models import Entry
from transactions.models import Attachment, Transaction

from . import place
from .asking import ask
from .models import KeptFile
from .worth import Promise, Worth, worth

RECEIVED = "received"
# What is promised to whoever asked, in the order in which it comes.
PROMISED = (RECEIVED, "answered", "corrected", "decided", "objection", "paid", "issued")


@dataclass(frozen=True)
class KeptEntry:
    """One promise of a case, and what it is worth now."""

    kind: str
    at: datetime
    seq: int
    worth: Worth


def of_case(case: Transaction, kinds: Sequence[str] = PROMISED) -> list[KeptEntry]:
    """Every promise of a case with its class now. May wait for the vault, up to a second in all (asking.PATIENCE).

    Without a vault each is provisional, and nothing is asked.
    """
    rows = Entry.objects.filter(subject=case.reference, kind__in=kinds).order_by("chain_id", "seq")
    promises = [Promise(*row) for row in rows.values_list("chain_id", "seq", "at", "kind")]
    if place.ours is not None:
        confirmed = place.ours.confirmed([promise.seq for promise in promises])
        classes = (Worth.CONFIRMED if promise.seq in confirmed else Worth.PROVISIONAL for promise in promises)
        return [KeptEntry(row.kind, row.at, row.seq, each) for row, each in zip(promises, classes, strict=True)]
    if not (promises and settings.VAULT_URL):
        return [KeptEntry(promise.kind, promise.at, promise.seq, Worth.PROVISIONAL) for promise in promises]
    ends: dict[int, int] = {}
    for promise in promises:
        ends[promise.chain] = max(promise.seq, ends.get(promise.chain, 0))
    reached = {chain: ask(chain, end).reached for chain, end in ends.items()}
    missing = missing_of([case.pk])
    return [
        KeptEntry(
            promise.kind,
            promise.at,
            promise.seq,
            worth(promise, reached=reached[promise.chain], missing=missing.get(case.pk, ())),
        )
        for promise in promises
    ]


def of_receipt(case: Transaction) -> Worth:
    """What the receipt of a case is worth now; PROVISIONAL for one the journal does not have."""
    if not settings.VAULT_URL and place.ours is None:
        return Worth.PROVISIONAL
    return next((entry.worth for entry in of_case(case, [RECEIVED])), Worth.PROVISIONAL)


def missing_of(cases: Iterable[int]) -> dict[int, list[datetime]]:
    """When files came that the vault lacks, by case."""
    entry = KeptFile.objects.filter(sha256=OuterRef("sha256"))
    lacking = Attachment.objects.filter(~Exists(entry), transaction__in=cases, removed_at=None)
    confirmations: dict[int, list[datetime]] = {}
    for case, came in lacking.order_by().values_list("transaction_id", "uploaded_at"):
        if case is not None:
            confirmations.setdefault(case, []).append(came)
    return confirmations
