"""What goes out: every message in both languages has nothing invisible in it, and costs what it has to."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import services as people
from accounts import sms
from accounts.models import Authorisation
from transactions.models import Event, Notification
from transactions.notifications import messages
from transactions.notifications.messages import AUTHORISATION_MESSAGES, email_subject, write_letter
from transactions.notifications.notices import NOTIFIED_MOVES
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
ARABIC = re.compile("[\u0600-\u06ff]")


def invisible(text: str) -> list[str]:
    return [char for char in text if unicodedata.category(char) in ("Cf", "Cc") and char not in "\n\t"]


@pytest.fixture(params=["ar", "en"])
def told(request, cast, submitted, settings):
    """Every kind of message there is, as (channel, text), to a reader of one language."""
    for person in (cast.citizen, cast.engineer):
        person.email, person.language, person.full_name = f"p{person.pk}@example.org", request.param, "Name \u202eأحمد"
        person.save()
    later = NOW + timedelta(hours=3)
    case = drive(submitted(), cast, "under_study")
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("load-reason")], by=cast.reviewer, now=later
    )
    asked = case.deficiencies.get()
    moves.answer(case, answers={asked.pk: "a \u200f b"}, by=cast.citizen, now=later)
    drive(submitted("building-permit"), cast, "issued")
    drive(submitted(), cast, "completed")
    study = drive(submitted(), cast, "under_study")
    moves.withdraw(study, by=cast.citizen, now=later)
    decided = drive(submitted(), cast, "awaiting_supervisor")
    moves.reject(decided, reason="Not \u2068this\u2069 way", by=cast.supervisor, now=NOW + timedelta(hours=9))
    people.revoke_authorisation(Authorisation.objects.get(), by=cast.citizen, now=NOW)
    with translation.override(request.param):
        people.send_code(
            national_id="1010101010",
            full_name="Sara",
            phone="+966512345678",
            language=request.param,
            address="10.0.0.1",
        )
    people.change_phone(cast.citizen, "+966555555555", by=cast.administrator, now=NOW)
    work_off(NOW + timedelta(days=1))
    texts = [file.read_text(encoding="utf-8").partition("\n")[2] for file in settings.SMS_DIR.iterdir()]
    return request.param, texts, list(mail.outbox)


def test_no_message_holds_anything_invisible_and_english_ones_stay_short(told):
    language, texts, letters = told
    moved = set(Event.objects.filter(move__in=NOTIFIED_MOVES).values_list("move", flat=True))
    assert moved >= {
        "submit",
        "register",
        "return",
        "approve",
        "reject",
        "record_payment",
        "issue",
        "dispatch",
        "withdraw",
    }
    assert len(texts) > 12
    for text in texts:
        assert invisible(text) == [], text
        if language == "en" and not ARABIC.search(text):
            assert set(text.rstrip("\n")) <= sms.GSM_7, text
    assert sum(not ARABIC.search(text) for text in texts) > 8 or language == "ar"
    assert len(letters) > 8
    for one in letters:
        assert invisible(one.subject) == invisible(one.body) == []
        assert one.message()["Auto-Submitted"] == "auto-generated"
        for link in re.findall(r"https?://\S+", one.body):
            assert re.fullmatch(r"[\x21-\x7e]+", link)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_notice_there_may_be(language, cast, submitted):
    case = submitted()
    with translation.override(language):
        said = [
            messages.Message(str(title), str(text), "/drafts/1/") for title, text in AUTHORISATION_MESSAGES.values()
        ]
        said += [messages.write_message(notice) for notice in Notification.objects.for_reading()]
        for one in said:
            assert invisible(email_subject(one)) == invisible(write_letter(one)) == []
            if language == "en":
                assert set(sms.gsm_text(write_letter(one))) <= sms.GSM_7, one
    assert case.reference in {one.reference for one in said}


@given(st.text())
def test_a_short_message_is_plain(text):
    sent = sms.gsm_text(text)
    assert invisible(sent) == [] or set(invisible(sent)) <= {"\r"}
    assert sms.gsm_text(sent) == sent


def test_an_english_message_with_typographic_signs_stays_in_seven_bits():
    assert sms.gsm_text("\u2068C1A-1448\u2069 – “done”… it’s 900 m²") == 'C1A-1448 - "done"... it\'s 900 m2'
    assert sms.gsm_text("طلب – «تم»") == "طلب – «تم»"
