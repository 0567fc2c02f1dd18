"""Thousands of notices at once: doubled, in any order, forged, for bills of nobody; the ledger is exact to the halala.

PAYMENT_NOTICES=10000 bin/test --engine postgres tests/billing/test_storm.py
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from billing import ledger
from billing.domain.money import halalas
from billing.domain.states import EntryKind, ItemKind
from billing.models import LedgerEntry, OpenItem
from billing.receiving import BankPayment
from transactions.models import FeeDue, Transaction

from ..conftest import drive, work_off
from .conftest import LATER, bill_of
from .test_notices import notice, send

pytestmark = pytest.mark.django_db(transaction=True)
NOTICES = int(os.environ.get("PAYMENT_NOTICES", "400"))
CASES, THREADS, SEED = 8, 4, 14


def deliveries(cases: list[Transaction], draw: random.Random) -> tuple[list[tuple[bytes, str]], dict[str, BankPayment]]:
    """What is sent (content, secret), in any order, and every payment the bank has signed, by its number."""
    real: dict[str, BankPayment] = {}
    bills = [bill_of(case) for case in cases]
    for number, bill in enumerate(bills):  # each paid once in full
        real[f"F{number}"] = BankPayment(f"F{number}", bill.number, bill.amount, LATER)
    while len(real) < NOTICES // 4:  # and once more, too little, too much, for nobody
        number = f"M{len(real)}"
        bill = draw.choice(bills)
        stray = draw.random() < 0.5
        amount = draw.randrange(1, 2 * bill.amount)
        real[number] = BankPayment(number, "1000000099999" if stray else bill.number, amount, LATER)
    sent = [(notice(payment), "s" * 40) for payment in real.values()]
    while len(sent) < NOTICES:
        payment = draw.choice(list(real.values()))
        forged = draw.random() < 0.3
        content = notice(payment, payment=f"X{draw.random()}") if forged else notice(payment)
        sent.append((content, "forged" if forged else "s" * 40))
    draw.shuffle(sent)
    return sent, real


def test_the_ledger_is_exact_whatever_comes_at_once(bank, submitted, cast):
    cases = [drive(submitted("building-permit"), cast, "awaiting_payment") for _number in range(CASES)]
    work_off(LATER)
    sent, real = deliveries(cases, random.Random(SEED))

    def deliver(one: tuple[bytes, str]) -> tuple[str, int]:
        try:
            return one[1], send(one[0], secret=one[1]).status_code
        finally:
            connections.close_all()

    # SQLite takes one writer at a time anyway, and a test's own database file must not be locked for long.
    with ThreadPoolExecutor(THREADS if connection.vendor == "postgresql" else 1) as threads:
        answers = list(threads.map(deliver, sent))
    assert {answer for secret, answer in answers if secret == "forged"} <= {401}
    assert {answer for secret, answer in answers if secret != "forged"} == {200}
    for round_number in range(4):
        work_off(LATER + timedelta(hours=round_number))
    received = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED)
    assert dict(received.values_list("reference", "amount")) == {key: paid.amount for key, paid in real.items()}
    assert ledger.held() == sum(paid.amount for paid in real.values())
    for case in cases:
        fee = FeeDue.objects.get(transaction=case)
        assert fee.paid_at is not None
        assert ledger.applied_to(fee) == halalas(fee.amount)
        assert case.events.filter(move="record_payment").count() == 1
    listed = set(OpenItem.objects.filter(settled_at=None).values_list("payment", flat=True))
    assert {payment.pk for payment in received if ledger.open_amount(payment)} == listed
    assert OpenItem.objects.filter(kind=ItemKind.ORPHAN).count() == sum(
        p.bill == "1000000099999" for p in real.values()
    )
