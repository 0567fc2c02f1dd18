"""Small worlds in which everything happens in any order, and anything dies anywhere: the ledger says what the bank
says, a fee is paid exactly when the ledger has its amount, and money that belongs to nobody is on a list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import bills, exchange, ledger, receiving, refunds, settlement, upkeep
from billing.domain.money import halalas
from billing.domain.states import EntryKind, Source
from billing.models import IS_OPEN, Bill, LedgerEntry, OpenItem
from billing.receiving import BankPayment
from core import outside_http
from transactions.domain.errors import DomainError
from transactions.models import FeeDue, Outbox, Transaction
from transactions.outbox import queue
from transactions.transitions import moves

from ..conftest import drive, work_off
from .conftest import LATER, Bank

pytestmark = pytest.mark.django_db
CASES = 2
KINDS = (receiving.APPLY, bills.ISSUE, bills.CANCEL)
which = st.integers(0, CASES - 1)
STEPS = st.one_of(
    st.tuples(st.just("pay"), which, st.sampled_from(["1", "0.5", "2"])),
    st.tuples(st.just("stray"), st.just(0), st.just("")),
    st.tuples(st.just("tell"), st.integers(0, 5), st.sampled_from(["", "twice", "otherwise"])),
    st.tuples(st.just("work"), st.integers(1, 3), st.just("")),
    st.tuples(st.just("die"), st.integers(1, 6), st.sampled_from(["ledger", "move", "bank"])),
    st.tuples(st.just("counter"), which, st.sampled_from(["", "same"])),
    st.tuples(st.just("withdraw"), which, st.just("")),
    st.tuples(st.just("end"), which, st.just("")),
    st.tuples(st.just("ask"), st.just(0), st.just("")),
    st.tuples(st.just("file"), st.just(0), st.just("")),
    st.tuples(st.just("refund"), st.integers(0, 3), st.just("")),
)


class Died(Exception):
    """The process ended here."""


@contextmanager
def dying(after: int, where: str, bank: Bank) -> Iterator[None]:
    """The process dies at the `after`-th time it does this."""
    left = [after]

    def count(real: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and where != "bank":
                raise Died
            done = real(*args, **kwargs)
            if left[0] == 0:  # it was done there, and nobody here knows
                raise outside_http.Slow("bank", "no whole answer", may_have_arrived=True)
            return done

        return counted

    place = {"ledger": (ledger, "write"), "move": (moves, "record_payment"), "bank": (outside_http, "ask")}[where]
    with patch.object(*place, count(getattr(*place))):
        yield


class World:
    def __init__(self, bank: Bank, cases: list[Transaction], cast: Any, accountants: Any) -> None:
        self.bank, self.cases, self.cast, self.accountants = bank, cases, cast, accountants
        self.paid: list[BankPayment] = []
        self.now = LATER
        self.refunded = 0

    def do(self, name: str, number: int, how: str) -> None:
        self.now += timedelta(minutes=1)
        try:
            with transaction.atomic():
                getattr(self, name)(number, how)
        except (DomainError, Died, outside_http.OutsideError):
            pass  # refused, or dead: nothing of it is there
        self.check()

    def pay(self, number: int, how: str) -> None:
        """At the bank, whatever we know of it: as it can happen, also for bills that have ended."""
        there = [bill for bill in self.bank.bills.values() if bill["key"].startswith(self.cases[number].reference)]
        if not there:
            return
        amount = (Decimal(there[-1]["amount"]) * Decimal(how)).quantize(Decimal("0.01"))
        payment = f"P{len(self.paid)}"
        self.paid.append(self.bank.pay(there[-1]["number"], str(amount), at=LATER, payment=payment))

    def stray(self, _number: int, _how: str) -> None:
        self.bank.bills.setdefault("1000000099999", {"number": "1000000099999", "key": "?", "amount": "9.00",
                                                     "state": "paid", "payments": []})  # fmt: skip
        self.paid.append(self.bank.pay("1000000099999", at=LATER, payment=f"P{len(self.paid)}"))

    def tell(self, number: int, how: str) -> None:
        if number < len(self.paid):
            payment = self.paid[number]
            known = LedgerEntry.objects.filter(reference=payment.number).exists()
            if how == "otherwise" and known:
                payment = BankPayment(payment.number, payment.bill, payment.amount + 1, payment.paid_at)
            for _time in range(2 if how == "twice" else 1):
                receiving.record(payment, source=Source.NOTICE, now=self.now)

    def work(self, many: int, _how: str) -> None:
        due = Outbox.objects.filter(kind__in=KINDS, state__in=queue.PENDING_STATES).order_by("pk")[:many]
        for row in due:
            queue.process_row(row.pk, self.now)

    def die(self, after: int, where: str) -> None:
        with dying(after, where, self.bank):
            self.work(3, "")

    def counter(self, number: int, how: str) -> None:
        case = Transaction.objects.get(pk=self.cases[number].pk)
        mine = [paid.number for paid in self.paid if paid.key.startswith(case.reference)]
        reference = mine[-1] if how == "same" and mine else f"C{case.pk}"
        moves.record_payment(case, payment_reference=reference, by=self.cast.registry, now=self.now)

    def withdraw(self, number: int, _how: str) -> None:
        moves.withdraw(self.cases[number], by=self.cast.citizen, now=self.now)

    def end(self, number: int, _how: str) -> None:
        """The last day passes, and a new bill is asked for."""
        live = Bill.objects.filter(fee__transaction=self.cases[number], state="issued")
        for bill in live:
            if self.bank.bills[bill.number]["state"] == "issued":
                self.bank.bills[bill.number]["state"] = "expired"
        live.update(state="expired", ended_at=self.now)
        bills.renew(self.cases[number], now=self.now)

    def ask(self, _number: int, _how: str) -> None:
        Bill.objects.filter(state="issued").update(asked_at=LATER - timedelta(days=1))
        upkeep.follow_bills(self.now)

    def file(self, _number: int, _how: str) -> None:
        settlement.compare(LATER.date(), self.bank.file(LATER), now=self.now)

    def refund(self, number: int, _how: str) -> None:
        waiting = [
            item for item in OpenItem.objects.filter(IS_OPEN) if item.payment and ledger.open_amount(item.payment)
        ]
        if number < len(waiting):
            first, second = self.accountants
            refund = refunds.decide(waiting[number], reason="x", by=first, now=self.now)
            refunds.approve(refund, by=second, now=self.now)
            refunds.pay(refund, bank_reference=f"T{refund.pk}", by=first, now=self.now)
            self.refunded += refund.amount

    def check(self) -> None:
        for payment in LedgerEntry.objects.filter(kind=EntryKind.RECEIVED):
            assert 0 <= ledger.open_amount(payment) <= payment.amount
        for fee in FeeDue.objects.filter(transaction__in=self.cases):
            assert ledger.applied_to(fee) == (halalas(fee.amount) if fee.paid_at else 0)
            assert fee.bills.live().count() <= 1

    def come_to_rest(self) -> None:
        """The day ends: the bank's file comes, and all that is owed is done."""
        self.now += timedelta(days=1)
        settlement.compare(LATER.date(), self.bank.file(LATER), now=self.now)
        for _round in range(3):
            self.now += timedelta(hours=1)
            work_off(self.now)
        self.check()
        assert not Outbox.objects.filter(kind__in=KINDS).exclude(state="done").exists()
        of_bank = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, payment__startswith="bank:")
        assert sorted(of_bank.values_list("reference", "amount")) == sorted(
            (paid.number, paid.amount) for paid in self.paid
        )
        counters = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, payment__startswith="counter:")
        merged = sum(LedgerEntry.objects.filter(kind=EntryKind.MERGED).values_list("amount", flat=True))
        in_hand = sum(paid.amount for paid in self.paid) + sum(counters.values_list("amount", flat=True))
        assert ledger.held() == in_hand - merged - self.refunded
        for payment in [*of_bank, *counters]:
            on_list = OpenItem.objects.filter(IS_OPEN, payment=payment).exists()
            assert on_list or not ledger.open_amount(payment), f"{payment.reference} is nobody's"
        for bill in Bill.objects.all():
            live = self.bank.bills.get(bill.number, {"state": ""})["state"] == "issued"
            assert live == (bill.state == "issued"), (bill.state, self.bank.bills[bill.number])


def play(steps: list[Any], bank: Bank, cases: list[Transaction], cast: Any, accountants: Any) -> None:
    with transaction.atomic():
        bank.bills.clear()
        world = World(bank, cases, cast, accountants)
        for bill in Bill.objects.filter(state="issuing"):
            exchange.issue(bill.pk, LATER)
        for step in steps:
            world.do(*step)
        world.come_to_rest()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "many", [6, pytest.param(40, marks=[pytest.mark.thorough, pytest.mark.embedded])], ids=["a few", "many"]
)
def test_in_any_order_the_ledger_says_what_the_bank_says(many, bank, submitted, cast, accountants):
    bank.away = True
    cases = [drive(submitted("building-permit"), cast, "awaiting_payment") for _number in range(CASES)]
    bank.away = False

    @settings(max_examples=many, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.lists(STEPS, min_size=3, max_size=14))
    def run(steps: list[Any]) -> None:
        play(steps, bank, cases, cast, accountants)

    run()
