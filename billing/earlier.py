"""Fees that were paid without the ledger's knowing: before there was one, or by a version that runs beside this one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

BATCH = 500


def enter_earlier_payments(fees: Any, entries: Any) -> int:
    """Write both entries for each paid fee that has none; returns how many. `fees` and `entries` are the models FeeDue
    and LedgerEntry. Safe to repeat.
    """
    written = 0
    applied = entries.objects.filter(fee=OuterRef("pk"), kind="applied")
    waiting = fees.objects.filter(~Exists(applied), paid_at__isnull=False, amount__gt=0)
    while True:
        with transaction.atomic():
            rows = list(waiting.order_by("pk")[:BATCH])
            for fee in rows:
                _enter(fee, entries)
        written += len(rows)
        if len(rows) < BATCH:
            return written


def _enter(fee: Any, entries: Any) -> None:
    same = {
        "at": fee.paid_at, "amount": int(fee.amount * 100), "source": "earlier", "fee_id": fee.pk,
        "by_id": fee.recorded_by_id, "reference": fee.payment_reference, "counterpart": "",
    }  # fmt: skip
    received, _new = entries.objects.get_or_create(
        payment=f"earlier:{fee.pk}", defaults=same | {"kind": "received", "paid_at": fee.paid_at}
    )
    entries.objects.create(**same, kind="applied", about=received)
