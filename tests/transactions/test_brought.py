"""Whoever holds a receipt of ours whose request is not here is received, with its date, once."""

from __future__ import annotations

import html
import json
from datetime import UTC, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from journal import keys, receipts
from journal.entry import GENESIS, body_of, link
from journal.models import Entry
from transactions.domain import pins
from transactions.domain.references import Reference
from transactions.inquiry import brought
from transactions.inquiry.pin import renew_pin
from transactions.models import BroughtReceipt, Transaction

from ..conftest import NOW
from ..page_forms import forms_of

pytestmark = pytest.mark.django_db
PHONE = "0500000077"


def lost(serial: int, kind: str = "received") -> tuple[str, str]:
    """(reference, token) of a receipt that this node signed and its journal no longer has."""
    reference = str(Reference("C1", "A", 1448, serial))
    facts = {"service": "electricity-connection"}
    body = body_of(kind=kind, subject=reference, facts=facts, node="C1", incarnation="A", seq=serial, at=NOW)
    digest = link(GENESIS, body)
    entry = Entry(previous_hash=GENESIS, signature=keys.signing_key().sign(digest), body=body)
    return reference, receipts.encode_token(entry)


@pytest.fixture
def here(cast, submitted):
    return submitted()


@pytest.mark.parametrize("shape", ["{}", "https://portal.example/verify/{}/", " {} ", "receipt: {}"])
def test_a_signed_receipt_is_taken_in_once_with_its_date(shape, here, client):
    reference, token = lost(77)
    for _twice in range(2):
        typed = {"code": shape.format(token), "phone": PHONE}
        answer = client.post(reverse("transactions:bring_receipt"), typed, follow=True)
        assert reference in answer.content.decode()
    row = BroughtReceipt.objects.get()
    assert (row.reference, row.proof, row.phone) == (reference, "signature", "+966500000077")
    assert row.signed_at == NOW.astimezone(UTC).replace(microsecond=0)
    assert row.token == token


def test_the_verify_page_leads_there_and_says_no_more_than_is_true(here, client):
    _reference, token = lost(78)
    page = client.get(reverse("journal:verify_token", args=[token]))
    said = page.content.decode()
    assert f"{reverse('transactions:bring_receipt')}?code={token}" in said
    assert "يعمل وحده" not in said
    form = client.get(f"{reverse('transactions:bring_receipt')}?code={token}").content.decode()
    assert token in form


def test_number_and_pin_do_too_and_the_signature_may_follow(here, client):
    reference, token = lost(79)
    place = reverse("transactions:bring_receipt")
    assert client.post(place, {"code": reference, "pin": pins.derive_pin(reference), "phone": PHONE}).status_code == 302
    row = BroughtReceipt.objects.get()
    assert (row.proof, row.signed_at) == ("pin", None)
    assert client.post(place, {"code": token, "phone": PHONE}).status_code == 302
    row.refresh_from_db()
    assert (row.proof, row.token) == ("signature", token)


def test_what_is_not_ours_is_refused_and_writes_nothing(here, client):
    reference, token = lost(80)
    place = reverse("transactions:bring_receipt")
    known = receipts.encode_token(Entry.objects.get())
    wrong = {
        "forged": (token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB"), "", 422),
        "a permit": (lost(81, kind="issued")[1], "", 422),
        "known by token": (known, "", 409),
        "known by number": (here.reference, pins.derive_pin(here.reference), 409),
        "wrong PIN": (reference, "00000000" if pins.derive_pin(reference) != "00000000" else "11111111", 422),
        "no number": ("hello", "", 422),
        "empty": ("", "", 422),
    }
    for name, (code, pin, status) in wrong.items():
        answer = client.post(place, {"code": code, "pin": pin, "phone": PHONE})
        assert answer.status_code == status, name
    assert client.post(place, {"code": token, "phone": "12"}).status_code == 422
    assert not BroughtReceipt.objects.exists()


def test_wrong_pins_are_counted_as_at_the_inquiry(here, client):
    reference, _token = lost(82)
    wrong = "00000000" if pins.derive_pin(reference) != "00000000" else "11111111"
    place = reverse("transactions:bring_receipt")
    said = [client.post(place, {"code": reference, "pin": wrong, "phone": PHONE}).status_code for _ in range(6)]
    assert said == [422] * 5 + [429]


def test_the_api_takes_them_in_as_well(here, client):
    reference, token = lost(83)

    def send(**body):
        return client.post("/api/v1/receipts/", json.dumps(body), "application/json")

    answer = send(code=token, phone=PHONE)
    assert (answer.status_code, answer.json()["reference"]) == (201, reference)
    assert send(code=token, phone=PHONE).json() == answer.json()
    assert send(code="x", phone=PHONE).status_code == 422
    assert send(code=token, phone="1").status_code in (400, 422)
    assert send(code=here.reference, pin=pins.derive_pin(here.reference), phone=PHONE).json()["code"] == "known"


def test_staff_see_what_waits_and_settle_it_on_record(here, cast, client, signed_in):
    reference, token = lost(84)
    client.post(reverse("transactions:bring_receipt"), {"code": token, "phone": PHONE})
    row = BroughtReceipt.objects.get()
    clerk, reviewer = signed_in(cast.registry), signed_in(cast.reviewer)
    listed = reverse("staff:transactions_broughtreceipt_changelist")
    page = reverse("staff:transactions_broughtreceipt_change", args=[row.pk])
    assert reference in clerk.get(listed).content.decode()
    assert reviewer.get(listed).status_code == 403
    assert clerk.get(page).status_code == 200
    assert clerk.post(page, {"outcome": "", "now_under": ""}).status_code in (200, 302)
    row.refresh_from_db()
    assert row.settled_at is None
    before = timezone.now() - timedelta(seconds=1)
    assert clerk.post(page, {"outcome": "Taken in anew.", "now_under": here.reference}).status_code == 302
    row.refresh_from_db()
    assert (row.outcome, row.settled_by, row.transaction) == ("Taken in anew.", cast.registry, here)
    assert row.settled_at > before
    assert Transaction.objects.count() == 1


def test_the_answer_is_read_again_and_in_the_other_language(here, client):
    reference, token = lost(83)
    brought = client.post(reverse("transactions:bring_receipt"), {"code": token, "phone": PHONE})
    page = client.get(brought.url)
    button = next(form for form in forms_of(page.content.decode()) if "next" in form.data)
    english = client.post(button.action, button.data | {"language": "en"}, follow=True)
    assert reference in english.content.decode()
    assert english.headers["Content-Language"] == "en"
    stranger = client.get(reverse("transactions:bring_receipt"), {"done": f"{reference}:x:y"})
    assert stranger.templates[0].name == "transactions/hand_in_receipt.html"


def test_whoever_asks_with_the_right_pin_is_told_that_the_request_is_lost_and_what_became_of_it(cast, submitted):
    case = submitted()
    gone = str(Reference("C1", "A", 1448, 77))
    page = Client()
    page.cookies["language"] = "en"

    def told(pin):
        typed = {"reference": gone, "pin": pin}
        answer = page.post("/inquiry/", {"by": "pin", **typed})
        api = page.post("/api/v1/inquiries/", typed, "application/json", headers={"accept-language": "en"})
        assert (answer.status_code, api.status_code) == (404, 404)
        assert api.json()["detail"] in html.unescape(answer.content.decode())
        return api.json()["code"], api.json()["detail"]

    assert told("12345678")[0] == "not_found"
    code, said = told(pins.derive_pin(gone))
    assert code == "receipt_not_here"
    assert "Hand the receipt in" in said
    row = brought.hand_in_receipt(
        code=gone, pin=pins.derive_pin(gone), phone="+966512345678", address="10.0.0.1", now=NOW
    )
    assert "was handed in on 2026-11-24" in told(pins.derive_pin(gone))[1]
    assert told("12345678")[0] == "not_found"
    brought.settle_receipt(row, outcome="x", reference=case.reference, by=cast.registry, now=NOW)
    assert case.reference in told(pins.derive_pin(gone))[1]
    # A request that is here, whose PIN was renewed: the PIN of before opens and tells nothing.
    renew_pin(case, serial=0, by=cast.citizen, now=NOW)
    typed = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    assert page.post("/api/v1/inquiries/", typed, "application/json").json()["code"] == "not_found"


def test_whoever_hands_in_a_receipt_whose_request_is_here_reads_so(here, client):
    typed = {"code": here.reference, "pin": pins.derive_pin(here.reference), "phone": PHONE}
    answer = client.post(reverse("transactions:bring_receipt"), typed)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'role="alert"' in html
    assert "«الاستعلام»" in html, "they are told where to ask"
    assert "data-forget" in html, "no browser keeps the PIN"
