"""Small things met everywhere: what is kept, how a mobile is written, languages, what every site answers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.forms import MobileField
from accounts.identity import clean_any_mobile
from core.templatetags.portal import mobile
from transactions.domain import service_types
from transactions.incidents import memory
from transactions.intake import drafts
from transactions.intake.draft_parts import DOCUMENTS, parts_of

from ..answers import ANSWERS
from ..conftest import NOW

KEPT = "ما أدخلته باقٍ في هذه الصفحة."
ARABIC = re.compile("[\u0600-\u06ff]")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("account_login", {"login": "1000000008", "password": "wrong-password"}),
        ("account_login", {"login": "", "password": ""}),
        ("transactions:inquiry", {"by": "pin", "reference": "C1A-1448-000001-1", "pin": "000000"}),
        ("account_change_password", {"oldpassword": "x", "password1": "y", "password2": "z"}),
        ("account_reauthenticate", {"password": "wrong"}),
    ],
)
def test_no_form_with_a_secret_says_it_is_kept(page, typed, cast, signed_in):
    needs_nobody = page in ("account_login", "transactions:inquiry")
    client = Client() if needs_nobody else signed_in(cast.citizen)
    shown = client.post(reverse(page), typed).content.decode()
    assert "notice--error" in shown
    assert KEPT not in shown


@pytest.mark.django_db
def test_other_forms_say_it_still(cast, signed_in):
    assert (
        KEPT
        in signed_in(cast.citizen).post(reverse("accounts:profile"), {"email": "x", "language": "ar"}).content.decode()
    )


@pytest.mark.django_db
def test_a_password_can_be_shown_in_words_of_the_reader(client, city):
    page = client.get(reverse("account_login")).content.decode()
    assert "show-password.js" in page
    assert ARABIC.search(re.search(r'data-show-label="([^"]+)"', page)[1])
    assert "show-password.js" not in client.get(reverse("transactions:help")).content.decode()


@given(st.from_regex(r"\A\+9665[0-9]{8}\Z"))
def test_a_saudi_mobile_is_shown_as_it_is_typed_and_reads_back(number):
    assert re.fullmatch(r"05[0-9]{8}", mobile(number))
    assert clean_any_mobile(mobile(number)) == number
    assert not MobileField().has_changed(number, mobile(number))


@pytest.mark.parametrize("number", ["+96550012345", "+971501234567", "+447911123456", "", "—"])
def test_other_mobiles_stay_as_they_are(number):
    assert mobile(number) == number


@pytest.mark.django_db
def test_the_profile_shows_the_mobile_as_forms_ask_for_it(cast, signed_in):
    page = signed_in(cast.citizen).get(reverse("accounts:profile")).content.decode()
    assert mobile(cast.citizen.phone) in page
    assert cast.citizen.phone not in page


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(ANSWERS))
def test_the_task_list_names_no_number_of_documents_that_may_change(code, cast):
    """Whatever is answered so far, a number in all that is named is the one of the end."""
    service = service_types.get(code)
    answers = ANSWERS[code]
    end = len([document for document in service.documents_for(answers) if document.least])
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen, now=NOW)
    draft.service = code
    names = [spec.name for step in service.steps for spec in step.fields]
    for known in range(len(names) + 1):
        draft.answers = {name: answers[name] for name in names[:known] if name in answers}
        (part,) = [part for part in parts_of(draft) if part.code == DOCUMENTS]
        figures = re.findall(r"\d+", part.summary)
        assert not figures or int(figures[-1]) == end, (known, part.summary)


REFUSED = [
    ("post", "/api/v1/inquiries/", "{", 400),
    ("post", "/api/v1/inquiries/", "[" * 50 + "]" * 50, 400),
    ("post", "/api/v1/inquiries/", "{}", 400),
    ("post", "/api/v1/inquiries/", '{"reference": "C1A-1448-000001-1", "pin": "1"}', 404),
    ("post", "/api/v1/transactions/", '{"service": "nothing"}', 400),
    ("post", "/api/v1/transactions/", "{}", 400),
    ("get", "/api/v1/transactions/C1A-1448-000001-1/", "", 404),
    ("delete", "/api/v1/services/", "", 405),
    ("get", "/api/v1/nowhere/", "", 404),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_the_api_refuses_in_the_language_asked_for(method, path, body, status, cast, signed_in):
    client = signed_in(cast.citizen)
    said = {}
    for language in ("ar", "en"):
        answer = getattr(client, method)(
            path, *([body] if body else []), content_type="application/json", headers={"Accept-Language": language}
        )
        assert answer.status_code == status
        found = answer.json()
        said[language] = [found["detail"], *(error["message"] for error in found.get("errors", []))]
    assert all(ARABIC.search(text) for text in said["ar"]), said["ar"]
    assert not any(ARABIC.search(text) for text in said["en"]), said["en"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "language"),
    [("ar-SA", "ar"), ("en-GB,ar;q=0.5", "en"), ("en;q=0.1, ar", "ar"), ("fr, en;q=0.4, ar;q=0.2", "en"), ("fr", "ar")],
)
def test_the_language_a_program_likes_best(header, language, client):
    assert client.get("/api/v1/nowhere/", headers={"Accept-Language": header})["Content-Language"] == language


@pytest.mark.django_db
def test_what_every_site_answers(client, city, settings):
    settings.SECURITY_CONTACT, settings.PORTAL_URL = "holes@jeddah.gov.sa", "https://portal.jeddah.gov.sa"
    assert client.get("/favicon.ico").url.startswith("/static/img/mark")
    robots = client.get("/robots.txt").content.decode()
    assert "Disallow: /requests/" in robots
    assert "Sitemap: https://portal.jeddah.gov.sa/sitemap.xml" in robots
    places = [found.text for found in ElementTree.fromstring(client.get("/sitemap.xml").content).iter() if found.text]  # noqa: S314
    for place in places:
        assert client.get(place.removeprefix("https://portal.jeddah.gov.sa")).status_code == 200
    told = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").content.decode().splitlines())
    assert told["Contact"] == "mailto:holes@jeddah.gov.sa"
    until = datetime.fromisoformat(told["Expires"].replace("Z", "+00:00"))
    assert timedelta() < until - timezone.now() < timedelta(days=365)
    settings.SECURITY_CONTACT = "https://jeddah.gov.sa/holes"
    assert "Contact: https://jeddah.gov.sa/holes\n" in client.get("/.well-known/security.txt").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sought", "count"),
    [("", 8), ("الرمز السري", 1), ("ملفي", 0), ("pin", 1), ("PDF", 1), ("NOTARY", 1), ("\u200fالايصال", 1), ("qqq", 0)],
)
def test_the_help_is_searched_by_folded_words_and_asks_no_session(sought, count, client, django_assert_num_queries):
    memory.known()  # incidents and gates, as each process remembers them
    with django_assert_num_queries(0):
        answer = client.get(reverse("transactions:help"), {"q": sought})
    titles = re.findall('class="topic"', answer.content.decode())
    assert len(titles) == 8 if count == 8 else (len(titles) >= 1) == bool(count)
    assert not Session.objects.exists()
