"""What payers and accountants see, and what they can press."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Delegation
from billing import bills, receiving
from billing.domain.states import Outcome, RefundState, Source
from billing.models import Bill, LedgerEntry, OpenItem, Refund, Settlement
from billing.receiving import BankPayment
from municipality.models import Office
from transactions.models import Notification
from transactions.notifications.messages import write_message
from transactions.selectors.search import search_cases
from transactions.transitions import moves

from ..accounts.delegating import fresh, record
from ..conftest import work_off
from ..portal.world import client_of
from .conftest import LATER, bill_of

pytestmark = pytest.mark.django_db


def page(user, case, **headers):
    return client_of(user).get(reverse("transactions:request", args=[case.reference]), **headers).content.decode()


@pytest.fixture
def waiting(unpaid):
    """Its days are those of now, as the pages ask."""
    case = unpaid()
    today = timezone.localdate()
    Bill.objects.update(due_on=today, expires_on=today + timedelta(days=3))
    return case


def test_the_page_shows_what_to_pay_by_and_the_slip_the_same(waiting, cast, client):
    bill = bill_of(waiting)
    html = page(cast.citizen, waiting)
    for group in bill.in_groups.split():
        assert f"<span>{group}</span>" in html
    assert reverse("billing:slip", args=[waiting.reference]) in html
    slip = client_of(cast.citizen).get(reverse("billing:slip", args=[waiting.reference]))
    assert f"<span>{bill.in_groups.split()[0]}</span>" in slip.content.decode()
    assert client_of(cast.other_citizen).get(reverse("billing:slip", args=[waiting.reference])).status_code == 404


def test_staff_see_the_number_of_the_bill_on_the_case(waiting, cast):
    html = client_of(cast.registry).get(reverse("staff:case", args=[waiting.reference])).content.decode()
    assert bill_of(waiting).in_groups in html


def test_nothing_is_asked_for_once_it_is_paid(waiting, cast):
    moves.record_payment(waiting, payment_reference="7001", by=cast.registry, now=LATER)
    assert 'class="bill"' not in page(cast.citizen, waiting)
    slip = client_of(cast.citizen).get(reverse("billing:slip", args=[waiting.reference]))
    assert slip.status_code == 302


@pytest.mark.parametrize("state", ["expired", "failed", "cancelled"])
def test_a_bill_that_ended_is_renewed_by_whoever_owes_it(waiting, cast, state):
    Bill.objects.update(state=state, ended_at=LATER)
    address = reverse("billing:renew", args=[waiting.reference])
    assert address in page(cast.citizen, waiting)
    assert client_of(cast.registry).post(address).status_code == 404
    for _twice in range(2):
        assert client_of(cast.citizen).post(address).status_code == 302
    assert Bill.objects.count() == 2
    assert bill_of(waiting).state == "issuing"


def test_a_delegate_gets_a_new_bill_by_a_paper_that_lets_them_file(waiting, cast):
    Bill.objects.update(state="expired", ended_at=LATER)
    row = record(cast, Office.objects.get(code="SC01"), operations=["answer", "withdraw", "receive"])
    address = reverse("billing:renew", args=[waiting.reference])
    agent = fresh(cast.other_citizen)
    assert f'action="{address}"' not in page(agent, waiting)
    assert client_of(agent).post(address).status_code == 404
    assert Bill.objects.count() == 1
    Delegation.objects.filter(pk=row.pk).update(operations=["file"])
    agent = fresh(cast.other_citizen)
    assert f'action="{address}"' in page(agent, waiting)
    assert client_of(agent).post(address).status_code == 302
    assert Bill.objects.count() == 2


def test_while_the_bank_does_not_confirm_the_page_says_so(waiting, cast):
    Bill.objects.update(state="issuing", created_at=timezone.now() - timedelta(hours=1))
    html = page(cast.citizen, waiting)
    assert "نواصل المحاولة" in html
    assert 'class="bill__number"' not in html


def test_where_no_centre_takes_money_no_page_says_so(waiting, cast, settings):
    at_centre = "في أي مركز خدمات برقم المعاملة"
    assert at_centre in page(cast.citizen, waiting)
    settings.PAY_AT_CENTRES = False
    assert at_centre not in page(cast.citizen, waiting)


def test_the_message_of_the_approval_names_the_bill(waiting, cast):
    notice = Notification.objects.get(event__transaction=waiting, event__move="approve", recipient=cast.citizen)
    assert bill_of(waiting).number in write_message(notice, with_points=True).text
    bills.cancel(bill_of(waiting), LATER)
    assert bill_of(waiting).number not in write_message(notice, with_points=True).text


def test_a_case_is_found_by_its_bill_however_it_is_typed(waiting):
    bill = bill_of(waiting)
    for typed in (bill.number, bill.in_groups):
        assert type(waiting).objects.filter(search_cases(typed)).get() == waiting


def press(user, row, **typed):
    name = f"staff:billing_{type(row)._meta.model_name}"
    answer = client_of(user).post(reverse(f"{name}_settle", args=[row.pk]), typed)
    assert answer.status_code in (302, 403)
    shown = client_of(user).get(reverse(f"{name}_change", args=[row.pk]))
    return answer.status_code, shown.status_code


def test_accountants_settle_by_presses_and_others_do_not(waiting, accountants, cast):
    first, second = accountants
    receiving.record(BankPayment("B-1", "1000000099999", 700, LATER), source=Source.NOTICE, now=LATER)
    work_off(LATER)
    item = OpenItem.objects.get()
    for other in (cast.registry, cast.supervisor, cast.administrator, cast.citizen):
        status = client_of(other).post(reverse("staff:billing_openitem_settle", args=[item.pk]), {"press": "take"})
        assert status.status_code in (302, 403)
    assert OpenItem.objects.get().owner is None
    assert press(first, item, press="take") == (302, 200)
    assert OpenItem.objects.get().owner == first
    press(first, item, press="refund", reason="")
    assert not Refund.objects.exists()
    press(first, item, press="refund", reason="nobody's")
    refund = Refund.objects.get()
    press(first, refund, press="approve")
    assert Refund.objects.get().state == RefundState.OWED
    press(second, refund, press="approve")
    press(second, refund, press="pay", bank_reference="T-1")
    press(second, refund, press="pay", bank_reference="T-2")
    assert Refund.objects.get().bank_reference == "T-1"
    assert OpenItem.objects.get().outcome == Outcome.REFUND


def test_the_lists_of_money_open_and_are_searched(waiting, accountants, cast):
    receiving.record(BankPayment("B-1", "1000000099999", 700, LATER), source=Source.NOTICE, now=LATER)
    work_off(LATER)
    bill = bill_of(waiting)
    client = client_of(accountants[0])
    for model, sought in (("bill", bill.in_groups), ("ledgerentry", "B-1"), ("openitem", "B-1"), ("refund", "B-1")):
        for query in ("", f"?q={sought}"):
            assert client.get(f"/staff/billing/{model}/{query}").status_code == 200
    assert bill.in_groups in client.get(f"/staff/billing/bill/?q={bill.number}").content.decode()
    assert bill.in_groups not in client.get("/staff/billing/bill/?q=1000000099999").content.decode()
    assert client_of(cast.registry).get("/staff/billing/bill/").status_code == 403


def test_a_settlement_file_is_uploaded_and_a_wrong_one_is_refused(waiting, accountants):
    client = client_of(accountants[0])

    def upload(text):
        sent = {"day": "2026-11-24", "content": SimpleUploadedFile("day.csv", text.encode())}
        return client.post("/staff/billing/settlement/add/", sent)

    assert upload("payment,bill\n").status_code == 200
    assert not Settlement.objects.exists()
    head = "payment,bill,amount,paid_at,key\n"
    line = f"SAD1,{bill_of(waiting).number},7.00,2026-11-24T18:00:00+03:00,k\n"
    assert upload(f"{head}{line}total,1,7.00,,\n").status_code == 302
    assert Settlement.objects.get().uploaded_by == accountants[0]
    assert LedgerEntry.objects.get(kind="received").source == Source.SETTLEMENT
