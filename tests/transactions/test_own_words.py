"""Answers, reasons and sentences have one limit, said in words; a short message takes what it can of them."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from transactions.domain.errors import Invalid
from transactions.domain.text_length import MAX_CHARACTERS
from transactions.intake import answers_in_progress
from transactions.models import Deficiency, Transaction
from transactions.notifications.messages import MAX_SMS_CHARACTERS
from transactions.transitions import moves

from ..conftest import NOW, drive, stored, work_off

pytestmark = pytest.mark.django_db
# The browser counts a line break as one character and sends two.
FITS = "سطر\r\n" * (MAX_CHARACTERS // 4)
TOO_LONG = FITS + "ا"


@pytest.fixture
def case(cast, submitted):
    return drive(submitted(), cast, "under_study")


@pytest.fixture
def returned(cast, case):
    asked = [moves.RequestedCompletion("photo-dark"), moves.RequestedCompletion("croquis-stamp")]
    return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW)


CALLS = {
    "reject": lambda case, cast, text: moves.reject(case, reason=text, by=cast.supervisor, now=NOW),
    "note": lambda case, cast, text: moves.recommend(case, note=text, by=cast.reviewer, now=NOW),
    "withdraw": lambda case, cast, text: moves.withdraw(case, reason=text, by=cast.citizen, now=NOW),
    "return": lambda case, cast, text: moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("photo-dark", text)], by=cast.reviewer, now=NOW
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_staff_and_applicants_write_has_a_limit(call, cast, case):
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        call(case, cast, TOO_LONG)
    assert [problem.code for problem in refused.value.problems] == ["too_long"]
    assert str(MAX_CHARACTERS + 1) in str(refused.value.problems[0].message)
    assert stored(case) == before
    call(case, cast, FITS)


def test_answers_have_the_same_limit_kept_or_sent(cast, returned):
    first, second = returned.deficiencies.all()
    with pytest.raises(Invalid) as kept:
        answers_in_progress.save_answers_in_progress(returned, {first.pk: TOO_LONG, second.pk: "نعم"}, by=cast.citizen)
    with pytest.raises(Invalid) as sent:
        moves.answer(returned, answers={first.pk: TOO_LONG, second.pk: "نعم"}, by=cast.citizen, now=NOW)
    for refused in (kept, sent):
        assert [(p.path, p.code) for p in refused.value.problems] == [(f"answers.{first.pk}", "too_long")]
    moves.answer(returned, answers={first.pk: FITS, second.pk: "نعم"}, by=cast.citizen, now=NOW)


def test_the_pages_say_so_and_show_what_was_typed(cast, returned, signed_in):
    first, second = returned.deficiencies.all()
    page = signed_in(cast.citizen)
    typed = {f"answer-{first.pk}": TOO_LONG, f"answer-{second.pk}": "جوابي الثاني"}
    answer = page.post(reverse("transactions:answer", args=[returned.reference]), typed)
    html = answer.content.decode()
    assert (answer.status_code, "النص طويل" in html, "جوابي الثاني" in html) == (422, True, True)
    assert html.count("سطر") == TOO_LONG.count("سطر")
    answer = page.post(reverse("transactions:withdraw", args=[returned.reference]), {"reason": TOO_LONG})
    html = answer.content.decode()
    assert (answer.status_code, "النص طويل" in html) == (422, True)
    assert html.count("سطر") == TOO_LONG.count("سطر")
    assert Transaction.objects.get(pk=returned.pk).status == "returned"


def test_a_long_reason_is_cut_in_the_short_message_and_whole_in_the_mail(cast, case, settings):
    cast.citizen.email, cast.citizen.email_notices = "citizen@example.com", True
    cast.citizen.save()
    reason = "الأرض مخصصة لخدمة عامة " * 80
    moves.reject(Transaction.objects.get(pk=case.pk), reason=reason, by=cast.supervisor, now=NOW)
    work_off(NOW)
    sent = [file.read_text(encoding="utf-8").partition("\n")[2].strip() for file in settings.SMS_DIR.iterdir()]
    (cut,) = [text for text in sent if "الأرض" in text]
    assert len(cut) <= MAX_SMS_CHARACTERS
    assert cut.endswith("… البقية في البوابة.")
    assert reason.strip() in mail.outbox[-1].body


def test_a_thing_is_asked_once_a_round(cast, returned):
    item = returned.deficiencies.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Deficiency.objects.create(transaction=returned, round=item.round, code=item.code, sentence="x")
