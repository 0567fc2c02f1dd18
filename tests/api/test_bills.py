"""The bill of a fee in the API: how it stands, and a new one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import upkeep
from billing.domain.states import BillState
from billing.models import Bill
from transactions.models import Outbox

from ..billing.conftest import bank, bill_of, unpaid
from ..conftest import work_off
from ..portal.world import client_of

pytestmark = pytest.mark.django_db
__all__ = ["bank", "unpaid"]


def address(case):
    return f"/api/v1/transactions/{case.reference}/bill/"


def test_a_bill_is_read_and_a_new_one_asked_for_when_it_has_ended(bank, unpaid, cast):
    case = unpaid()
    client, first = client_of(cast.citizen), bill_of(case)
    read = client.get(address(case)).json()
    assert read == client.get(f"/api/v1/transactions/{case.reference}/").json()["fee"]["bill"]
    assert (read["number"], read["state"], read["amount"]) == (first.number, "issued", f"{first.amount / 100:.2f}")
    again = client.post(address(case))
    assert (again.status_code, again.json()["number"]) == (200, first.number), "what can be paid stays"
    Bill.objects.filter(pk=first.pk).update(state=BillState.EXPIRED, ended_at=timezone.now())
    assert client.get(address(case)).json()["state"] == "expired"
    new = [client.post(address(case)).json() for _twice in range(2)]
    assert new[0] == new[1]
    assert (new[0]["state"], new[0]["number"] == first.number) == ("issuing", False)
    assert Outbox.objects.filter(kind="bill_issue", state="owed").count() == 1
    work_off(timezone.now() + timedelta(seconds=1))
    assert client.get(address(case)).json()["state"] == "issued"


def test_where_nothing_is_owed_there_is_no_bill(bank, submitted, cast):
    case = submitted("building-permit")
    client = client_of(cast.citizen)
    assert client.get(address(case)).status_code == 404
    refused = client.post(address(case))
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_due")
    assert not Bill.objects.exists()


def test_who_may(bank, unpaid, cast):
    """Whoever sees the case reads it; only the applicant's side asks for a new one."""
    case = unpaid()
    Bill.objects.update(state=BillState.EXPIRED, ended_at=timezone.now())
    for who, sees, asks in (
        (cast.other_citizen, 404, 404), (cast.reviewer, 200, 404), (cast.citizen, 200, 200)
    ):  # fmt: skip
        assert client_of(who).get(address(case)).status_code == sees
        assert client_of(who).post(address(case)).status_code == asks
    assert Bill.objects.count() == 2


def test_a_paid_bill_says_so(bank, unpaid, cast):
    case = unpaid()
    bank.pay(bill_of(case).number)
    upkeep.look_after_bills(timezone.now() + timedelta(days=1))
    work_off(timezone.now() + timedelta(days=1))
    assert client_of(cast.citizen).get(address(case)).json()["state"] == "paid"
    assert client_of(cast.citizen).post(address(case)).status_code == 409
