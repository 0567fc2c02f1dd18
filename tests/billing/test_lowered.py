"""A fee lowered on an objection: the bill is another, and who has paid is owed the difference."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing import books, ledger, receiving
from billing.domain.states import BillState, ItemKind, Source
from billing.models import OpenItem
from transactions.books.look import Look
from transactions.models import FeeDue
from transactions.transitions.decisions import fee_changed, lower_fee

from ..conftest import work_off
from .conftest import LATER, bill_of

pytestmark = pytest.mark.django_db


def lower(case, amount):
    """As transitions.objections does when it decides for whoever objected."""
    due, before = lower_fee(case, str(amount), LATER)
    case = type(case).objects.get(pk=case.pk)
    due.transaction = case
    fee_changed.send(type(case), case=case, due=due, before=before, after=due.amount, event=None, now=LATER)
    return due


def agrees():
    kind = next(kind for kind in books.KINDS if kind.code == "fee_not_as_ledger")
    return not list(kind.find(Look(LATER + timedelta(days=1))))


def test_a_bill_not_paid_yet_is_made_anew(unpaid, bank):
    case = unpaid()
    old = bill_of(case)
    lower(case, "100.50")
    work_off(LATER)
    new = bill_of(case)
    old.refresh_from_db()
    assert (old.state, new.state, new.amount) == (BillState.CANCELLED, BillState.ISSUED, 10_050)
    assert bank.bills[old.number]["state"] == "cancelled"


def test_what_was_too_little_is_enough_then(unpaid, bank):
    case = unpaid()
    receiving.record(bank.pay(bill_of(case).number, "100.50"), source=Source.NOTICE, now=LATER)
    work_off(LATER)
    due = lower(case, "100.50")
    work_off(LATER)
    due.refresh_from_db()
    assert due.paid_at is not None
    assert ledger.applied_to(due) == 10_050
    assert agrees()


@pytest.mark.parametrize("amount", ["100.50", "0"])
def test_who_has_paid_is_owed_the_difference(unpaid, bank, amount):
    case = unpaid()
    paid = bank.pay(bill_of(case).number)
    receiving.record(paid, source=Source.NOTICE, now=LATER)
    work_off(LATER)
    lower(case, amount)
    item = OpenItem.objects.get()
    difference = paid.amount - int(Decimal(amount) * 100)
    assert (item.kind, item.amount, ledger.open_amount(item.payment)) == (ItemKind.OVERPAID, difference, difference)
    assert ledger.applied_to(FeeDue.objects.get(transaction=case)) == int(Decimal(amount) * 100)
    assert agrees()
