"""A bank of the tests' own, which keeps bills and payments and can be away, slow or lie; and a case that waits to be
paid."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts import services as people
from accounts.models import Role, User
from billing.models import Bill
from billing.receiving import BankPayment
from core import outside_http
from core.outside_http import Answer
from jeddah_portal.demo.names import national_id
from municipality.models import Office
from transactions.models import Transaction

from ..conftest import NOW, drive, work_off

URL, TOKEN, SECRET = "https://bank.test", "t" * 40, "s" * 40
LATER = NOW + timedelta(hours=8)


@dataclass
class Bank:
    """What a biller's bank keeps. `away` refuses every call, `refuses` answers 422 to new bills."""

    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False
    refuses: bool = False

    def ask(self, body: str, what: str, url: str, *, understand: Callable[[Answer], Any], **how: Any) -> Any:
        """In the place of outside_http.ask: what goes over the line is the same."""
        method, path = how["method"], url.removeprefix(URL)
        assert body == "bank"
        assert how["headers"] == {"Authorization": f"Bearer {TOKEN}"}
        self.calls.append((method, path))
        if self.away:
            raise outside_http.Unreachable("bank", "no connection")
        status, content = self._answer(method, path, how.get("content"))
        answer = Answer(status, content if isinstance(content, bytes) else json.dumps(content).encode())
        if status >= 400:
            raise outside_http.Refused("bank", answer)
        return understand(answer)

    def _answer(self, method: str, path: str, sent: Any) -> tuple[int, Any]:
        if path.startswith("/settlements/"):
            text = self.files.get(path.removeprefix("/settlements/").removesuffix(".csv"))
            return (404, {}) if text is None else (200, text.encode())
        number = path.split("/")[2]
        if method == "PUT":
            return self._put(number, sent)
        bill = self.bills.get(number)
        if bill is None:
            return 404, {}
        if path.endswith("/cancel") and bill["state"] == "issued":
            bill["state"] = "cancelled"
        return 200, bill

    def _put(self, number: str, sent: Any) -> tuple[int, Any]:
        if self.refuses:
            return 422, {"error": "no such biller"}
        same = next((bill for bill in self.bills.values() if bill["key"] == sent["key"]), None)
        if same is None:
            same = {"number": number, "key": sent["key"], "amount": sent["amount"], "state": "issued", "payments": []}
            self.bills[number] = same
        if same["number"] == number and same["state"] == "issued":
            same["last_day"] = sent["last_day"]
        return 200, same

    def pay(self, number: str, amount: str | None = None, *, at: datetime = LATER, payment: str = "") -> BankPayment:
        """Somebody pays at the bank; returns what the bank would tell."""
        bill = self.bills[number]
        told = {"payment": payment or f"P{len(bill['payments'])}-{number}", "bill": number,
                "amount": amount or bill["amount"], "paid_at": at.isoformat(), "key": bill["key"]}  # fmt: skip
        bill["payments"].append(told)
        bill["state"] = "paid"
        from billing.bank import payment_of

        return payment_of(told)

    def file(self, day: datetime) -> str:
        """The settlement file of a day."""
        lines = ["payment,bill,amount,paid_at,key"]
        of_day = [
            paid for bill in self.bills.values() for paid in bill["payments"]
            if datetime.fromisoformat(paid["paid_at"]).date() == day.date()
        ]  # fmt: skip
        lines += [",".join(paid[name] for name in ("payment", "bill", "amount", "paid_at", "key")) for paid in of_day]
        total = sum((Decimal(paid["amount"]) for paid in of_day), Decimal(0))
        lines.append(f"total,{len(of_day)},{total},,")
        text = "\n".join(lines) + "\n"
        self.files[day.date().isoformat()] = text
        return text


@pytest.fixture
def bank(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Bank:
    settings.BANK_URL, settings.BANK_TOKEN, settings.BANK_SECRETS = URL, TOKEN, [SECRET]
    bank = Bank()
    monkeypatch.setattr(outside_http, "ask", bank.ask)
    return bank


@pytest.fixture
def unpaid(bank: Bank, submitted: Callable[..., Transaction], cast: Any) -> Callable[..., Transaction]:
    """A request that waits for its fee, with its bill at the bank."""

    def make(code: str = "building-permit", **changed: Any) -> Transaction:
        case = drive(submitted(code, **changed), cast, "awaiting_payment")
        work_off(LATER)
        return case

    return make


@pytest.fixture
def accountants(cast: Any) -> tuple[User, User]:
    """Two, since a refund takes two."""
    found = []
    for number in (61, 62):
        user = User.objects.create_user(national_id(number), "a long enough password", full_name=f"accountant {number}",
                                        phone=f"+9665{number:08d}")  # fmt: skip
        people.create_staff_post(user, Office.objects.get(code="CTR"), Role.ACCOUNTANT, on=NOW.date())
        found.append(User.objects.get(pk=user.pk))
    return found[0], found[1]


def bill_of(case: Transaction) -> Bill:
    return Bill.objects.filter(fee__transaction=case).latest("pk")
