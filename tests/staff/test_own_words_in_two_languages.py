"""What a reviewer asks for in their own words, in both languages: each reader has theirs, or is told that it is not."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.text import prose
from transactions.domain.errors import Invalid
from transactions.models import Deficiency
from transactions.text.deficiency_words import describe_deficiency
from transactions.transitions.moves import RequestedCompletion, return_for_completion
from transactions.transitions.returning import deficiency_rows

from ..api.test_api import Api
from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
ARABIC, ENGLISH = "حدود القطعة في الصك غير حدودها في المخطط", "The deed and the plan show different boundaries"


@pytest.fixture
def case(cast, submitted):
    return drive(submitted("land-subdivision"), cast, "under_tech_audit")


def read_in(language, page, case):
    page.post(reverse("set_language"), {"language": language, "next": "/"})
    return page.get(reverse("transactions:answer", args=[case.reference])).content.decode()


def test_each_reader_has_their_own_language_on_the_page_by_mail_and_by_program(cast, case, signed_in):
    cast.citizen.email, cast.citizen.email_notices = "citizen@example.com", True
    cast.citizen.save()
    page = signed_in(cast.reviewer)
    typed = {"version": case.version, "own-1": ARABIC, "own-1-other": f" {ENGLISH}\r\n", "opens-1": ["deed"]}
    page.post(reverse("staff:move", args=[case.reference, "return"]), typed)
    asked = case.deficiencies.get()
    assert (asked.sentence, asked.own_words) == (ARABIC, {"ar": ARABIC, "en": ENGLISH})
    applicant = signed_in(cast.citizen)
    for language, shown, hidden in (("en", ENGLISH, ARABIC), ("ar", ARABIC, ENGLISH)):
        html = read_in(language, applicant, case)
        assert (shown in html, hidden in html) == (True, False)
    mail.outbox.clear()
    work_off(timezone.now())
    letters = [sent.body for sent in mail.outbox if case.reference in sent.body]
    assert any(ARABIC in letter for letter in letters)
    told = Api(cast.citizen).get(f"/transactions/{case.reference}/").json()["deficiencies"][0]
    assert [told[name] for name in ("sentence", "sentence_ar", "sentence_en")] == [ARABIC, ARABIC, ENGLISH]
    staff = page.get(reverse("staff:case", args=[case.reference])).content.decode()
    assert ARABIC in staff
    assert ENGLISH in staff


def test_where_one_language_is_missing_its_reader_is_told_so(cast, case, signed_in):
    return_for_completion(case, deficiencies=[RequestedCompletion("", ARABIC)], by=cast.reviewer, now=NOW)
    html = read_in("en", signed_in(cast.citizen), case)
    assert f"\u2068{ARABIC}\u2069 (the office wrote this in Arabic only)" in html
    told = Api(cast.citizen).get(f"/transactions/{case.reference}/").json()["deficiencies"][0]
    assert (told["sentence_ar"], told["sentence_en"]) == (ARABIC, "")


def test_the_language_of_the_request_is_never_the_missing_one_and_nothing_typed_is_lost(cast, case, signed_in):
    url = reverse("staff:move", args=[case.reference, "return"])
    typed = {
        "version": case.version,
        "own-1": "  ",
        "own-1-other": ENGLISH,
        "own-5-other": "Fifth",
        "opens-1": ["deed"],
    }
    refused = signed_in(cast.reviewer).post(url, typed)
    assert refused.status_code == 422
    assert "اكتب بالعربية أيضًا" in refused.content.decode()
    shown = {own.number: own.other for own in refused.context["own_words"] if own.chosen}
    assert shown[1] == ENGLISH
    too_long = signed_in(cast.reviewer).post(url, typed | {"own-1": ARABIC, "own-1-other": "<b>" * 1000})
    assert too_long.status_code == 422
    assert too_long.context["own_words"][0].other == "<b>" * 1000
    assert "<b><b>" not in too_long.content.decode()
    assert not Deficiency.objects.exists()
    # Whoever has it no longer reads there what they wrote, in both languages.
    moved = signed_in(cast.other_reviewer).post(url, typed)
    assert (moved.status_code, ENGLISH in moved.content.decode()) == (404, True)


def test_a_program_gives_both_and_a_catalogued_sentence_is_in_both_by_itself(cast, case):
    api, path = Api(cast.reviewer), f"/transactions/{case.reference}/moves/"
    body = {"move": "return", "version": case.version}
    twice = [{"sentence": ARABIC, "sentence_ar": "غيره"}]
    assert api.post(path, body | {"deficiencies": twice}).status_code == 422
    asked = [{"sentence_ar": ARABIC, "sentence_en": ENGLISH, "opens": ["deed"]}, {"code": "part-area"}]
    assert api.post(path, body | {"deficiencies": asked}).status_code == 200
    listed, own = api.get(f"/transactions/{case.reference}/").json()["deficiencies"]
    assert (own["sentence_ar"], own["sentence_en"]) == (ARABIC, ENGLISH)
    entry = next(entry for entry in case.service_type.deficiencies if entry.code == "part-area")
    for language in ("ar", "en"):
        with translation.override(language):
            assert listed[f"sentence_{language}"] == str(entry.sentence)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arabic=st.text(max_size=40), english=st.text(max_size=40))
def test_whatever_is_written_each_reader_reads_all_of_theirs(cast, case, arabic, english):
    item = RequestedCompletion("", sentence_ar=arabic, sentence_en=english)
    if not prose(arabic):
        with pytest.raises(Invalid):
            deficiency_rows(case, [item], 1)
        return
    row = deficiency_rows(case, [item], 1)[0]
    with translation.override("ar"):
        assert describe_deficiency(row, case.service_type) == prose(arabic)
    with translation.override("en"):
        assert (prose(english) or prose(arabic)) in describe_deficiency(row, case.service_type)
