"""What an attacker or a broken client sends to pages: nothing ends in a 500, and nothing is written."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from core.text import prose
from jeddah_portal.application import application
from transactions.models import Draft, Transaction

from ..conftest import drive, stored
from ..pace import within
from .test_pages import steps_of

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

NASTY = [
    *("\x00", "a\x00b", "\ufffd", "\u202e\u2066", "-1", "1e309", "NaN", "' OR 1=1 --", "ا" * 5000),
    # Numbers: longer than a column of either database, than a float, than Python reads.
    *("9" * 20, "9" * 400, "9" * 5000),
    *("<script>alert(1)</script>", "../../etc/passwd", "%00", "🏠"),
]


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text)[:20])
def test_pages_bear_what_is_typed_into_them(text, cast, submitted, signed_in, client):
    case = drive(submitted(), cast, "under_study")
    before = stored(case)
    citizen, reviewer, engineer = signed_in(cast.citizen), signed_in(cast.reviewer), signed_in(cast.engineer)
    supervisor, administrator, clerk = signed_in(cast.supervisor), signed_in(cast.administrator), signed_in(cast.clerk)
    known = {"national_id": cast.other_citizen.national_id, "full_name": "x", "phone": cast.other_citizen.phone}
    awaits_code = Client()
    assert awaits_code.post(reverse("accounts:first"), known).url == reverse("accounts:code")
    asked = [
        client.get(reverse("journal:verify"), {"code": text}),
        client.post(reverse("transactions:inquiry"), {"reference": text, "pin": text}),
        client.post(
            reverse("transactions:inquiry"),
            {"by": "incoming", "office": text, "number": text, "hijri_year": text, "last_four": text},
        ),
        # Of an office there is, so that the rest is looked up.
        client.post(
            reverse("transactions:inquiry"),
            {"by": "incoming", "office": "SHR", "number": text, "hijri_year": text, "last_four": text},
        ),
        client.post(reverse("account_login"), {"login": text, "password": text}),
        client.post(reverse("accounts:first"), {"national_id": text, "full_name": text, "phone": text}),
        awaits_code.post(reverse("accounts:code"), {"code": text, "password": text}),
        citizen.get(reverse("transactions:requests"), {"page": text}),
        citizen.get(reverse("transactions:notices"), {"page": text}),
        citizen.post(reverse("accounts:profile"), {"email": text, "language": text}),
        citizen.post(
            reverse("accounts:authorisations"), {"licence_number": text, "plan_number": text, "parcel_number": text}
        ),
        engineer.get(reverse("transactions:office"), {"q": text, "page": text, "show": text}),
        engineer.post(reverse("transactions:start", args=["building-permit"]), {"authorisation": text}),
        reviewer.get(reverse("staff:index"), {"q": text, "service": text, "show": text, "page": text}),
        reviewer.get(reverse("staff:transactions_transaction_changelist"), {"q": text, "p": text}),
        reviewer.post(reverse("staff:move", args=[case.reference, "return"]), {"version": text, "deficiency": [text]}),
        reviewer.post(
            reverse("staff:move", args=[case.reference, "return"]), {"version": case.version, "deficiency": [text]}
        ),
        reviewer.post(
            reverse("staff:move", args=[case.reference, "refer"]),
            {"version": case.version, "to": text, "reason": text},
        ),
        reviewer.get(reverse("staff:case", args=[case.reference]), {"file": text, "page": text}),
        reviewer.post(reverse("staff:note", args=[case.reference]), {"text": "", "to": text}),
        supervisor.get(reverse("staff:supervision"), {"person": text, "show": text, "page": text}),
        supervisor.get(reverse("staff:supervision"), {"sort": text, "office": text, "age": text, "stage": text}),
        supervisor.post(reverse("staff:bulk_look"), {"case": [text], "move": text, "to": text, "from": text}),
        supervisor.post(
            reverse("staff:bulk_look"),
            {"everything": text, "move": "reassign", "to": text, "from": f"/staff/?q={text}"},
        ),
        supervisor.post(reverse("staff:save_filter"), {"name": text, "office": text, "from": f"/staff/?q={text}"}),
        supervisor.get(reverse("staff:export"), {"from": text, "format": text}),
        supervisor.get(reverse("staff:export"), {"from": f"/staff/?sort={text}&q={text}", "format": "csv"}),
        reviewer.get(reverse("staff:next_case", args=[case.reference]), {"from": f"/staff/?sort={text}&q={text}"}),
        citizen.get(reverse("transactions:timeline", args=[case.reference]), {"seen": text}),
        administrator.get(f"/staff/transactions/transaction/{quote(text, safe='')}/change/"),
        supervisor.post(
            reverse("staff:move", args=[case.reference, "reassign"]), {"version": case.version, "to": text}
        ),
        administrator.get(reverse("staff:municipality_office_changelist"), {"q": text, "kind__exact": text}),
        clerk.post(
            reverse("staff:counter"),
            {"national_id": text, "full_name": text, "phone": text, "service": text, "centre": text, "seen": "on"},
        ),
    ]
    assert [answer.status_code for answer in asked if answer.status_code >= 500] == []
    assert awaits_code.get(reverse("accounts:code")).status_code == 200, "it was asked for the code all the while"
    assert stored(case) == before


@pytest.mark.parametrize("text", ["", " ", *NASTY], ids=lambda text: ascii(text)[:20])
def test_a_reason_to_withdraw_is_kept_as_it_was_typed_or_refused(text, cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    before = stored(case)
    answer = signed_in(cast.citizen).post(reverse("transactions:withdraw", args=[case.reference]), {"reason": text})
    if answer.status_code == 302:
        case.refresh_from_db()
        assert (case.status, case.events.latest("seq").reason) == ("withdrawn", prose(text))
    else:
        assert answer.status_code == (400 if "\0" in text else 422)
        assert stored(case) == before


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text)[:20])
def test_drafts_keep_or_refuse_what_is_typed_and_never_break(text, cast, signed_in):
    page = signed_in(cast.citizen)
    for code in ("electricity-connection", "land-subdivision"):
        url = page.post(reverse("transactions:start", args=[code])).url
        draft = Draft.objects.latest("pk")
        for step in steps_of(code):
            fields = next(s for s in draft.service_type.steps if s.code == step).fields
            typed = {field.name: text for field in fields}
            typed |= {"parts-0-area_m2": text, "parts-0-street": text, "parts-99999-street": text, "add_row": text}
            borne = (400,) if "\0" in text else (200, 302, 422)
            assert page.post(f"{url}{step}/", typed).status_code in borne
            assert page.post(f"{url}{step}/", typed | {"remove_row": f"parts-{text}"}).status_code in borne
            assert page.get(f"{url}{step}/").status_code == 200
        assert page.get(url).status_code == 200
        assert page.get(reverse("transactions:check", args=[draft.key])).status_code == 200
        assert page.post(reverse("transactions:check", args=[draft.key])).status_code in (302, 422)
    assert Transaction.objects.count() == 0


@pytest.mark.parametrize("who", ["", "citizen", "reviewer", "administrator"])
def test_what_is_no_text_is_refused_before_any_page_looks_at_it(who, cast, signed_in, client):
    if who:
        client = signed_in(getattr(cast, who))
    pages = [
        "/",
        "/inquiry/",
        "/requests/",
        "/staff/",
        "/staff/transactions/transaction/",
        "/api/v1/services/",
        "/none/",
    ]
    for page in pages:
        for query in ("q=%00", "%00=1", "q=a&q=b%00c&page=%00"):
            answer = client.get(f"{page}?{query}", headers={"accept-language": "en"})
            assert answer.status_code == 400, (page, query)
            assert answer.headers["Content-Type"].startswith(
                "application/problem+json" if page.startswith("/api/") else "text/html"
            )
        assert client.get(page + "%00/").status_code == 400
        assert client.get(page, HTTP_COOKIE='sessionid="\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"').status_code == 400
    for page in ("/inquiry/", "/accounts/login/", "/first/"):
        assert client.post(page, {"reference": "a\0"}).status_code == 400
        assert client.post(page, {"a\0": "b"}).status_code == 400
        assert client.post(page, "pin=%00", content_type="application/x-www-form-urlencoded").status_code == 400


@pytest.mark.parametrize("claimed", ["charset=rot13", "charset=utf-16", "x*=rot13''%ff", "charset=", 'boundary="'])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"])
def test_text_is_utf_8_whatever_a_request_claims(kind, claimed, db, monkeypatch, client):
    monkeypatch.setattr("django.test.client.WSGIRequest", application.request_class)
    for page in ("/", "/inquiry/", "/api/v1/services/", "/api/v1/inquiries/", "/language/"):
        for method in ("GET", "POST"):
            answer = client.generic(method, page, b"by=pin", f"{kind}; {claimed}", QUERY_STRING="q=%d8%a7&" * 1100)
            assert answer.status_code < 500, (method, page)


# Each ended in a 500, or in half a minute of work, when bin/fuzz first sent it: (method, address, fields).
FOUND = [
    ("GET", "/staff/municipality/district/?pk__in=" + "9" * 400, {}),
    ("GET", "/staff/municipality/district/%e2%80%ae/history/", {}),
    ("GET", "/staff/municipality/district/1/history/x/", {}),
    ("POST", "/staff/municipality/holiday/1/history/1/", {"_popup": "1"}),
    ("POST", "/staff/accounts/staffpost/add/", {"user": "undefined", "office": "9" * 400}),
    ("POST", "/staff/transactions/outbox/", {"action": "try_again", "_selected_action": "1448/13/99"}),
    ("POST", "/staff/accounts/engineeringoffice/add/", {"memberships-TOTAL_FORMS": "99999999999"}),
    ("OPTIONS", "/staff/accounts/user/1/delete/?_to_field=", {}),
    ("OPTIONS", "/api/v1/docs/", {}),
]


@pytest.mark.parametrize(("method", "address", "fields"), FOUND, ids=lambda value: str(value)[:50])
def test_what_the_fuzz_found_stays_mended(method, address, fields, cast, signed_in):
    page = signed_in(cast.administrator)
    began = time.process_time()
    answer = page.post(address, fields) if method == "POST" else page.generic(method, address)
    assert answer.status_code < 500
    seconds = time.process_time() - began
    assert within(2, seconds)
