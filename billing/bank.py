"""The bank, as far as we need one: a bill is put there, taken away, asked after; each day has a file. What a biller or
aggregator of SADAD offers under other names is fitted in here, and a card payment could be; the rest does not know.

PUT /bills/NUMBER makes a bill or moves its last day; asked again with the same `key` it answers with the bill it has.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from core import outside_http
from core.hijri import in_calendar, riyadh_day
from core.outside_http import Answer
from core.signatures import BadSignature
from core.text import is_storable

from .domain.money import read_amount, riyals
from .models import Bill
from .receiving import BankPayment

NAME = "bank"
MAX_NUMBER = 20
ISSUED, PAID, EXPIRED, CANCELLED = "issued", "paid", "expired", "cancelled"
STATES = frozenset({ISSUED, PAID, EXPIRED, CANCELLED})


@dataclass(frozen=True)
class BankBill:
    """A bill as the bank has it, with every payment made for it. `amount` in halalas."""

    number: str
    key: str
    amount: int
    state: str
    payments: tuple[BankPayment, ...] = ()


def put_bill(bill: Bill, last_day: date) -> BankBill:
    """Have it at the bank with this last day; answers with the bill the bank has under its key, whatever its number.

    outside_http.OutsideError; Refused when the bank does not take it.
    """
    content = {
        "biller": settings.BILLER_CODE,
        "key": bill.key,
        "amount": str(riyals(bill.amount)),
        "currency": "SAR",
        "last_day": last_day.isoformat(),
    }
    return _ask("put a bill", f"/bills/{bill.number}", method="PUT", content=content, key=bill.key)


def cancel_bill(number: str) -> BankBill | None:
    """Take a bill away; None when the bank has none. One that is paid stays paid. outside_http.OutsideError."""
    return _or_none("cancel a bill", f"/bills/{number}/cancel", "POST")


def get_bill(number: str) -> BankBill | None:
    """How a bill stands at the bank; None when it has none. outside_http.OutsideError."""
    return _or_none("ask after a bill", f"/bills/{number}", "GET")


def get_settlement(day: date) -> str | None:
    """The file of a day as text; None while there is none. outside_http.OutsideError."""
    try:
        return outside_http.ask(
            NAME,
            "fetch a settlement file",
            f"{settings.BANK_URL}/settlements/{day.isoformat()}.csv",
            understand=lambda answer: answer.content.decode("utf-8"),
            method="GET",
            headers=_headers(),
            ca_file=settings.BANK_CA_FILE,
        )
    except outside_http.Refused as refused:
        if refused.answer.status == 404:
            return None
        raise


def check(content: bytes, signature: str) -> None:
    """BadSignature unless the bank signed this notice, with the secret of now or the one before it."""
    given = signature.strip().removeprefix("sha256=").lower()
    right = [hmac.new(secret.encode(), content, hashlib.sha256).hexdigest() for secret in settings.BANK_SECRETS]
    if not any(hmac.compare_digest(each.encode(), given.encode()) for each in right):
        raise BadSignature("not the bank's")


def _or_none(what: str, path: str, method: str) -> BankBill | None:
    try:
        return _ask(what, path, method=method)
    except outside_http.Refused as refused:
        if refused.answer.status == 404:
            return None
        raise


def _ask(what: str, path: str, *, method: str, content: dict[str, Any] | None = None, key: str = "") -> BankBill:
    return outside_http.ask(
        NAME,
        what,
        f"{settings.BANK_URL}{path}",
        understand=_bill_of,
        method=method,
        content=content,
        headers=_headers(),
        key=key,
        ca_file=settings.BANK_CA_FILE,
    )


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.BANK_TOKEN}"}


def _bill_of(answer: Answer) -> BankBill:
    sent = answer.mapping()
    amount, state = read_amount(sent["amount"]), str(sent["state"])
    number, key = str(sent["number"]), str(sent["key"])
    if amount is None or state not in STATES:
        raise ValueError("a bill of no amount or in no state we know")
    if not 0 < len(number) <= MAX_NUMBER or not is_storable(number + key):
        raise ValueError("a number that is none")
    payments = tuple(payment_of(each) for each in sent.get("payments", []))
    return BankBill(number, key, amount, state, payments)


def payment_of(sent: dict[str, Any]) -> BankPayment:
    """A payment in a notice, an answer or a file. KeyError, ValueError or TypeError when it is none."""
    amount, paid_at = read_amount(sent["amount"]), parse_datetime(str(sent["paid_at"]))
    number, bill, key = (str(sent.get(name) or "") for name in ("payment", "bill", "key"))
    if amount is None or paid_at is None or paid_at.tzinfo is None or not number.strip() or not bill.strip():
        raise ValueError("a payment without number, bill, amount or moment")
    if len(number) > 50 or len(bill) > 40 or not is_storable(number + bill + key):
        raise ValueError("a number that is none")
    if not in_calendar(riyadh_day(paid_at)):
        raise ValueError("a moment that no payment was made at")
    return BankPayment(number.strip(), bill.strip(), amount, paid_at, key[:60])
