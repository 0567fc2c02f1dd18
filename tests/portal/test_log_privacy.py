"""Whatever people type, wherever they type it: the web's log lines do not name them."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from django.http import Http404, HttpRequest
from django.test import Client
from django.urls import include, path, reverse

from accounts.models import User
from transactions.models import Transaction

from ..conftest import ANSWERS, national_id

PERSON = {
    "name": "خلود عبدالمحسن الشمري",
    "latin": "Kholoud Alshammari",
    "national_id": national_id(424_242),
    "phone": "0555123987",
    "abroad": "+966555123987",
    "email": "kholoud@post.example",
    "deed": "320211998877",
    "pin": "48151623",
    "grouped": "4815 1623",
    "eastern": "٤٨١٥١٦٢٣",
}


def fails(request: HttpRequest, kind: str, text: str) -> None:
    """Errors as they really come about, each with what was typed in what it says."""
    match kind:
        case "key":
            raise KeyError(text)
        case "number":
            float(f"x {text}")
        case "database":
            with transaction.atomic():
                User.objects.create(national_id=PERSON["national_id"], full_name=text)
        case _gone:
            raise Http404(text)


urlpatterns = [path("fails/<str:kind>/<str:text>/", fails), path("", include("jeddah_portal.urls"))]
handler500 = "jeddah_portal.views.server_error"


def nothing_of_them_in(said: str) -> None:
    found = {name for name, text in PERSON.items() for part in (text, *text.split()) if len(part) > 4 and part in said}
    assert not found
    assert "\\\\u0" not in said, "Arabic, written as escapes"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["key", "number", "database", "gone"])
def test_an_error_says_where_it_was_and_not_whose_request(kind, lines, settings, city):
    settings.ROOT_URLCONF = __name__
    User.objects.create_user(PERSON["national_id"], full_name=PERSON["name"], phone=PERSON["abroad"])
    for text in PERSON.values():
        client = Client(raise_request_exception=False)
        answer = client.get(f"/fails/{kind}/{text}/", {"q": text})
        assert answer.status_code == (404 if kind == "gone" else 500)
    said = [line for line in lines() if line["name"] == "django.request"]
    assert len(said) == len(PERSON)
    assert all("/fails/<str:kind>/<str:text>/" in line["message"] for line in said)
    if kind != "gone":
        assert all("in fails" in line["exc_info"] for line in said)
    nothing_of_them_in(json.dumps(lines(), ensure_ascii=False))


@pytest.mark.django_db
def test_what_is_typed_into_addresses_forms_and_the_api_is_not_in_the_log(lines, cast, signed_in, submitted):
    case = submitted()
    page, stranger = signed_in(cast.citizen), Client(enforce_csrf_checks=True)
    for text in PERSON.values():
        assert page.get(f"/nowhere/{text}/", {"q": text}).status_code == 404
        assert page.get(reverse("transactions:request", args=[text]), {"q": text}).status_code == 404
        assert stranger.post(reverse("transactions:inquiry") + f"?q={text}", {"reference": text}).status_code == 403
        page.post(reverse("transactions:inquiry"), {"reference": case.reference, "pin": text})
        answers = ANSWERS["electricity-connection"] | dict.fromkeys(("street", "meters", "district"), text)
        body = {"service": "electricity-connection", "answers": answers, "attachments": {}}
        answer = page.post("/api/v1/transactions/", body, "application/json", headers={"idempotency-key": "a" * 8})
        assert answer.status_code == 422
        assert page.get(f"/api/v1/transactions/{text}/", {"q": text}).status_code == 400
    assert signed_in(cast.other_citizen).get(reverse("transactions:request", args=[case.reference])).status_code == 404
    assert Transaction.objects.count() == 1
    said = lines()
    assert len([line for line in said if line["name"] == "django.request"]) > 3 * len(PERSON)
    nothing_of_them_in(json.dumps(said, ensure_ascii=False))
    # Operators still read which request it was about.
    assert any(case.reference in line["message"] for line in said)
