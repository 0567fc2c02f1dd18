"""A language just chosen wins, is kept, and loses nobody what they read."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User
from transactions.inquiry.pin import pin_for

from ..conftest import PASSWORD
from ..page_forms import forms_of

pytestmark = pytest.mark.django_db


def choose(client, language, path="/"):
    return client.post(reverse("set_language"), {"language": language, "next": path})


def log_in(client, person):
    return client.post(reverse("account_login"), {"login": person.national_id, "password": PASSWORD})


@pytest.mark.parametrize(("own", "chosen"), [("ar", "en"), ("en", "ar")])
def test_a_choice_before_signing_in_wins_and_is_kept(cast, client, own, chosen):
    User.objects.filter(pk=cast.citizen.pk).update(language=own)
    choose(client, chosen)
    log_in(client, cast.citizen)
    assert client.get(reverse("accounts:profile")).headers["Content-Language"] == chosen
    cast.citizen.refresh_from_db()
    assert cast.citizen.language == chosen


def test_without_a_choice_the_persons_own_language_comes_back(cast, client):
    User.objects.filter(pk=cast.citizen.pk).update(language="en")
    client.cookies["language"] = "ar"  # whoever used this browser before
    log_in(client, cast.citizen)
    assert client.get(reverse("accounts:profile")).headers["Content-Language"] == "en"
    cast.citizen.refresh_from_db()
    assert cast.citizen.language == "en"


def test_the_button_of_who_is_signed_in_is_kept_with_the_account(cast, client):
    log_in(client, cast.citizen)
    choose(client, "en")
    cast.citizen.refresh_from_db()
    assert cast.citizen.language == "en"
    assert not mail.outbox


@pytest.mark.parametrize("language", ["", "fr", "ar-SA", "EN", "\u200fen"])
def test_a_language_there_is_none_of_changes_nothing(cast, client, language):
    log_in(client, cast.citizen)
    choose(client, language)
    cast.citizen.refresh_from_db()
    assert cast.citizen.language == "ar"


def test_the_answer_to_an_inquiry_stays_in_the_other_language(submitted, client):
    case = submitted()
    asked = client.post(
        reverse("transactions:inquiry"), {"reference": case.reference, "pin": pin_for(case, case.applicant)}
    )
    button = next(form for form in forms_of(asked.content.decode()) if "again" in form.data)
    assert button.action == reverse("transactions:inquiry")
    shown = client.post(button.action, button.data | button.buttons)
    assert (shown.status_code, shown.headers["Content-Language"]) == (200, "en")
    assert case.reference in shown.content.decode()
    assert pin_for(case, case.applicant) not in shown.content.decode()
    assert client.get("/").headers["Content-Language"] == "en"


def test_a_forged_or_old_mark_shows_nothing(submitted, client, monkeypatch):
    case = submitted()
    for mark in (case.reference, f"{case.reference}:x:y", ""):
        answer = client.post(reverse("transactions:inquiry"), {"again": mark, "language": "en"})
        assert case.reference not in answer.content.decode()
    asked = client.post(
        reverse("transactions:inquiry"), {"reference": case.reference, "pin": pin_for(case, case.applicant)}
    )
    button = next(form for form in forms_of(asked.content.decode()) if "again" in form.data)
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert client.post(button.action, button.data | {"language": "en"}).status_code == 302
