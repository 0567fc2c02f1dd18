"""A bill for each fee: its number, its days, its states, and what the bank is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from billing import bills, exchange, ledger, receiving, upkeep
from billing.domain import money, numbers
from billing.domain.states import BillState, ItemKind, Source
from billing.models import Bill, OpenItem
from journal import chain
from transactions.incidents import declaring
from transactions.models import FeeDue, IncidentNotice
from transactions.transitions import moves

from ..conftest import NOW, drive, work_off
from .conftest import LATER, bill_of

pytestmark = pytest.mark.django_db
LETTERS = st.text(alphabet=numbers.LETTERS, min_size=4, max_size=4)


@given(st.integers(1, 9), st.one_of(st.just(""), LETTERS), st.integers(1, 10**8))
def test_a_number_has_a_check_digit_and_is_read_however_it_is_typed(series, lot, serial):
    number = numbers.bill_number(series, lot, serial)
    assert number.isdecimal()
    assert len(number) == max(13, 8 + len(str(serial)))
    assert mod_11_10.is_valid(number)
    arabic = number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    for typed in (number, f" {numbers.in_groups(number)} ", "-".join(number), arabic, f"\u200f{arabic}\u200e"):
        assert numbers.read_number(typed) == number


@given(st.integers(1, 10**6), st.integers(0, 12), st.integers(1, 9))
def test_a_wrong_digit_and_two_exchanged_are_seen(serial, place, more):
    number = numbers.bill_number(1, "", serial)
    wrong = f"{number[:place]}{(int(number[place]) + more) % 10}{number[place + 1 :]}"
    assert not numbers.read_number(wrong)
    if place < 12 and number[place] != number[place + 1]:
        exchanged = f"{number[:place]}{number[place + 1]}{number[place]}{number[place + 2 :]}"
        assert not numbers.read_number(exchanged)


@given(st.lists(st.tuples(st.integers(1, 9), st.one_of(st.just(""), LETTERS), st.integers(1, 10**7)), unique=True))
def test_two_bills_of_two_lots_never_bear_one_number(given):
    made = [numbers.bill_number(*each) for each in given]
    assert len(set(made)) == len(made)


@given(st.integers(1, 10**11))
def test_amounts_are_whole_halalas(amount):
    assert money.halalas(money.riyals(amount)) == amount
    assert money.read_amount(str(money.riyals(amount))) == amount


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "0.00", "1.001", "1e99", "NaN", "Infinity", None])
def test_what_is_no_amount_is_none(text):
    assert money.read_amount(text) is None


def test_a_fee_that_falls_due_has_a_bill_at_the_bank(unpaid, bank):
    case = unpaid()
    bill, fee = bill_of(case), case.fee
    assert bill.state == BillState.ISSUED
    assert bill.amount == fee.amount * 100
    at_bank = bank.bills[bill.number]
    assert at_bank["amount"] == str(fee.amount)
    assert at_bank["last_day"] == bill.expires_on.isoformat()
    assert at_bank["key"] == f"{case.reference}/1"
    assert bill.due_on == date(2026, 12, 9)  # ten working days after a Tuesday on which it was past closing time
    assert bill.expires_on == (LATER + timedelta(days=28)).date()


def test_without_a_bank_no_bill_is_made(submitted, cast, settings):
    settings.BANK_URL = ""
    drive(submitted("building-permit"), cast, "awaiting_payment")
    upkeep.look_after_bills(LATER)
    assert not Bill.objects.exists()


def test_while_the_bank_is_away_the_bill_waits_and_nothing_else_does(bank, submitted, cast):
    bank.away = True
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    work_off(LATER)
    assert bill_of(case).state == BillState.ISSUING
    paid = moves.record_payment(case, payment_reference="7001", by=cast.registry, now=LATER)
    assert paid.status == "approved"
    bank.away = False
    work_off(LATER + timedelta(hours=1))
    assert bill_of(case).state == BillState.CANCELLED
    assert not [number for number, bill in bank.bills.items() if bill["state"] == "issued"]


def test_what_the_bank_refuses_is_on_a_list(bank, submitted, cast):
    bank.refuses = True
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    work_off(LATER)
    assert bill_of(case).state == BillState.FAILED
    item = OpenItem.objects.get(kind=ItemKind.BILL_FAILED)
    assert "no such biller" in item.facts["why"]
    bank.refuses = False
    renewed = bills.renew(case, now=LATER)
    work_off(LATER + timedelta(hours=1))
    assert Bill.objects.get(pk=renewed.pk).state == BillState.ISSUED


def test_a_withdrawn_request_owes_nothing_and_its_bill_is_taken_away(unpaid, bank, cast):
    case = unpaid()
    moves.withdraw(case, by=cast.citizen, now=LATER)
    assert bill_of(case).state == BillState.CANCELLED
    work_off(LATER)
    assert bank.bills[bill_of(case).number]["state"] == "cancelled"


def test_a_bill_ended_while_it_was_on_its_way_is_ended_at_the_bank(bank, submitted, cast):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    bill = bill_of(case)
    put = bank._put

    def and_meanwhile(number, sent):
        moves.withdraw(case, by=cast.citizen, now=LATER)
        return put(number, sent)

    bank._put = and_meanwhile
    exchange.issue(bill.pk, LATER)
    assert bank.bills[bill.number]["state"] == "issued"
    work_off(LATER + timedelta(minutes=1))
    assert bank.bills[bill.number]["state"] == "cancelled"


def test_a_bill_expires_when_the_bank_says_so_and_a_new_one_is_made_on_request(unpaid, bank):
    case = unpaid()
    bill = bill_of(case)
    on_time = LATER + timedelta(days=28)
    upkeep.follow_bills(on_time)
    assert bill_of(case).state == BillState.ISSUED
    bank.away = True
    upkeep.look_after_bills(on_time + timedelta(days=1))
    assert bill_of(case).state == BillState.ISSUED
    bank.away = False
    upkeep.follow_bills(on_time + timedelta(days=2))
    assert bill_of(case).state == BillState.EXPIRED
    new = bills.renew(case, now=on_time + timedelta(days=2))
    assert (new.number != bill.number, new.key) == (True, f"{case.reference}/2")
    assert bills.renew(case, now=on_time + timedelta(days=2)).pk == new.pk


def test_a_payment_whose_notice_was_lost_is_found_by_asking(unpaid, bank):
    case = unpaid()
    bank.pay(bill_of(case).number)
    upkeep.follow_bills(LATER + timedelta(hours=1))
    work_off(LATER + timedelta(hours=1))
    case.refresh_from_db()
    assert case.status == "approved"
    assert bill_of(case).state == BillState.PAID


def test_one_fee_has_one_live_bill_whatever_is_written(unpaid):
    case = unpaid()
    bill = bill_of(case)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bill.objects.create(fee=bill.fee, number="1", key="x", round=9, amount=1, created_at=NOW)
    for wrong in ({"state": "paid"}, {"state": "expired"}, {"amount": 0}, {"expires_on": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Bill.objects.filter(pk=bill.pk).update(**wrong)


def test_fees_that_fell_due_before_there_was_a_bank_get_bills(submitted, cast, settings, bank):
    settings.BANK_URL = ""
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    assert not Bill.objects.exists()
    settings.BANK_URL = "https://bank.test"
    upkeep.look_after_bills(LATER)
    work_off(LATER)
    assert bill_of(case).state == BillState.ISSUED


def test_after_a_restore_the_bill_of_before_is_the_bill(bank, submitted, cast, monkeypatch):
    """The database came back without the bill; the bank has it, under its key."""
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    work_off(LATER)
    lost = bill_of(case)
    payment = bank.pay(lost.number)
    Bill.objects.all().delete()
    monkeypatch.setattr(chain, "lot", lambda: "BKRT")
    receiving.record(payment, source=Source.NOTICE, now=LATER)
    work_off(LATER)
    assert OpenItem.objects.get().kind == ItemKind.ORPHAN
    upkeep.look_after_bills(LATER + timedelta(hours=1))
    work_off(LATER + timedelta(hours=1))
    case.refresh_from_db()
    bill = bill_of(case)
    assert (bill.number, bill.state, case.status) == (lost.number, BillState.PAID, "approved")
    assert len(bank.bills) == 1
    assert ledger.applied_to(FeeDue.objects.get(transaction=case)) == bill.amount
    assert OpenItem.objects.get().settled_at is not None


@pytest.mark.parametrize(("offices", "days"), [([], 5), (["SHR"], 5), (["MTR"], 0)])
def test_the_days_an_incident_took_are_added_and_the_bank_is_told(unpaid, bank, cast, offices, days):
    case = unpaid()
    bill = bill_of(case)
    ended = LATER + timedelta(days=5)
    notice = IncidentNotice(
        what="declared", text_ar="تعطّلت الشبكة.", text_en="The network is down.", starts_at=LATER, ended_at=ended,
        next_update_at=ended, offices=offices, stops_clocks=True,
    )  # fmt: skip
    with transaction.atomic():
        declaring.announce(notice, None, None, by=cast.administrator, confirmed_by=None, now=ended)
    upkeep.follow_bills(ended + timedelta(days=1))
    moved = bill_of(case)
    assert (moved.due_on - bill.due_on, moved.expires_on - bill.expires_on) == (timedelta(days), timedelta(days))
    assert bank.bills[bill.number]["last_day"] == moved.expires_on.isoformat()
    upkeep.follow_bills(ended + timedelta(days=2))
    assert bill_of(case).expires_on == moved.expires_on
