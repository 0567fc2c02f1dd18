"""What reaches us from the bank: signed or refused, once or often, whatever else is going on."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from django.test import Client
from django.urls import reverse

from billing import ledger
from billing.models import Bill, LedgerEntry

from ..conftest import NOW, work_off
from .conftest import LATER, SECRET, bill_of

pytestmark = pytest.mark.django_db


def notice(payment, /, **changed):
    told = {"type": "bill.paid", "biller": "001", "payment": payment.number, "bill": payment.bill,
            "amount": f"{payment.amount / 100:.2f}", "paid_at": payment.paid_at.isoformat(),
            "key": payment.key}  # fmt: skip
    return json.dumps(told | changed).encode()


def send(content, secret=SECRET, **headers):
    signature = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    sent = {"HTTP_X_SIGNATURE": signature} | headers
    client = Client(enforce_csrf_checks=True)
    return client.post(reverse("billing:notices"), content, content_type="application/json", **sent)


def test_a_signed_notice_is_written_down_once(unpaid, bank):
    case = unpaid()
    content = notice(bank.pay(bill_of(case).number))
    answers = [send(content) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.json()["notice"] for answer in answers] == ["received", "known", "known"]
    work_off(LATER)
    case.refresh_from_db()
    assert case.status == "approved"
    assert ledger.held() == bill_of(case).amount


@pytest.mark.parametrize("signature", ["", "x", "0" * 64, "é"])
def test_what_the_bank_did_not_sign_is_not_read(unpaid, bank, signature):
    content = notice(bank.pay(bill_of(unpaid()).number))
    assert send(content, HTTP_X_SIGNATURE=signature).status_code == 401
    assert send(content, secret="another").status_code == 401
    of_another = hmac.new(SECRET.encode(), content, "sha256").hexdigest()
    assert send(content + b" ", HTTP_X_SIGNATURE=of_another).status_code == 401
    assert not LedgerEntry.objects.exists()


def test_without_a_secret_nothing_is_signed(unpaid, bank, settings):
    content = notice(bank.pay(bill_of(unpaid()).number))
    settings.BANK_SECRETS = []
    assert send(content, secret="").status_code == 401


def test_while_the_secret_changes_both_are_good(unpaid, bank, settings):
    content = notice(bank.pay(bill_of(unpaid()).number))
    settings.BANK_SECRETS = ["n" * 40, SECRET]
    assert send(content).status_code == 200
    assert send(content, secret="n" * 40).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "0"}, {"amount": "-5"}, {"amount": "1.001"}, {"amount": None}, {"amount": {}}, {"amount": "NaN"},
        {"paid_at": "2026-11-24"}, {"paid_at": "2026-11-24T10:00:00"}, {"paid_at": "x"}, {"payment": ""},
        {"payment": "9" * 51}, {"payment": "a\0b"}, {"bill": ""}, {"bill": "9" * 41}, {"type": None, "payment": None},
        {"payment": "a\ud800b"}, {"bill": "\udfff"}, {"key": "\ud83d"}, {"paid_at": "0001-01-01T00:00:00+14:00"},
        {"paid_at": "9999-12-31T23:59:59-12:00"}, {"type": "bill.expired", "bill": "a\0"},
        {"type": "bill.expired", "bill": "\ud800"}, {"more": "\ud800"},
    ],
)  # fmt: skip
def test_what_is_no_payment_is_refused_and_nothing_is_written(unpaid, bank, changed):
    content = notice(bank.pay(bill_of(unpaid()).number), **changed)
    assert send(content).status_code == (200 if changed.get("type", "") is None else 400)
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b"\xff", b'"x"', b'{"type": "bill.paid"}', b"[" * 60_000]
)
def test_what_is_no_notice_is_refused(bank, content, city):
    assert send(content).status_code in (400, 401)
    assert not LedgerEntry.objects.exists()


def test_a_notice_of_another_biller_and_one_that_is_too_long_are_refused(unpaid, bank):
    payment = bank.pay(bill_of(unpaid()).number)
    assert send(notice(payment, biller="002")).status_code == 422
    assert send(notice(payment, more="x" * 70_000)).status_code == 413
    assert not LedgerEntry.objects.exists()


def test_whatever_else_is_told_of_a_bill_has_us_ask(unpaid, bank):
    bill = bill_of(unpaid())
    payment = bank.pay(bill.number)
    assert send(notice(payment, type="bill.expired")).status_code == 200
    assert Bill.objects.get(pk=bill.pk).asked_at > NOW
    assert not LedgerEntry.objects.exists()


def test_it_takes_posts_alone(client, city):
    assert client.get(reverse("billing:notices")).status_code == 405
