"""The bank's file against the ledger, and the daily books over both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import books, ledger, receiving, settlement, upkeep
from billing.domain.states import EntryKind, ItemKind, Outcome, Source
from billing.models import LedgerEntry, OpenItem, Settlement
from transactions.books.look import Look
from transactions.models import FeeDue
from transactions.transitions import moves

from ..conftest import work_off
from .conftest import LATER, bill_of

pytestmark = pytest.mark.django_db
NEXT = LATER + timedelta(days=1)


def kinds():
    return sorted((item.kind, item.outcome) for item in OpenItem.objects.all())


def test_what_the_bank_never_told_is_taken_from_its_file(unpaid, bank):
    case = unpaid()
    bank.pay(bill_of(case).number)
    done = settlement.compare(LATER.date(), bank.file(LATER), now=NEXT)
    work_off(NEXT)
    case.refresh_from_db()
    assert (case.status, done.payments, done.differences) == ("approved", 1, 1)
    assert kinds() == [(ItemKind.UNANNOUNCED, Outcome.APPLIED)]
    again = settlement.compare(LATER.date(), bank.file(LATER), now=NEXT)
    assert again.pk == done.pk
    assert ledger.held() == bill_of(case).amount


def test_a_file_that_agrees_finds_nothing(unpaid, bank):
    payment = bank.pay(bill_of(unpaid()).number)
    receiving.record(payment, source=Source.NOTICE, now=LATER)
    work_off(LATER)
    done = settlement.compare(LATER.date(), bank.file(LATER), now=NEXT)
    assert (done.differences, kinds()) == (0, [])


def test_what_is_not_in_the_file_is_listed_until_a_corrected_one_comes(unpaid, bank):
    payment = bank.pay(bill_of(unpaid()).number)
    receiving.record(payment, source=Source.NOTICE, now=LATER)
    work_off(LATER)
    whole = bank.file(LATER)
    empty = "payment,bill,amount,paid_at,key\ntotal,0,0,,\n"
    assert settlement.compare(LATER.date(), empty, now=NEXT).differences == 1
    assert kinds() == [(ItemKind.NOT_IN_FILE, "")]
    settlement.compare(LATER.date(), whole, now=NEXT + timedelta(hours=1))
    assert kinds() == [(ItemKind.NOT_IN_FILE, Outcome.RESOLVED)]


def test_another_amount_in_the_file_is_listed_and_changes_nothing(unpaid, bank):
    payment = bank.pay(bill_of(unpaid()).number)
    receiving.record(payment, source=Source.NOTICE, now=LATER)
    work_off(LATER)
    bank.bills[payment.bill]["payments"][0]["amount"] = "1.00"
    settlement.compare(LATER.date(), bank.file(LATER), now=NEXT)
    assert kinds() == [(ItemKind.CONTRADICTION, "")]
    assert ledger.held() == payment.amount


HEAD = "payment,bill,amount,paid_at,key\n"
LINE = "P1,1000000000015,5.00,2026-11-24T18:00:00+03:00,k\n"


@pytest.mark.parametrize(
    "text",
    ["", "x", HEAD, HEAD + LINE, HEAD + LINE + "total,2,5.00,,\n", HEAD + LINE + "total,1,5.01,,\n",
     HEAD + LINE.replace("5.00", "five") + "total,1,5.00,,\n", HEAD + "P1,1\n" + "total,1,5.00,,\n",
     HEAD + LINE.replace("P1", "P\0") + "total,1,5.00,,\n", HEAD + LINE + "total,1,5.00,,\0\n",
     HEAD + LINE + "total,1,5.00,\ud800,\n", "bill,payment\n" + LINE + "total,1,5.00,,\n",
     HEAD + LINE.replace("+03:00", "") + "total,1,5.00,,\n", HEAD + "P" * 131_073 + LINE + "total,1,5.00,,\n"],
)  # fmt: skip
def test_a_file_that_is_none_or_was_cut_off_is_refused_whole(city, text):
    with pytest.raises(settlement.Unreadable):
        settlement.compare(LATER.date(), text, now=NEXT)
    assert not LedgerEntry.objects.exists()
    assert not Settlement.objects.exists()


def test_files_are_fetched_for_every_day_that_is_over(unpaid, bank):
    unpaid()
    bank.file(LATER)
    assert list(upkeep.missing_days(LATER)) == []
    in_three = LATER + timedelta(days=3)
    assert len(list(upkeep.missing_days(in_three))) == 3
    upkeep.look_after_bills(in_three)
    assert Settlement.objects.get().day == LATER.date()
    assert len(list(upkeep.missing_days(in_three))) == 2


def found(now):
    return {kind.code: sorted(finding.subject for finding in kind.find(Look(now))) for kind in books.KINDS}


def test_the_books_agree_with_the_ledger_until_somebody_changes_a_fee(unpaid, bank, cast):
    case, later = unpaid(), LATER + timedelta(hours=1)
    moves.record_payment(case, payment_reference="7001", by=cast.registry, now=LATER)
    assert found(later) == {
        "fee_not_as_ledger": [],
        "payment_not_applied": [],
        "open_item_old": [],
        "settlement_missing": [],
    }
    FeeDue.objects.filter(transaction=case).update(amount=1)
    assert found(later)["fee_not_as_ledger"] == [case.reference]
    other = unpaid()
    FeeDue.objects.filter(transaction=other).update(paid_at=LATER, payment_reference="x")
    assert found(later)["fee_not_as_ledger"] == sorted([case.reference, other.reference])


def test_the_books_find_payments_nothing_became_of_old_items_and_missing_files(unpaid, bank):
    payment = bank.pay(bill_of(unpaid()).number)
    entry, _new = ledger.receive(
        "bank:X", amount=5, source=Source.NOTICE, counterpart="bank", paid_at=LATER, now=LATER, reference="X"
    )
    assert entry.kind == EntryKind.RECEIVED
    in_five = LATER + timedelta(days=5)
    receiving.record(payment.__class__("S", "1000000099999", 7, LATER), source=Source.NOTICE, now=LATER)
    work_off(LATER)
    books_say = found(in_five)
    assert books_say["payment_not_applied"] == ["payment/X"]
    assert books_say["open_item_old"] == ["orphan/S"]
    assert len(books_say["settlement_missing"]) == 4
