"""Money that comes in: written down first, whatever it is for; then a worker applies it to the fee it was paid for.

What the bank tells by notice, when asked, and in its daily file is one payment by its number there, however often and
in whatever order it is told. It is written down also while payments are closed; the case moves when they are open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core.hijri import riyadh_day
from transactions.domain.errors import DomainError
from transactions.domain.workflow import Status
from transactions.models import Event, FeeDue, Transaction
from transactions.outbox import queue
from transactions.transitions import moves
from transactions.transitions.decisions import MAX_PAYMENT_LENGTH

from . import bills, items, ledger
from .domain.money import halalas
from .domain.states import BillState, EntryKind, ItemKind, Outcome, Source
from .models import IS_OPEN, Bill, LedgerEntry, OpenItem

APPLY = "payment_apply"


@dataclass(frozen=True)
class BankPayment:
    """A payment as the bank tells it. `amount` in halalas; `key` is what we gave the bill, where the bank says it."""

    number: str
    bill: str
    amount: int
    paid_at: datetime
    key: str = ""


@transaction.atomic
def record(payment: BankPayment, *, source: Source, now: datetime) -> tuple[LedgerEntry, bool]:
    """Write a payment down and owe its application: (its entry, whether it was new). Safe to repeat.

    One that is told otherwise than before changes nothing, and is put on a list.
    """
    entry, new = ledger.receive(
        ledger.key_at_bank(payment.number),
        amount=payment.amount,
        source=source,
        counterpart=ledger.BANK,
        paid_at=payment.paid_at,
        now=now,
        reference=payment.number,
        bill_number=payment.bill,
        told_key=payment.key,
    )
    if new:
        queue.enqueue(APPLY, entry.pk, dedupe=f"{APPLY}:{entry.pk}", now=now)
    elif (entry.bill_number, entry.amount) != (payment.bill[:40], payment.amount):
        subject = f"{payment.number}/{payment.bill}/{payment.amount}"
        facts = {"told_bill": payment.bill, "told_amount": payment.amount, "told_by": source.value}
        difference = abs(entry.amount - payment.amount)
        items.open_item(ItemKind.CONTRADICTION, subject, now=now, amount=difference, payment=entry, **facts)
    return entry, new


@queue.register_handler(APPLY)
def apply(entry_id: int, now: datetime) -> None:
    """Apply what is open of a payment to its fee, or put it on the list it belongs on. Safe to repeat."""
    payment = LedgerEntry.objects.get(pk=entry_id)
    fee = ledger.fee_of(payment)
    if fee is None:
        if left := ledger.open_amount(payment):
            items.open_item(
                ItemKind.ORPHAN, payment.reference, now=now, amount=left, payment=payment, key=payment.told_key
            )
        return
    case = Transaction.objects.select_for_update().get(pk=fee.transaction_id)
    fee.refresh_from_db()
    fee.transaction = case
    left = ledger.open_amount(payment)
    if left <= 0:
        _replace_spent(payment, fee, case, now)
        return
    kind, facts = _apply_locked(payment, fee, case, now)
    if kind is not None:
        left = ledger.open_amount(payment)
        items.open_item(kind, payment.reference, now=now, amount=left, payment=payment, **facts)
    if fee_now := ledger.fee_of(payment):
        OpenItem.objects.filter(
            IS_OPEN, payment=payment, kind=ItemKind.ORPHAN
        ).update(outcome=Outcome.APPLIED, settled_at=now)  # fmt: skip
        _note_late(payment, fee_now, now)


def _apply_locked(
    payment: LedgerEntry, fee: FeeDue, case: Transaction, now: datetime
) -> tuple[ItemKind | None, dict[str, str]]:
    """What list the rest of the payment belongs on, if any."""
    if fee.paid_at is not None:
        merged = items.merge_with_counter(payment, fee, now, same_number=True)
        return (None if merged else ItemKind.TWICE), {}
    if case.status != Status.AWAITING_PAYMENT:
        return ItemKind.NOT_DUE, {}
    owed, parts = halalas(fee.amount), []
    for each in ledger.payments_of(fee):
        if owed and (part := min(ledger.open_amount(each), owed)) > 0:
            parts.append((each, part))
            owed -= part
    if owed:
        _replace_spent(payment, fee, case, now)
        return ItemKind.UNDERPAID, {}
    try:
        with transaction.atomic():
            for each, part in parts:
                ledger.write(EntryKind.APPLIED, each, part, source=Source(payment.source), now=now, fee=fee)
            _end_bills(parts, fee, now)
            moves.record_payment(case, payment_reference=_reference(payment), by=None, now=now)
    except DomainError as error:
        if error.code != "payment_used":
            raise
        return ItemKind.NOT_DUE, {"why": error.code}
    for each, _part in parts:
        if not ledger.open_amount(each):
            items.settle(each, Outcome.APPLIED, now)
    return (ItemKind.OVERPAID if ledger.open_amount(payment) else None), {}


def _replace_spent(payment: LedgerEntry, fee: FeeDue, case: Transaction, now: datetime) -> None:
    """The bank takes money for a bill once: where something is still owed after it did, the rest gets a bill of its
    own.
    """
    spent = fee.bills.live().select_for_update().filter(number=payment.bill_number).first()
    if spent is not None and case.status == Status.AWAITING_PAYMENT:
        bills.cancel(spent, now)
        bills.make(fee, case, now)


def _reference(payment: LedgerEntry) -> str:
    """The number under which the fee is paid: the bank's own, as far as it fits."""
    return payment.reference[:MAX_PAYMENT_LENGTH]


def _end_bills(parts: list[tuple[LedgerEntry, int]], fee: FeeDue, now: datetime) -> None:
    """The bill that was paid is paid, also when it had ended before; whatever else is live is cancelled."""
    paid = {each.bill_number: each.paid_at for each, _part in parts}
    for bill in Bill.objects.select_for_update().filter(fee=fee).order_by("pk"):
        if bill.number in paid:
            bill.state, bill.paid_at, bill.ended_at = BillState.PAID, paid[bill.number], now
            bill.save(update_fields=["state", "paid_at", "ended_at"])
        elif bill.is_live:
            bills.cancel(bill, now)


def _note_late(payment: LedgerEntry, fee: FeeDue, now: datetime) -> None:
    """A payment after the bill's last day is on a list of its own, also when it could be applied."""
    bill = fee.bills.filter(number=payment.bill_number).first()
    if bill is None or bill.expires_on is None or payment.paid_at is None:
        return
    if riyadh_day(payment.paid_at) <= bill.expires_on:
        return
    item = items.open_item(ItemKind.LATE, payment.reference, now=now, amount=payment.amount, payment=payment)
    if not ledger.open_amount(payment) and item.settled_at is None:
        OpenItem.objects.filter(pk=item.pk).update(outcome=Outcome.APPLIED, settled_at=now)


def record_at_counter(case: Transaction, event: Event) -> None:
    """What a clerk recorded is in the same ledger. Inside the transaction of the move."""
    fee = FeeDue.objects.get(transaction=case)
    amount = halalas(fee.amount)
    for bill in Bill.objects.select_for_update().filter(fee=fee).live():
        bills.cancel(bill, event.at)
    if not amount:
        return
    office = event.office.code if event.office else ""
    payment, _new = ledger.receive(
        ledger.key_at_counter(fee.payment_key),
        amount=amount,
        source=Source.COUNTER,
        counterpart=office,
        paid_at=event.at,
        now=event.at,
        reference=fee.payment_reference,
        fee=fee,
        by=event.actor,
    )
    ledger.write(EntryKind.APPLIED, payment, amount, source=Source.COUNTER, now=event.at, fee=fee, by=event.actor)
