"""Whatever is paid is in the ledger once, and either applied to its fee or on a list that somebody owns."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import Error, transaction

from billing import bills, items, ledger, receiving, refunds
from billing.domain.states import BillState, EntryKind, ItemKind, Outcome, RefundState, Source
from billing.models import LedgerEntry, OpenItem, Refund
from billing.receiving import BankPayment
from journal.models import Entry
from transactions.domain.errors import DomainError, Invalid
from transactions.models import Event, FeeDue, GateSwitch
from transactions.transitions import moves

from ..conftest import drive, work_off
from .conftest import LATER, bill_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@contextmanager
def refused(code):
    with pytest.raises(DomainError) as why:
        yield
    assert why.value.code == code


def told(payment, *, now=LATER, source=Source.NOTICE):
    entry, _new = receiving.record(payment, source=source, now=now)
    work_off(now)
    return entry


def fresh(case):
    case = type(case).objects.get(pk=case.pk)
    return case.status, FeeDue.objects.get(transaction=case)


def test_a_payment_moves_the_case_once_however_often_it_is_told(unpaid, bank):
    case = unpaid()
    payment = bank.pay(bill_of(case).number)
    for source in (Source.NOTICE, Source.POLL, Source.NOTICE, Source.SETTLEMENT):
        told(payment, source=source)
    status, fee = fresh(case)
    assert (status, fee.payment_reference, fee.recorded_by) == ("approved", payment.number, None)
    assert ledger.applied_to(fee) == ledger.held() == bill_of(case).amount
    assert Event.objects.get(transaction=case, move="record_payment").actor_role == "system"
    assert Entry.objects.filter(subject=case.reference, kind="paid").count() == 1
    assert not OpenItem.objects.exists()
    assert bill_of(case).state == BillState.PAID


@pytest.mark.parametrize(
    ("more", "kind"), [(Decimal("0.01"), ItemKind.OVERPAID), (Decimal("-0.01"), ItemKind.UNDERPAID)]
)
def test_another_amount_is_on_a_list(unpaid, bank, more, kind):
    case = unpaid()
    bill = bill_of(case)
    payment = bank.pay(bill.number, str(Decimal(bill.amount) / 100 + more))
    told(payment)
    status, _fee = fresh(case)
    assert (status == "approved") == (kind is ItemKind.OVERPAID)
    item = OpenItem.objects.get()
    assert (item.kind, item.settled_at) == (kind, None)
    assert item.amount == (1 if more > 0 else payment.amount)
    assert item.office_id == case.held_by_id
    assert ledger.held() == payment.amount


def test_two_parts_make_the_whole_and_what_is_over_is_on_a_list(unpaid, bank):
    case = unpaid()
    bill = bill_of(case)
    told(bank.pay(bill.number, "1.00"))
    rest = bill_of(case)
    bill.refresh_from_db()
    assert (bill.state, rest.state, rest.amount) == (BillState.CANCELLED, BillState.ISSUED, bill.amount - 100)
    last = told(bank.pay(rest.number, str(Decimal(bill.amount) / 100)), now=LATER + HOUR)
    status, fee = fresh(case)
    assert status == "approved"
    assert ledger.applied_to(fee) == bill.amount
    assert OpenItem.objects.get(kind=ItemKind.UNDERPAID).outcome == Outcome.APPLIED
    over = OpenItem.objects.get(kind=ItemKind.OVERPAID)
    assert (over.payment, over.amount) == (last, 100)


def test_a_part_that_goes_back_is_owed_again(unpaid, bank, accountants):
    case, (first, _second) = unpaid(), accountants
    bill = bill_of(case)
    told(bank.pay(bill.number, "1.00"))
    refunds.decide(OpenItem.objects.get(), reason="x", by=first, now=LATER)
    work_off(LATER + HOUR)
    assert (bill_of(case).amount, bill_of(case).state) == (bill.amount, BillState.ISSUED)
    told(bank.pay(bill_of(case).number), now=LATER + HOUR)
    assert fresh(case)[0] == "approved"


def test_a_payment_that_went_back_before_it_was_applied_leaves_a_bill_to_pay(unpaid, bank, accountants):
    case, (first, _second) = unpaid(), accountants
    payment = bank.pay(bill_of(case).number)
    receiving.record(payment, source=Source.NOTICE, now=LATER)
    receiving.record(
        BankPayment(payment.number, payment.bill, payment.amount + 1, LATER), source=Source.POLL, now=LATER
    )
    refunds.decide(OpenItem.objects.get(), reason="x", by=first, now=LATER)
    work_off(LATER)
    new = bill_of(case)
    assert (fresh(case)[0], new.state, new.amount) == ("awaiting_payment", BillState.ISSUED, payment.amount)
    assert bank.bills[new.number]["state"] == "issued"
    told(bank.pay(new.number), now=LATER + HOUR)
    assert fresh(case)[0] == "approved"


def test_paid_twice_is_on_a_list_and_goes_back_by_two_people(unpaid, bank, accountants, cast):
    case, (first, second) = unpaid(), accountants
    bill = bill_of(case)
    told(bank.pay(bill.number))
    again = told(bank.pay(bill.number), now=LATER + HOUR)
    item = OpenItem.objects.get()
    assert (item.kind, item.payment, item.amount) == (ItemKind.TWICE, again, bill.amount)
    with refused("not_an_accountant"):
        refunds.decide(item, reason="x", by=cast.administrator, now=LATER)
    with pytest.raises(Invalid):
        refunds.decide(item, reason=" \u200f", by=first, now=LATER)
    refund = refunds.decide(item, reason="paid twice", by=first, now=LATER)
    with refused("nothing_open"):
        refunds.decide(item, reason="and again", by=first, now=LATER)
    with refused("own_refund"):
        refunds.approve(refund, by=first, now=LATER)
    with pytest.raises(DomainError):
        refunds.pay(refund, bank_reference="T1", by=second, now=LATER)
    refunds.approve(refund, by=second, now=LATER)
    with pytest.raises(Invalid):
        refunds.pay(refund, bank_reference="", by=first, now=LATER)
    assert ledger.held() == 2 * bill.amount
    assert refunds.pay(refund, bank_reference="T1", by=first, now=LATER).state == RefundState.PAID
    assert ledger.held() == bill.amount
    with pytest.raises(DomainError):
        refunds.pay(refund, bank_reference="T2", by=first, now=LATER)
    assert OpenItem.objects.get().outcome == Outcome.REFUND


def test_a_refund_refused_puts_the_money_back_on_its_list(unpaid, bank, accountants):
    case, (first, second) = unpaid(), accountants
    told(bank.pay(bill_of(case).number))
    again = told(bank.pay(bill_of(case).number), now=LATER + HOUR)
    refund = refunds.decide(OpenItem.objects.get(), reason="paid twice", by=first, now=LATER)
    assert ledger.open_amount(again) == 0
    refunds.drop(refund, reason="it is for another bill", by=second, now=LATER)
    assert ledger.open_amount(again) == again.amount
    assert OpenItem.objects.get().settled_at is None
    refunds.decide(OpenItem.objects.get(), reason="after all", by=second, now=LATER)
    assert ledger.open_amount(again) == 0


def test_a_payment_for_an_unknown_bill_is_on_a_list_until_somebody_says_whose_it_is(unpaid, bank, accountants):
    case, (first, _second) = unpaid(), accountants
    stray = BankPayment("B-9", "1000000099999", bill_of(case).amount, LATER)
    told(stray)
    item = OpenItem.objects.get()
    assert (item.kind, item.office.code, item.owner) == (ItemKind.ORPHAN, "CTR", None)
    with pytest.raises(Invalid):
        items.assign(item, to="1000000099999", by=first, now=LATER)
    with refused("money_left"):
        items.explain(item, reason="not ours", by=first, now=LATER)
    items.assign(item, to=case.reference.lower(), by=first, now=LATER)
    work_off(LATER)
    status, fee = fresh(case)
    assert (status, ledger.applied_to(fee)) == ("approved", stray.amount)
    item.refresh_from_db()
    assert (item.outcome, item.owner) == (Outcome.APPLIED, first)
    assert bill_of(case).state == BillState.CANCELLED


def test_late_money_is_taken_as_long_as_it_is_owed_and_listed_as_late(unpaid, bank):
    case = unpaid()
    old = bill_of(case)
    late = LATER + timedelta(days=30)
    type(old).objects.filter(pk=old.pk).update(state="expired", ended_at=late)
    new = bills.renew(case, now=late)
    work_off(late)
    told(bank.pay(old.number, at=late), now=late)
    status, _fee = fresh(case)
    item = OpenItem.objects.get(kind=ItemKind.LATE)
    assert (status, item.outcome) == ("approved", Outcome.APPLIED)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == (BillState.PAID, BillState.CANCELLED)
    assert bank.bills[new.number]["state"] == "cancelled"
    told(bank.pay(new.number, at=late), now=late)
    assert OpenItem.objects.get(kind=ItemKind.TWICE).settled_at is None


def test_paid_on_the_last_day_and_told_later_is_not_late(unpaid, bank):
    case = unpaid()
    bill = bill_of(case)
    last_minute = LATER.replace(hour=23, minute=59) + (bill.expires_on - LATER.date())
    told(bank.pay(bill.number, at=last_minute), now=last_minute + timedelta(days=2))
    assert not OpenItem.objects.exists()


def test_money_for_a_withdrawn_request_is_on_a_list(unpaid, bank, cast):
    case = unpaid()
    moves.withdraw(case, by=cast.citizen, now=LATER)
    told(bank.pay(bill_of(case).number))
    assert fresh(case)[0] == "withdrawn"
    assert OpenItem.objects.get().kind == ItemKind.NOT_DUE


def test_what_is_told_otherwise_than_before_changes_nothing_and_is_on_a_list(unpaid, bank):
    case = unpaid()
    payment = bank.pay(bill_of(case).number)
    told(payment)
    for _twice in range(2):
        told(BankPayment(payment.number, payment.bill, payment.amount + 5, LATER))
        told(BankPayment(payment.number, "1000000099999", payment.amount, LATER))
    assert ledger.held() == payment.amount
    assert [item.kind for item in OpenItem.objects.all()] == [ItemKind.CONTRADICTION] * 2


def test_an_office_and_the_bank_use_one_ledger(unpaid, cast):
    case = unpaid()
    moves.record_payment(case, payment_reference="7001", by=cast.clerk, now=LATER)
    _status, fee = fresh(case)
    received = LedgerEntry.objects.get(kind=EntryKind.RECEIVED)
    assert (received.source, received.counterpart, received.by) == (Source.COUNTER, "SC01", cast.clerk)
    assert ledger.applied_to(fee) == bill_of(case).amount
    assert bill_of(case).state == BillState.CANCELLED


@pytest.mark.parametrize("same_number", [True, False])
def test_what_an_office_recorded_and_the_bank_tells_later_is_one_payment(unpaid, bank, cast, accountants, same_number):
    """The notice was lost, and the payer came with the number of the payment to a counter."""
    case, (first, _second) = unpaid(), accountants
    payment = bank.pay(bill_of(case).number, payment="SADAD-778812")
    typed = "sadad 778812" if same_number else "778812"
    moves.record_payment(case, payment_reference=typed, by=cast.registry, now=LATER)
    told(payment)
    if not same_number:
        item = OpenItem.objects.get()
        assert item.kind == ItemKind.TWICE
        items.merge(item, by=first, now=LATER)
        assert OpenItem.objects.get().outcome == Outcome.MERGED
    assert ledger.held() == payment.amount
    assert ledger.applied_to(fresh(case)[1]) == payment.amount
    assert all(ledger.open_amount(entry) == 0 for entry in LedgerEntry.objects.filter(kind=EntryKind.RECEIVED))


def test_while_payments_are_closed_money_is_written_down_and_the_case_waits(unpaid, bank, submitted, cast):
    from transactions.incidents import gates, memory

    case = unpaid()
    gates.set_gate(
        GateSwitch(operation="payments", state="intake", reason_ar="س", reason_en="x"), reason="x", by=None, now=LATER
    )
    memory.forget()
    payment = bank.pay(bill_of(case).number)
    told(payment)
    assert fresh(case)[0] == "awaiting_payment"
    assert ledger.held() == payment.amount
    with refused("operation_closed"):
        bills.renew(case, now=LATER)
    calls = len(bank.calls)
    other = drive(submitted("building-permit"), cast, "awaiting_payment")
    work_off(LATER + HOUR)
    assert (bill_of(other).state, len(bank.calls)) == (BillState.ISSUING, calls)
    GateSwitch.objects.create(operation="payments", state="all", at=LATER + HOUR, reason_ar="س", reason_en="x")
    memory.forget()
    work_off(LATER + 2 * HOUR)
    assert fresh(case)[0] == "approved"
    assert bill_of(other).state == BillState.ISSUED


def test_the_database_refuses_to_change_or_delete_what_was_written(unpaid, bank):
    told(bank.pay(bill_of(unpaid()).number))
    for change in (lambda rows: rows.update(amount=1), lambda rows: rows.delete()):
        with pytest.raises(Error), transaction.atomic():
            change(LedgerEntry.objects.filter(kind=EntryKind.APPLIED))
    for wrong in (
        {"kind": "received", "amount": 1}, {"kind": "applied", "amount": 5},
        {"kind": "received", "amount": 0, "payment": "bank:0", "paid_at": LATER},
    ):  # fmt: skip
        with pytest.raises(Error), transaction.atomic():
            LedgerEntry.objects.create(at=LATER, source="notice", counterpart="bank", **wrong)


def test_no_refund_is_approved_by_who_decided_it_whoever_writes(unpaid, bank, accountants):
    case, (first, _second) = unpaid(), accountants
    told(bank.pay(bill_of(case).number))
    told(bank.pay(bill_of(case).number), now=LATER + HOUR)
    refund = refunds.decide(OpenItem.objects.get(), reason="x", by=first, now=LATER)
    for wrong in (
        {"state": "approved", "approved_by": first, "approved_at": LATER}, {"state": "approved"},
        {"state": "paid", "paid_at": LATER, "paid_by": first, "bank_reference": "T"},
    ):  # fmt: skip
        with pytest.raises(Error), transaction.atomic():
            Refund.objects.filter(pk=refund.pk).update(**wrong)
