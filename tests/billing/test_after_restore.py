"""After a restore a refund may have been paid already: none is paid before somebody has looked at the statement."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services as people
from accounts.models import Role
from billing import bills, ledger, receiving, refunds, upkeep
from billing.domain.states import BillState, RefundState, Source
from billing.models import OpenItem, Refund
from billing.receiving import BankPayment
from continuity import after_loss
from journal import standing
from journal.models import Restoration
from municipality.models import Office
from transactions.domain.errors import Invalid

from ..conftest import NOW, work_off
from ..portal.world import client_of
from .conftest import LATER, bill_of
from .test_ledger import refused

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def orphan(number="B-1", at=LATER, told=None):
    """A payment for a bill that is not known: the item about it."""
    payment = BankPayment(number, "1000000099999", 700, at)
    receiving.record(payment, source=Source.NOTICE, now=told or at)
    work_off(told or at)
    return OpenItem.objects.get(subject=number)


def restore(at):
    return Restoration.objects.create(at=at, made_at=NOW)


def waiting(accountants, *, approved=True, at=LATER):
    first, second = accountants
    refund = refunds.decide(orphan(at=at), reason="nobody's", by=first, now=at)
    return refunds.approve(refund, by=second, now=at) if approved else refund


@pytest.fixture
def back(accountants):
    """The database came out of a backup, as `restore` leaves it, and the accountants have their posts again."""

    def come_back(now):
        with standing.without_write_check():
            after_loss.put_away(now, NOW)
        for each in accountants:
            people.create_staff_post(each, Office.objects.get(code="CTR"), Role.ACCOUNTANT, on=now.date())

    yield come_back
    standing.clear_cache()


@pytest.mark.parametrize("approved", [True, False])
def test_a_refund_that_waited_is_compared_by_a_second_person_before_it_is_paid(bank, accountants, back, approved):
    first, second = accountants
    refund = waiting(accountants, approved=approved)
    back(LATER + HOUR)
    if not approved:
        refunds.approve(refund, by=second, now=LATER + HOUR)
    for _ in range(2):
        with refused("not_compared"):
            refunds.pay(refund, bank_reference="T1", by=second, now=LATER + HOUR)
    with refused("own_refund"):
        refunds.record_comparison(refund, by=first, now=LATER + HOUR)
    with refused("not_compared"):
        refunds.pay(refund, bank_reference="T1", by=first, now=LATER + HOUR)
    compared = refunds.record_comparison(refund, by=second, now=LATER + HOUR)
    assert (compared.compared_by, compared.compared_at) == (second, LATER + HOUR)
    with refused("nothing_to_compare"):
        refunds.record_comparison(refund, by=second, now=LATER + HOUR)
    assert refunds.pay(refund, bank_reference="T1", by=first, now=LATER + HOUR).state == RefundState.PAID


def test_a_second_restore_asks_again(bank, accountants):
    _first, second = accountants
    refund = waiting(accountants)
    restore(LATER + HOUR)
    refunds.record_comparison(refund, by=second, now=LATER + HOUR)
    restore(LATER + HOUR)
    with refused("not_compared"):
        refunds.pay(refund, bank_reference="T1", by=second, now=LATER + HOUR)
    refunds.record_comparison(refund, by=second, now=LATER + HOUR)
    refunds.pay(refund, bank_reference="T1", by=second, now=LATER + HOUR)


@pytest.mark.parametrize("approved", [True, False])
def test_a_transfer_that_was_found_is_recorded_and_not_made_again(bank, accountants, approved):
    first, second = accountants
    refund = waiting(accountants, approved=approved)
    restore(LATER + HOUR)
    held = ledger.held()
    for wrong in ("", " \u200f", "9" * 61):
        with pytest.raises(Invalid):
            refunds.record_comparison(refund, transfer=wrong, by=second, now=LATER + HOUR)
    assert Refund.objects.get().compared_at is None
    paid = refunds.record_comparison(refund, transfer="T 7", by=second, now=LATER + HOUR)
    assert (paid.state, paid.bank_reference, paid.approved_by) == (RefundState.PAID, "T 7", second)
    assert ledger.held() == held - 700
    with refused("refund_moved"):
        refunds.pay(refund, bank_reference="T8", by=first, now=LATER + HOUR)


def test_one_transfer_is_found_for_one_refund(bank, accountants):
    first, second = accountants
    rows = [refunds.decide(orphan(f"B-{n}"), reason="x", by=first, now=LATER) for n in range(2)]
    restore(LATER + HOUR)
    refunds.record_comparison(rows[0], transfer="T1", by=second, now=LATER + HOUR)
    with refused("transfer_used"):
        refunds.record_comparison(rows[1], transfer="T1", by=second, now=LATER + HOUR)
    left = Refund.objects.get(pk=rows[1].pk)
    assert (left.state, left.compared_at, left.approved_at) == (RefundState.OWED, None, None)


def test_a_refund_decided_afterwards_asks_too_if_its_payment_was_made_before(bank, accountants):
    """Decided, approved and paid after the backup, it is not here at all, and is decided again."""
    first, second = accountants
    item = orphan()
    restore(LATER + HOUR)
    refund = refunds.decide(item, reason="x", by=first, now=LATER + 2 * HOUR)
    refunds.approve(refund, by=second, now=LATER + 2 * HOUR)
    with refused("not_compared"):
        refunds.pay(refund, bank_reference="T1", by=second, now=LATER + 2 * HOUR)


hours = st.integers(-3, 3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paid=hours, told=hours, restored=st.lists(hours, max_size=3), compared_after=st.integers(0, 3))
def test_whenever_it_was_paid_told_and_restored(bank, accountants, paid, told, restored, compared_after):
    """Asked exactly when a restore came after the payment, by either clock, and nobody has compared since."""
    first, second = accountants
    with transaction.atomic():
        item = orphan(at=LATER + paid * HOUR, told=LATER + max(paid, told) * HOUR)
        refund = refunds.decide(item, reason="x", by=first, now=LATER)
        refunds.approve(refund, by=second, now=LATER)
        asked = False
        for turn, hour in enumerate(restored):
            restore(LATER + hour * HOUR)
            asked |= hour >= paid
            if asked and turn < compared_after:
                refunds.record_comparison(refund, by=second, now=LATER)
                asked = False
        assert refunds.is_to_be_compared(refund) is asked
        if asked:
            with refused("not_compared"):
                refunds.pay(refund, bank_reference="T1", by=first, now=LATER)
        else:
            refunds.pay(refund, bank_reference="T1", by=first, now=LATER)
        transaction.set_rollback(True)


def test_the_database_refuses_a_comparison_by_who_decided(bank, accountants):
    first, _second = accountants
    refund = waiting(accountants)
    facts = {"compared_for": restore(LATER), "compared_at": LATER}
    for wrong in ({**facts, "compared_by": first}, facts, {"compared_at": LATER}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.filter(pk=refund.pk).update(**wrong)


@pytest.mark.parametrize(("language", "says"), [("en", "restored from a backup"), ("ar", "نسخة احتياطية")])
def test_accountants_see_it_and_press(bank, accountants, language, says):
    first, second = accountants
    refund = waiting(accountants)
    shown, settle = (reverse(f"staff:billing_refund_{name}", args=[refund.pk]) for name in ("change", "settle"))
    listed = reverse("staff:billing_refund_changelist")

    def page(user, address=shown):
        client = client_of(user)
        client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
        return client.get(address).content.decode()

    assert says not in page(second)
    restore(LATER + HOUR)
    assert says in page(second)
    assert 'value="pay"' not in page(second)
    assert 'value="compare"' not in page(first)
    assert ("to be compared" if language == "en" else "تجب مقارنته") in page(second, listed)
    client_of(first).post(settle, {"press": "compare"})
    client_of(second).post(settle, {"press": "pay", "bank_reference": "T1"})
    client_of(second).post(settle, {"press": "find", "found": ""})
    assert Refund.objects.get().state == RefundState.APPROVED
    client_of(second).post(settle, {"press": "compare"})
    assert 'value="pay"' in page(second)
    client_of(second).post(settle, {"press": "pay", "bank_reference": "T1"})
    assert Refund.objects.get().bank_reference == "T1"


def test_a_bill_that_was_taken_back_after_the_backup_is_not_shown_as_one_to_pay(unpaid, bank):
    """The database came back from before; the bank takes no money for that number any more."""
    case = unpaid()
    bill = bill_of(case)
    bank.bills[bill.number]["state"] = "cancelled"
    upkeep.look_after_bills(LATER + HOUR)
    assert bill_of(case).state == BillState.CANCELLED
    renewed = bills.renew(case, now=LATER + HOUR)
    work_off(LATER + HOUR)
    payment = bank.pay(bill_of(case).number, at=LATER + HOUR)
    assert payment.bill not in ("", bill.number)
    assert renewed.pk == bill_of(case).pk
    receiving.record(payment, source=Source.NOTICE, now=LATER + 2 * HOUR)
    work_off(LATER + 2 * HOUR)
    case.refresh_from_db()
    assert case.status == "approved"


def test_one_that_was_paid_before_it_was_taken_back_is_paid(unpaid, bank):
    case = unpaid()
    bank.pay(bill_of(case).number)
    bank.bills[bill_of(case).number]["state"] = "cancelled"
    upkeep.look_after_bills(LATER + HOUR)
    work_off(LATER + HOUR)
    case.refresh_from_db()
    assert (case.status, bill_of(case).state) == ("approved", BillState.PAID)
