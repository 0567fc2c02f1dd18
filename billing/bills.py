"""Bills of fees: made when a fee falls due, ended when it is paid elsewhere or owed no more.

Nothing here asks the bank; that is owed to the outbox in the same transaction (exchange.py does it).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _

from core.hijri import RIYADH, riyadh_day
from journal import chain
from municipality.services import current_calendar
from transactions.domain.errors import DomainError
from transactions.domain.gates import Operation
from transactions.domain.pauses import extended
from transactions.domain.workflow import Status
from transactions.incidents import gates, memory
from transactions.models import Event, FeeDue, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions.signals import moved

from . import ledger
from .domain.money import halalas
from .domain.numbers import bill_number, read_number
from .domain.states import BillState
from .models import Bill, BillSerial

ISSUE, CANCEL = "bill_issue", "bill_cancel"


def is_on() -> bool:
    """Is there a bank that takes our bills?"""
    return bool(settings.BANK_URL)


@receiver(moved, sender=Transaction, dispatch_uid="billing")
def follow(case: Transaction, event: Event, **_signal: Any) -> None:
    """A request has moved: its fee falls due, is paid at an office, or is owed no more. In the same transaction."""
    before, after = event.from_status, event.to_status
    if before == after or Status.AWAITING_PAYMENT not in (before, after):
        return
    if after == Status.AWAITING_PAYMENT:
        if is_on() and (fee := FeeDue.objects.filter(transaction=case, paid_at=None).first()):
            make(fee, case, event.at)
    elif event.move != "record_payment":
        for bill in Bill.objects.select_for_update().live().filter(fee__transaction=case):
            cancel(bill, event.at)
    elif event.actor_id is not None:  # what the bank told was written down before the case moved
        from .receiving import record_at_counter

        record_at_counter(case, event)


def make(fee: FeeDue, case: Transaction, now: datetime) -> Bill | None:
    """The live bill of what is still owed of a fee; makes one, and owes its issuing, where there is none of this
    amount. None where nothing is owed. Call with the case locked.
    """
    amount = halalas(fee.amount) - sum(ledger.open_amount(payment) for payment in ledger.payments_of(fee))
    live = fee.bills.live().select_for_update().first()
    if live is not None:
        if live.amount == amount:
            return live
        cancel(live, now)
    if amount <= 0:
        return None
    number = fee.bills.count() + 1
    bill = Bill.objects.create(
        fee=fee, number=_next_number(), key=key_of(case, number), round=number, amount=amount, created_at=now
    )
    queue.enqueue(ISSUE, bill.pk, dedupe=f"{ISSUE}:{bill.pk}", now=now)
    return bill


def key_of(case: Transaction, number: int) -> str:
    """What the bank keeps beside the bill's number; a fee's first bill has the same one also after a restore."""
    return f"{case.reference}/{number}"


@transaction.atomic
def renew(case: Transaction, *, now: datetime) -> Bill:
    """A new bill where the last one has ended and the fee is still owed. DomainError `nothing_due`, OperationClosed."""
    locked = Transaction.objects.select_for_update().get(pk=case.pk)
    fee = FeeDue.objects.filter(transaction=locked, paid_at=None).first()
    if not is_on() or fee is None or locked.status != Status.AWAITING_PAYMENT:
        raise DomainError("nothing_due", _("There is nothing to pay for this request now."))
    refuse_if_closed(locked, now)
    bill = make(fee, locked, now)
    if bill is None:
        raise DomainError("nothing_due", _("There is nothing to pay for this request now."))
    return bill


def cancel(bill: Bill, now: datetime) -> None:
    """End a live bill, and owe it to the bank to say so. Call with its row locked."""
    bill.state, bill.ended_at = BillState.CANCELLED, now
    bill.save(update_fields=["state", "ended_at"])
    enqueue_cancel(bill, now)


def enqueue_cancel(bill: Bill, now: datetime) -> None:
    """Owe it to the bank to say that a bill is not to be paid any more."""
    dedupe = f"{CANCEL}:{bill.pk}:{bill.number}"
    if not Outbox.objects.filter(dedupe=dedupe).exists():
        queue.enqueue(CANCEL, bill.pk, dedupe=dedupe, now=now)


def refuse_if_closed(case: Transaction, now: datetime) -> None:
    """OperationClosed while an incident or a gate keeps payments of this case closed."""
    offices = gates.codes(case.held_by_id)
    gates.refuse_if_closed(Operation.PAYMENTS, now=now, service=case.service, offices=offices, lot=case.reference)


def days_of(case: Transaction, since: datetime, now: datetime) -> tuple[date, date]:
    """(due, last day) of a bill issued `since` then: working days of the city and days of the calendar, both moved by
    what declared incidents took from them, and no further ahead of today than the bank allows.
    """
    due = current_calendar().add_working_days(since, settings.BILL_DUE_WORKING_DAYS)
    midnight = datetime.combine(riyadh_day(since) + timedelta(days=settings.BILL_LAST_DAY_DAYS), time(23, 59), RIYADH)
    pauses, offices = memory.since(since, case.service), gates.codes_of(case.held_by_id)
    moved_due = riyadh_day(extended(pauses, case.service, offices, since, due, now))
    last = riyadh_day(extended(pauses, case.service, offices, since, midnight, now))
    last = min(last, riyadh_day(now) + timedelta(days=settings.BILL_MAX_DAYS_AHEAD))
    return min(moved_due, last), last


def cases_by_number(text: str) -> QuerySet[Transaction] | None:
    """The requests whose bill bears this number; None when it is no bill number."""
    number = read_number(text)
    return (
        Transaction.objects.filter(pk__in=Bill.objects.filter(number=number).values("fee__transaction"))
        if number
        else None
    )


def _next_number() -> str:
    """The next number, given once: also after a restore, since the lot of the journal's chain is in it."""
    series, lot = settings.BILL_SERIES, chain.lot()
    update = "UPDATE billing_billserial SET last = last + 1 WHERE series = %s AND lot = %s RETURNING last"
    while True:
        with connection.cursor() as cursor:
            cursor.execute(update, [series, lot])
            row = cursor.fetchone()
        if row:
            return bill_number(series, lot, int(row[0]))
        try:
            with transaction.atomic():
                BillSerial.objects.create(series=series, lot=lot)
        except IntegrityError:
            continue  # another was first
