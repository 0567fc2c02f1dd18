"""A closed request says how it ended, read notices are not new, and the SMS of a return says what is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import sms
from journal import standing
from transactions.domain import pins
from transactions.models import Notification
from transactions.notifications.messages import MAX_SMS_CHARACTERS, Message, sms_text
from transactions.text.wording import headline
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, work_off

LATE = NOW + timedelta(days=1)


def ended(how, cast, submitted):
    if how == "issued":
        return drive(submitted("building-permit"), cast, "issued")
    if how == "completed":
        return drive(submitted(), cast, "completed")
    if how == "withdrawn":
        return moves.withdraw(drive(submitted(), cast, "under_study"), by=cast.citizen, now=LATE)
    waiting = drive(submitted(), cast, "awaiting_supervisor")
    return moves.reject(waiting, reason="سبب الرفض", by=cast.supervisor, now=LATE)


WORDS = {"issued": "Issued", "completed": "Completed", "withdrawn": "Cancelled by applicant", "rejected": "Rejected"}


@pytest.mark.django_db
@pytest.mark.parametrize("how", WORDS)
def test_filed_or_not_everybody_is_told_how_it_ended(how, cast, submitted, signed_in):
    case = ended(how, cast, submitted)
    with translation.override("en"):
        before = headline(case)
    case = moves.file(case, by=cast.central_registry if case.branch.code == "CTR" else cast.registry, now=LATE)
    assert (case.status, case.outcome) == ("filed", how)
    with translation.override("en"):
        assert headline(case) == before
    owner = signed_in(cast.citizen)
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    pages = [reverse("transactions:request", args=[case.reference]), reverse("transactions:requests") + "?show=done"]
    shown = [owner.get(page).content.decode() for page in pages]
    stranger = Client()
    stranger.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    asked = {"by": "pin", "reference": case.reference, "pin": pins.derive_pin(case.reference)}
    shown.append(stranger.post(reverse("transactions:inquiry"), asked).content.decode())
    for page in shown:
        assert f">{WORDS[how]}</span>" in page
    if how == "rejected":
        assert all("سبب الرفض" in page for page in shown[:2])
    del asked["by"]
    told = stranger.post("/api/v1/inquiries/", asked, content_type="application/json").json()
    assert (told["status"], told["outcome"]) == ("filed", how)
    assert owner.get(f"/api/v1/transactions/{case.reference}/").json()["outcome"] == how


@pytest.mark.django_db
def test_an_open_request_has_no_outcome(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    assert case.outcome is None
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    assert Client().post("/api/v1/inquiries/", asked, content_type="application/json").json()["outcome"] is None


@pytest.mark.django_db
def test_notices_are_new_until_they_were_read(cast, submitted, signed_in):
    first, second = submitted(), submitted()
    work_off(NOW)
    page, mine = signed_in(cast.citizen), Notification.objects.filter(recipient=cast.citizen)
    new = mine.filter(read_at=None)
    assert set(new.values_list("event__transaction", flat=True)) == {first.pk, second.pk}
    page.head(reverse("transactions:notices"))
    page.get(reverse("transactions:notices"), headers={"Sec-Purpose": "prefetch;prerender"})
    signed_in(cast.registry).get(reverse("transactions:request", args=[first.reference]))
    assert new.count() == mine.count()
    page.get(reverse("transactions:request", args=[first.reference]))
    assert set(new.values_list("event__transaction", flat=True)) == {second.pk}
    assert "tag--info" in page.get(reverse("transactions:notices")).content.decode()
    assert not new.exists()
    assert "tag--info" not in page.get(reverse("transactions:notices")).content.decode()


@pytest.mark.django_db
def test_notices_are_shown_where_nothing_may_be_written(cast, submitted, signed_in, monkeypatch):
    submitted()
    page = signed_in(cast.citizen)
    monkeypatch.setattr("transactions.notifications.notices.reason_not_to_write", lambda: "restored")
    assert page.get(reverse("transactions:notices")).status_code == 200
    assert Notification.objects.filter(recipient=cast.citizen, read_at=None).exists()
    assert standing.reason_not_to_write() == ""


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_sms_of_a_return_says_what_is_missing_and_where(language, cast, submitted, settings, mailoutbox):
    settings.PORTAL_URL = "https://portal.jeddah.gov.sa"
    cast.citizen.language, cast.citizen.email = language, "c@example.org"
    cast.citizen.save()
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    own = "Show the “east” boundary…" if language == "en" else "أظهر الحد الشرقي"
    known = [RequestedCompletion(code.code) for code in case.service_type.deficiencies[:4]]
    moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("", sentence=own), *known], by=cast.reviewer, now=LATE
    )
    work_off(LATE)
    with translation.override(language):
        sentences = [str(item.sentence) for item in case.service_type.deficiencies[:4]]
    said = [file.read_text(encoding="utf-8") for file in settings.SMS_DIR.iterdir()]
    (text,) = [text for text in said if cast.citizen.phone in text and sentences[0].rstrip(".")[:40] in text]
    assert f"https://portal.jeddah.gov.sa/requests/{case.reference}/" in text
    assert ("and 2 more" if language == "en" else "نقطتان") in text
    assert len(text.partition("\n")[2]) <= MAX_SMS_CHARACTERS + 1
    if language == "en":
        assert set(text.partition("\n")[2]) <= sms.GSM_7
    letter = next(mail.body for mail in mailoutbox if sentences[0] in mail.body)
    assert all(sentence in letter for sentence in [own, *sentences])
    assert f"https://portal.jeddah.gov.sa/requests/{case.reference}/" in letter


@given(st.lists(st.text("ab ‘’“”–—…²«»", min_size=1, max_size=400), min_size=1, max_size=40))
def test_an_sms_of_any_return_fits_and_ends_with_where(points):
    said = Message(
        "Returned to you for completion", "x", "/requests/C1A-1448-000001-1/", "C1A-1448-000001-1", tuple(points)
    )
    with translation.override("en"):
        text = sms_text(said)
    assert len(text) <= MAX_SMS_CHARACTERS
    assert text.endswith("/requests/C1A-1448-000001-1/")
    assert set(sms.gsm_text(text)) <= sms.GSM_7
