"""Back from the bank: what was paid shows on the next page; what was not is said so, and nothing is asked twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import ledger, upkeep
from billing.models import Bill
from transactions.models import FeeDue, Outbox

from ..conftest import work_off
from ..portal.world import client_of
from .conftest import bill_of

pytestmark = pytest.mark.django_db


def comes_back(user, case):
    client = client_of(user)
    client.cookies["language"] = "en"
    answer = client.get(reverse("billing:returned", args=[case.reference]), follow=True)
    return answer.content.decode() if answer.status_code == 200 else answer.status_code


@pytest.fixture
def asked_long_ago(unpaid):
    case = unpaid()
    Bill.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    return case


def test_what_was_paid_is_paid_on_the_next_page_and_once(bank, asked_long_ago, cast):
    case = asked_long_ago
    bank.pay(bill_of(case).number, at=timezone.now())
    assert "The fee is paid." in comes_back(cast.citizen, case)
    assert "The fee is paid." in comes_back(cast.citizen, case)
    work_off(timezone.now() + timedelta(seconds=1))
    assert ledger.held() == ledger.applied_to(FeeDue.objects.get()) == bill_of(case).amount
    assert not Outbox.objects.filter(kind="payment_apply").exclude(state="done").exists()


@pytest.mark.parametrize("away", [True, False])
def test_what_is_not_known_yet_is_said_so(bank, asked_long_ago, cast, away):
    bank.away = away
    if away:
        bank.pay(bill_of(asked_long_ago).number)
    page = comes_back(cast.citizen, asked_long_ago)
    assert "do not pay again" in page
    assert "The fee is paid." not in page
    assert FeeDue.objects.get().paid_at is None


def test_the_bank_is_not_asked_by_every_press(bank, asked_long_ago, cast):
    bank.calls.clear()
    for _press in range(5):
        comes_back(cast.citizen, asked_long_ago)
    assert [method for method, _path in bank.calls] == ["GET"]


def test_only_the_applicants_side_has_the_bank_asked(bank, asked_long_ago, cast):
    bank.calls.clear()
    assert comes_back(cast.other_citizen, asked_long_ago) == 404
    assert comes_back(cast.reviewer, asked_long_ago) != 404
    assert bank.calls == []
    assert upkeep.ask_now(asked_long_ago, timezone.now()) is False
    assert len(bank.calls) == 1
