"""What stays of people: in caches of a shared computer, in sessions nobody opens again, in codes nobody used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from accounts import services
from accounts.models import OneTimeCode
from transactions.attachments import services as attachments
from transactions.domain.service_types import get
from transactions.intake import drafts
from transactions.models import Draft, FailedAttempt
from transactions.tasks import upkeep
from transactions.views import form_recovery

from ..conftest import national_id, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast):
    return drafts.start_draft(get("electricity-connection"), by=cast.citizen)


def test_no_cache_keeps_an_answer_to_somebody_signed_in(cast, signed_in, client, draft):
    page = signed_in(cast.citizen)
    personal = [reverse(f"accounts:{name}") for name in ("profile", "authorisations")]
    personal += [reverse(f"transactions:{name}", args=[draft.key]) for name in ("draft", "documents", "check")]
    personal += [reverse("transactions:step", args=[draft.key, "place"]), reverse("transactions:requests")]
    for address in [*personal, "/api/v1/transactions/", "/nowhere/"]:
        answer = page.get(address)
        assert answer["Cache-Control"] == "private, no-store", address
    token = AuthToken.objects.create(cast.citizen)[1]
    answer = client.get("/api/v1/transactions/", headers={"Authorization": f"Token {token}"})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")


def test_a_view_that_says_how_long_is_believed_and_public_pages_stay_public(cast, signed_in, client, draft):
    file = attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.citizen)
    shown = signed_in(cast.citizen).get(reverse("transactions:preview", args=[file.key]))
    assert shown["Cache-Control"] == "private, max-age=600"
    assert "Cache-Control" not in client.get("/help/")


def test_caches_know_by_what_an_answer_differs(client, city):
    said = client.get("/api/v1/services/")["Vary"]
    assert "Accept-Language" in said
    assert "Accept-Language" not in client.get("/help/")["Vary"]
    assert "Cookie" in client.get("/help/")["Vary"]


def leave_behind(now):
    """A session, a code and a wrong try from a day and a half ago, and one of each from now."""
    Session.objects.create(session_key="ended", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="lives", session_data="", expire_date=now + timedelta(hours=1))
    for place, at in enumerate((now - timedelta(hours=36), now)):
        facts = {"full_name": "x", "phone": "+966511111111", "language": "ar", "address": ""}
        services.send_code(national_id=national_id(950 + place), now=at, **facts)
        FailedAttempt.objects.create(bucket=str(place), hour=at)


def test_what_nobody_needs_is_deleted(city):
    leave_behind(timezone.now())
    upkeep()
    assert [session.session_key for session in Session.objects.all()] == ["lives"]
    assert [code.national_id for code in OneTimeCode.objects.all()] == [national_id(951)]
    assert [one.bucket for one in FailedAttempt.objects.all()] == ["1"]


def test_a_stranger_has_so_much_kept_and_no_more(client, draft):
    address = reverse("transactions:step", args=[draft.key, "place"])
    for _number in range(form_recovery.MAX_AN_HOUR):
        client.cookies.clear()
        client.post(address, {"street": "x"})
    full = Session.objects.count()
    assert full == form_recovery.MAX_AN_HOUR
    client.cookies.clear()
    answer = client.post(address, {"street": "x"}, follow=True)
    assert "وتعذّر حفظ ما كتبته" in answer.content.decode()
    assert Session.objects.count() == full
    client.cookies.clear()
    client.post(address, {"street": "x"}, REMOTE_ADDR="10.1.1.1")
    assert Session.objects.count() == full + 1
    assert Draft.objects.get(pk=draft.pk).answers.get("street") is None
