"""The bank's file of a day against the ledger: each difference is a row on a list, and nothing is taken for granted.

The file is CSV in UTF-8: the head `payment,bill,amount,paid_at,key`, a line for each payment, and a last line
`total,<how many>,<amount>,,` by which one that was cut off is known.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.db.locks import take_lock
from core.hijri import RIYADH
from core.text import is_storable
from transactions.domain.errors import DomainError

from . import bank, items, ledger
from .domain.money import read_amount
from .domain.states import EntryKind, ItemKind, Outcome, Source
from .models import IS_OPEN, LedgerEntry, OpenItem, Settlement
from .receiving import BankPayment, record

HEAD = ["payment", "bill", "amount", "paid_at", "key"]
MAX_BYTES = 50 * 1024 * 1024


class Unreadable(DomainError):
    """The file is not one of the bank's, or not whole; nothing of it was taken."""

    def __init__(self, why: str) -> None:
        super().__init__("unreadable_settlement", why)


def read_file(text: str) -> list[BankPayment]:
    """The payments in a file. Unreadable with the line that is wrong."""
    if not is_storable(text):
        raise Unreadable(_("This file is not a text file of the bank."))
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    except csv.Error as error:  # a cell without an end
        raise Unreadable(_("Line %(n)d of the file is not understood.") % {"n": len(rows) + 1}) from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows or [cell.strip() for cell in rows[0]] != HEAD:
        raise Unreadable(_("This is not a settlement file of the bank: its first line is another."))
    if len(rows) < 2 or rows[-1][0] != "total" or len(rows[-1]) < 3:
        raise Unreadable(_("The file has no last line with its total. It may have been cut off: fetch it again."))
    payments = []
    for number, row in enumerate(rows[1:-1], start=2):
        try:
            payments.append(bank.payment_of(dict(zip(HEAD, row, strict=True))))
        except (KeyError, ValueError, TypeError) as error:
            raise Unreadable(_("Line %(n)d of the file is not understood.") % {"n": number}) from error
    amount = sum(payment.amount for payment in payments)
    total = rows[-1][1:3]
    if total[0].strip() != str(len(payments)) or (read_amount(total[1]) or 0) != amount:
        raise Unreadable(_("The total in the last line is not that of the lines before it. Fetch the file again."))
    return payments


@transaction.atomic
def compare(day: date, text: str, *, now: datetime, by: User | None = None) -> Settlement:
    """Compare a file with the ledger, once: what is missing is written down and applied, the rest put on lists.

    The same file again is the comparison there is. A corrected file of the same day settles what it mends.
    """
    payments = read_file(text)
    take_lock("settlement")
    digest = hashlib.sha256(text.encode()).hexdigest()
    if known := Settlement.objects.filter(day=day, sha256=digest).first():
        return known
    settlement = Settlement.objects.create(
        day=day, taken_at=now, uploaded_by=by, text=text, sha256=digest, payments=len(payments),
        amount=sum(payment.amount for payment in payments),
    )  # fmt: skip
    before = set(OpenItem.objects.values_list("pk", flat=True).filter(found_at__gte=now))
    _take_missing(payments, now)
    _find_unlisted(day, payments, now)
    settlement.differences = OpenItem.objects.filter(found_at=now).exclude(pk__in=before).count()
    settlement.save(update_fields=["differences"])
    return settlement


def _take_missing(payments: Sequence[BankPayment], now: datetime) -> None:
    for payment in payments:
        entry, new = record(payment, source=Source.SETTLEMENT, now=now)
        if new:
            items.open_item(ItemKind.UNANNOUNCED, payment.number, now=now, amount=payment.amount, payment=entry)
    keys = [ledger.key_at_bank(payment.number) for payment in payments]
    for start in range(0, len(keys), 500):
        mended = OpenItem.objects.filter(
            IS_OPEN, kind=ItemKind.NOT_IN_FILE, payment__payment__in=keys[start : start + 500]
        )
        mended.update(outcome=Outcome.RESOLVED, settled_at=now)


def _find_unlisted(day: date, payments: Sequence[BankPayment], now: datetime) -> None:
    """What the ledger has of that day's payments at the bank, and the file has not."""
    listed = {ledger.key_at_bank(payment.number) for payment in payments}
    begin = datetime.combine(day, time(), RIYADH)
    ours = LedgerEntry.objects.filter(
        kind=EntryKind.RECEIVED, payment__startswith=ledger.AT_BANK, paid_at__gte=begin,
        paid_at__lt=begin + timedelta(days=1),
    )  # fmt: skip
    for entry in ours.order_by("pk").iterator():
        if entry.payment not in listed:
            items.open_item(ItemKind.NOT_IN_FILE, entry.reference, now=now, amount=entry.amount, payment=entry)
