"""What is owed to the bank, done by workers: issuing, cancelling, asking after bills. Each is safe to repeat, and waits
while payments are closed, or the bank is away.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from core import outside_http
from core.hijri import riyadh_day
from transactions.models import Transaction
from transactions.outbox import queue

from . import bank, bills, items
from .domain.states import BillState, EntryKind, ItemKind, Source
from .models import Bill, LedgerEntry
from .receiving import record

# A key that was used before the backup is passed over; so many, and something is wrong as a whole.
MAX_KEYS = 50
# What says that this very bill is not taken, however often it is put.
NOT_TAKEN = frozenset({400, 409, 422})


@queue.register_handler(bills.ISSUE, outside=True)
def issue(bill_id: int, now: datetime) -> None:
    """Have a bill at the bank; from then on it can be paid. OutsideError while the bank is away: it is tried again.

    Where the bank has one under the same key already, made before this database was put back, that is the bill: nobody
    is billed twice, and what was paid of it is paid.
    """
    bill = _read(bill_id)
    if bill.state != BillState.ISSUING:
        return
    case = bill.fee.transaction
    for _turn in range(MAX_KEYS):
        bills.refuse_if_closed(case, now)
        due_on, last_day = bills.days_of(case, now, now)
        try:
            there = bank.put_bill(bill, last_day)
        except outside_http.Refused as refused:
            if refused.answer.status not in NOT_TAKEN:
                raise  # our token, or the address: every bill would fail by it
            _fail(bill, refused, now)
            return
        if there.number == bill.number or _may_adopt(bill, there):
            _issued(bill, there, now, due_on=due_on, expires_on=last_day)
            return
        if there.state == bank.ISSUED:  # of another amount, for answers that are no longer in force
            bank.cancel_bill(there.number)
        _next_key(bill, case)
    raise RuntimeError(f"the bank knows {MAX_KEYS} bills of {case.reference}")


def count_waiting() -> int:
    """How many bills wait for the bank, to be issued or cancelled."""
    return queue.count_pending(bills.ISSUE, bills.CANCEL)


def _read(bill_id: int) -> Bill:
    return Bill.objects.select_related("fee__transaction").get(pk=bill_id)


def _may_adopt(bill: Bill, there: bank.BankBill) -> bool:
    """Is what the bank has a bill of this fee that is to be paid, or was?"""
    return there.state == bank.PAID or (there.state == bank.ISSUED and there.amount == bill.amount)


def _next_key(bill: Bill, case: Transaction) -> None:
    bill.round += 1
    bill.key = bills.key_of(case, bill.round)
    bill.save(update_fields=["round", "key"])


def _issued(bill: Bill, there: bank.BankBill, now: datetime, **days: Any) -> None:
    """The bank has it. One that was ended here meanwhile is ended there too."""
    with transaction.atomic():
        Transaction.objects.select_for_update().get(pk=bill.fee.transaction_id)
        facts = {"number": there.number, "issued_at": now, "asked_at": now, **days}
        issued = Bill.objects.filter(pk=bill.pk, state=BillState.ISSUING).update(state=BillState.ISSUED, **facts)
        if not issued:
            Bill.objects.filter(pk=bill.pk).update(number=there.number)
            bill.number = there.number
            bills.enqueue_cancel(bill, now)
        for payment in there.payments:
            record(payment, source=Source.POLL, now=now)
        for orphan in LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, bill_number=there.number):
            items.again(orphan, now)


def _fail(bill: Bill, refused: outside_http.Refused, now: datetime) -> None:
    """The bank does not take it, and will not when it is asked again: somebody has to find out why."""
    with transaction.atomic():
        why = f"{refused.answer.status} {refused.answer.content[:150].decode(errors='replace')}"
        failed = Bill.objects.filter(pk=bill.pk, state=BillState.ISSUING)
        if failed.update(state=BillState.FAILED, ended_at=now, refusal=why[:200].replace("\0", "")):
            items.open_item(ItemKind.BILL_FAILED, bill.number, now=now, amount=bill.amount, why=why)


@queue.register_handler(bills.CANCEL, outside=True)
def cancel(bill_id: int, now: datetime) -> None:
    """Say at the bank that a bill is not to be paid. What was paid of it is written down."""
    bill = _read(bill_id)
    bills.refuse_if_closed(bill.fee.transaction, now)
    there = bank.cancel_bill(bill.number)
    for payment in there.payments if there else ():
        record(payment, source=Source.POLL, now=now)


def ask_after(bill: Bill, now: datetime) -> None:
    """What the bank says of a bill now, in case its notice was lost: payments, and that its days are over.

    outside_http.OutsideError. A bill the bank does not know is put there again.
    """
    there = bank.get_bill(bill.number)
    paid = [record(payment, source=Source.POLL, now=now) for payment in (there.payments if there else ())]
    Bill.objects.filter(pk=bill.pk).update(asked_at=now)
    if there is None:
        bank.put_bill(bill, bill.expires_on or riyadh_day(now))
    elif bill.expires_on is not None and riyadh_day(now) > bill.expires_on and not paid:
        _expire(bill, now, still_there=there.state == bank.ISSUED)
    elif there.state == bank.CANCELLED and not paid:
        _end_as_there(bill, now)


def _end_as_there(bill: Bill, now: datetime) -> None:
    """It was taken back after the backup this database comes from, and nobody can pay it: it is not shown as one that
    can be paid. Whoever owes its fee may ask for a new one.
    """
    with transaction.atomic():
        Transaction.objects.select_for_update().get(pk=bill.fee.transaction_id)
        if not LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, bill_number=bill.number).exists():
            live = Bill.objects.filter(pk=bill.pk, state=BillState.ISSUED)
            live.update(state=BillState.CANCELLED, ended_at=now)


def _expire(bill: Bill, now: datetime, *, still_there: bool) -> None:
    """Its last day is over, and the bank says that nothing was paid; where it would still take money, it is told."""
    with transaction.atomic():
        case = Transaction.objects.select_for_update().get(pk=bill.fee.transaction_id)
        bills.refuse_if_closed(case, now)
        expired = Bill.objects.filter(pk=bill.pk, state=BillState.ISSUED, expires_on__lt=riyadh_day(now))
        if LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, bill_number=bill.number).exists():
            return
        if expired.update(state=BillState.EXPIRED, ended_at=now) and still_there:
            bills.enqueue_cancel(bill, now)


def move_days(bill: Bill, now: datetime) -> bool:
    """Count a bill's days anew after an incident or a holiday; where they are others, the bank is told first. True when
    they were moved. outside_http.OutsideError.
    """
    case = bill.fee.transaction
    if bill.issued_at is None:
        return False
    due_on, last_day = bills.days_of(case, bill.issued_at, now)
    if bill.expires_on is None or (due_on, last_day) == (bill.due_on, bill.expires_on) or last_day < bill.expires_on:
        return False
    bills.refuse_if_closed(case, now)
    if last_day != bill.expires_on:
        bank.put_bill(bill, last_day)
    changed = Bill.objects.filter(pk=bill.pk, state=BillState.ISSUED)
    return bool(changed.update(due_on=due_on, expires_on=last_day))
