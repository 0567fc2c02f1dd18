"""What is done by the clock: missing bills made, days moved, the bank asked what it did not say, its files fetched."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from core import outside_http
from core.hijri import riyadh_day
from transactions.domain.errors import OperationClosed
from transactions.domain.workflow import Status
from transactions.models import FeeDue, Outbox, Transaction
from transactions.outbox import queue

from . import bank, bills, exchange, ledger, receiving, settlement
from .domain.states import BillState, EntryKind
from .models import Bill, LedgerEntry, Settlement

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=10)
# A bill is asked after so long after it was asked after last; of so many at a time.
ASK_EVERY = timedelta(minutes=30)
MAX_ASKED = 200
# After one bill whose payer has come back from the bank.
ASK_AGAIN = timedelta(seconds=5)
MAX_MADE = 500
# Files are looked for so many days back; the bank writes the file of a day after it.
FILES_BACK = 35


def look_after_bills(now: datetime) -> None:
    """The whole of it. What the bank does not answer now is done next time; nothing waits for it."""
    if not bills.is_on():
        return
    make_missing(now)
    try:
        follow_bills(now)
        fetch_files(now)
    except outside_http.OutsideError as error:
        logger.warning("the bank is not asked further now: %s", error)


def make_missing(now: datetime) -> int:
    """Bills for fees that fell due before there was a bank, or that have none for another reason; returns how many."""
    none = ~Exists(Bill.objects.filter(fee=OuterRef("pk")))
    waiting = FeeDue.objects.filter(none, paid_at=None, amount__gt=0, transaction__status=Status.AWAITING_PAYMENT)
    made = 0
    for fee in waiting.order_by("pk")[:MAX_MADE]:
        with transaction.atomic():
            case = Transaction.objects.select_for_update().get(pk=fee.transaction_id)
            fee.refresh_from_db()
            if case.status == Status.AWAITING_PAYMENT and fee.paid_at is None:
                made += bills.make(fee, case, now) is not None
    return made


def follow_bills(now: datetime) -> int:
    """Ask after the bills not heard of for longest, and move their days where an incident took some; returns how many.

    outside_http.OutsideError when the bank does not answer.
    """
    waiting = Bill.objects.filter(state=BillState.ISSUED, asked_at__lte=now - ASK_EVERY)
    rows = list(waiting.select_related("fee__transaction").order_by(F("asked_at").asc(), "pk")[:MAX_ASKED])
    for bill in rows:
        try:
            if not exchange.move_days(bill, now):
                exchange.ask_after(bill, now)
        except OperationClosed:
            Bill.objects.filter(pk=bill.pk).update(asked_at=now)
        except outside_http.Refused as refused:
            logger.error("the bank refuses what it is asked of a bill", extra={"bill": bill.pk, "why": refused.why})
            Bill.objects.filter(pk=bill.pk).update(asked_at=now)
    return len(rows)


def ask_now(case: Transaction, now: datetime) -> bool:
    """Ask the bank after the bill of a fee at once, and apply what it tells; returns whether the fee is paid then.

    For whoever has just paid. Not asked more often than every ASK_AGAIN; while the bank is away nothing changes.
    """
    due = Q(asked_at__lte=now - ASK_AGAIN) | Q(asked_at=F("issued_at"))
    for bill in Bill.objects.filter(due, state=BillState.ISSUED, fee__transaction=case).select_related(
        "fee__transaction"
    ):
        try:
            exchange.ask_after(bill, now)
        except (outside_http.OutsideError, OperationClosed) as error:
            logger.warning("the bank is not asked after a bill now: %s", error)
    numbers = Bill.objects.filter(fee__transaction=case).values("number")
    payments = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, bill_number__in=numbers).values("pk")
    waiting = Outbox.objects.filter(kind=receiving.APPLY, subject__in=payments, state=Outbox.State.OWED)
    for pk in list(waiting.values_list("pk", flat=True)):
        queue.process_row(pk, now)
    return FeeDue.objects.filter(transaction=case).exclude(paid_at=None).exists()


def missing_days(now: datetime) -> Iterator[date]:
    """The days that are over and of which the bank's file was not compared, since the first bill."""
    first = Bill.objects.order_by("created_at").values_list("created_at", flat=True).first()
    at_bank = LedgerEntry.objects.filter(payment__startswith=ledger.AT_BANK)
    first_paid = at_bank.order_by("paid_at").values_list("paid_at", flat=True).first()
    begun = [moment for moment in (first, first_paid) if moment is not None]
    if not begun:
        return
    yesterday = riyadh_day(now) - timedelta(days=1)
    day = max(riyadh_day(min(begun)), yesterday - timedelta(days=FILES_BACK))
    there = set(Settlement.objects.filter(day__gte=day).values_list("day", flat=True))
    while day <= yesterday:
        if day not in there:
            yield day
        day += timedelta(days=1)


def fetch_files(now: datetime) -> int:
    """Fetch and compare the files of days that are over; returns how many. outside_http.OutsideError."""
    taken = 0
    for day in missing_days(now):
        text = bank.get_settlement(day)
        if text is None:
            continue
        try:
            settlement.compare(day, text, now=now)
        except settlement.Unreadable as error:
            logger.error("the bank's file of %s is not taken: %s", day, error)
            continue
        taken += 1
    return taken
