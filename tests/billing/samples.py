"""Money as pages show it, without a bank."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from billing import receiving, settlement
from billing.domain.states import Source
from billing.models import Bill, Refund
from billing.receiving import BankPayment
from transactions.models import FeeDue, Transaction

from ..cast import NOW


def money_that_waits(case: Transaction) -> None:
    """A bill to be paid for this request; and for accountants a payment of nobody's, an item, a refund and a file."""
    fee, day = FeeDue.objects.get(transaction=case), timezone.localdate()
    Bill.objects.create(
        fee=fee, number="1000000000015", key=f"{case.reference}/1", round=1, amount=int(fee.amount * 100),
        state="issued", created_at=NOW, issued_at=NOW, asked_at=NOW, due_on=day, expires_on=day + timedelta(days=28),
    )  # fmt: skip
    entry, _new = receiving.record(BankPayment("SAD-1", "1000000000023", 12_345, NOW), source=Source.NOTICE, now=NOW)
    receiving.apply(entry.pk, NOW)
    Refund.objects.create(payment=entry, amount=12_345, reason="x", owed_by=case.applicant, owed_at=NOW)
    settlement.compare(day, "payment,bill,amount,paid_at,key\ntotal,0,0,,\n", now=NOW)
