"""A fee that was lowered on an objection: its bill is made anew, and what was paid too much is open again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.dispatch import receiver

from transactions.domain.workflow import Status
from transactions.models import FeeDue, Transaction
from transactions.transitions.decisions import fee_changed

from . import bills, items, ledger
from .domain.money import halalas
from .domain.states import EntryKind, ItemKind, Source


@receiver(fee_changed, sender=Transaction, dispatch_uid="billing")
def follow(case: Transaction, due: FeeDue, before: Decimal, after: Decimal, now: datetime, **_signal: Any) -> None:
    """In the transaction of the decision, with the case locked."""
    if due.paid_at is not None:
        _release(due, halalas(before) - halalas(after), now)
    elif case.status == Status.AWAITING_PAYMENT:
        if bills.is_on():
            bills.make(due, case, now)
        # What was too little may be enough now.
        for payment in ledger.payments_of(due):
            if ledger.open_amount(payment):
                items.again(payment, now)


def _release(fee: FeeDue, amount: int, now: datetime) -> None:
    """Take so much off the fee again, of what was paid last, and put it on the list of what was paid too much."""
    for payment in reversed(list(ledger.payments_applied_to(fee))):
        applied = ledger.total(payment.entries.filter(fee=fee), ledger.APPLIED_SIGN)
        part = min(applied, amount)
        if part <= 0:
            continue
        ledger.write(EntryKind.RELEASED, payment, part, source=Source.STAFF, now=now, fee=fee)
        subject = f"{payment.reference}/{fee.transaction.reference}"
        items.open_item(ItemKind.OVERPAID, subject, now=now, amount=part, payment=payment, why="fee lowered")
        amount -= part
