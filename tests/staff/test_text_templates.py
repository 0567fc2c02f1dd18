"""Texts written once for many cases: who writes, shares and uses them, and what a case puts into them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core.day_words import day_in_words
from core.text import prose, without_marks
from transactions import text_templates
from transactions.domain import placeholders
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import Event, TextTemplate, TextTemplateVersion
from transactions.transitions import moves

from ..api.test_api import Api
from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
ARABIC = "السيد {مقدم الطلب}: {المستند} في الطلب {رقم الطلب} بحي {الحي} غير مقروء."
ENGLISH = "{applicant}: {document} in request {number}, {district}, cannot be read."


@pytest.fixture
def case(cast, submitted):
    return drive(submitted("land-subdivision"), cast, "under_tech_audit")


def write(by, name="غير مقروء", kind="deficiency", arabic=ARABIC, english=ENGLISH, **more):
    return text_templates.save(None, by=by, kind=kind, name=name, texts={"ar": arabic, "en": english}, **more)


def typed(name="قالب", kind="deficiency", arabic=ARABIC, english=ENGLISH, **more):
    return {"name": name, "kind": kind, "text_ar": arabic, "text_en": english, **more}


def inserting(page, case, move, template, **more):
    url = reverse("staff:insert_text", args=[case.reference, move])
    return page.post(url, {"version": case.version, f"template-{move}": str(template.pk), **more})


def test_a_text_goes_into_the_form_with_what_the_case_says_and_is_sent_in_both_languages(cast, case, signed_in):
    page, template = signed_in(cast.reviewer), write(cast.reviewer)
    shown = page.get(reverse("staff:case", args=[case.reference])).content.decode()
    assert f'value="{template.pk}">غير مقروء' in shown
    more = {"own-1": "كتبته بنفسي", "opens-2": ["deed"], "deficiency": ["part-area"]}
    answer = inserting(page, case, "return", template, **more)
    assert answer.status_code == 200
    first, second, _third = answer.context["own_words"]
    label = case.service_type.label_of("deed")
    name, district = cast.citizen.full_name, case.district
    with translation.override("ar"):
        assert second.sentence == f"السيد {name}: {label} في الطلب {case.reference} بحي {district.name} غير مقروء."
    with translation.override("en"):
        assert second.other == f"{name}: {label} in request {case.reference}, {district.name}, cannot be read."
    assert first.sentence == "كتبته بنفسي"
    assert [choice.code for choice in answer.context["choices"] if choice.chosen] == ["part-area"]
    assert answer.context["open_move"] == "return"
    assert not Event.objects.filter(move="return").exists()
    sent = more | {"own-2": second.sentence, "own-2-other": second.other, "version": case.version, "opens-1": ["deed"]}
    page.post(reverse("staff:move", args=[case.reference, "return"]), sent)
    asked = case.deficiencies.get(code="own-2")
    assert asked.own_words == {"ar": second.sentence, "en": second.other}
    # What was sent keeps its words when the template is changed.
    text_templates.save(
        template, by=cast.reviewer, kind="deficiency", name="غير مقروء", texts={"ar": "آخر", "en": "Other"}, version=1
    )
    asked.refresh_from_db()
    assert asked.sentence == second.sentence
    assert [row.number for row in template.versions.all()] == [2, 1]


def test_a_placeholder_without_a_value_is_told_and_never_sent(cast, case, signed_in):
    page, template = signed_in(cast.reviewer), write(cast.reviewer)
    answer = inserting(page, case, "return", template)  # nothing says which document
    box = answer.context["own_words"][0]
    assert "{المستند}" in box.sentence
    assert "{document}" in box.other
    assert "ليس في هذا الطلب ما يحل محل {المستند}" in answer.content.decode()
    sent = {"version": case.version, "own-1": box.sentence, "own-1-other": box.other}
    refused = page.post(reverse("staff:move", args=[case.reference, "return"]), sent)
    assert refused.status_code == 422
    assert "{المستند}" in refused.context["own_words"][0].sentence
    assert not case.deficiencies.exists()
    # Neither by a program, in whichever language or spelling, nor in any other field that people read.
    path = f"/transactions/{case.reference}/moves/"
    for words in ("{document}", "{ المستند }", "{المُستند}", "{Received on}"):
        body = {"move": "return", "version": case.version, "deficiencies": [{"sentence": f"أرفق {words}"}]}
        assert Api(cast.reviewer).post(path, body).status_code == 422
        for call in (
            lambda text: moves.advise_refusal(case, reason=text, by=cast.reviewer, now=NOW),
            lambda text: moves.recommend(case, note=text, by=cast.reviewer, now=NOW),
            lambda text: moves.recommend(case, conditions_en=text, by=cast.reviewer, now=NOW),
        ):
            with pytest.raises(Invalid) as error:
                call(f"See {words}.")
            assert [problem.code for problem in error.value.problems] == ["open_placeholder"]
    # Braces that are no placeholder are somebody's own, and so are the applicant's.
    moves.withdraw(case, reason="{document}", by=cast.citizen, now=NOW)


def test_conditions_and_reasons_are_added_after_what_is_written(cast, case, signed_in):
    page = signed_in(cast.reviewer)
    condition = write(cast.reviewer, "شرط", "condition", "شرط بحي {الحي}", "Condition: {plot}")
    answer = inserting(page, case, "recommend", condition, conditions_ar="الأول\n", reason="ملاحظة")
    conditions = answer.context["conditions"]
    assert conditions["ar"].splitlines()[0] == "الأول"
    assert conditions["ar"].splitlines()[1] == f"شرط بحي {case.district.name_ar}"
    numbers = case.answers["plan_number"], case.answers["parcel_number"]
    assert all(number in conditions["en"] for number in numbers)
    refusal = write(cast.reviewer, "رفض", "refusal", "استلم بتاريخ {تاريخ الاستلام}", "Received {received}")
    answer = inserting(page, case, "advise_refusal", refusal, reason="أولًا")
    written = next(move.written for move in answer.context["moves"] if move.name == "advise_refusal")
    with translation.override("ar"):
        assert written == f"أولًا\nاستلم بتاريخ {without_marks(day_in_words(case.submitted_at))}"
    # One that is for something else is refused, and what was typed stays.
    answer = inserting(page, case, "recommend", refusal, reason="ملاحظة")
    assert answer.status_code == 409
    assert next(move.written for move in answer.context["moves"] if move.name == "recommend") == "ملاحظة"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{0.__class__.__init__.__globals__}", "unknown_placeholder"),
        ("{applicant.password}", "unknown_placeholder"),
        ("{applicant!r}", "unknown_placeholder"),
        ("{number:>99999999}", "unknown_placeholder"),
        ("{}", "unknown_placeholder"),
        ("{{number}}", "unclosed_placeholder"),
        ("{number", "unclosed_placeholder"),
        ("number}", "unclosed_placeholder"),
        ("{% load static %}", "unknown_placeholder"),
        ("{{ request.user }}", "unknown_placeholder"),
        ("ا" * 100_000, "too_long"),
        ("\u202e\u200f ", "required"),
    ],
)
def test_what_is_no_template_is_refused_while_it_is_written_and_stays_in_its_box(cast, signed_in, text, code):
    with pytest.raises(Invalid) as error:
        write(cast.reviewer, english=text)
    assert code in {problem.code for problem in error.value.problems}
    assert {problem.path for problem in error.value.problems} == {"text_en"}
    answer = signed_in(cast.reviewer).post(reverse("staff:texts"), typed(english=text))
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"text_en"}
    assert answer.context["form"]["text_en"].value() == text
    assert answer.context["form"]["text_ar"].value() == ARABIC
    assert not TextTemplate.objects.exists()


def test_marks_and_html_are_words_and_nothing_else(cast, case, signed_in):
    hostile = "<script>alert(1)</script> %(name)s %s {number}\u202e\0"
    template = write(cast.reviewer, "<b>اسم</b>", arabic=hostile, english=hostile)
    page = signed_in(cast.reviewer)
    answer = inserting(page, case, "return", template)
    clean = f"<script>alert(1)</script> %(name)s %s {case.reference}"
    assert answer.context["own_words"][0].sentence == clean
    for html in (answer.content.decode(), page.get(reverse("staff:texts")).content.decode()):
        assert "<script>alert" not in html
        assert "<b>اسم" not in html


def test_a_reviewers_own_a_supervisors_shared_and_everybody_elses_not(cast, case, signed_in):
    office = case.held_by_id
    own = write(cast.reviewer, "خاص")
    shared = write(cast.supervisor, "مشترك", office=office)
    assert {row.name for row in text_templates.templates_of(cast.reviewer)} == {"خاص", "مشترك"}
    assert {row.name for row in text_templates.templates_of(cast.supervisor)} == {"مشترك"}
    assert not text_templates.templates_of(cast.other_reviewer)
    assert not text_templates.templates_of(cast.administrator)
    with pytest.raises(Invalid):
        write(cast.reviewer, "لست مشرفًا", office=office)
    with pytest.raises(NotVisible):
        write(cast.citizen)
    page = signed_in(cast.reviewer)
    assert page.post(reverse("staff:text", args=[shared.pk]), typed()).status_code == 404
    assert page.post(reverse("staff:text_retire", args=[shared.pk])).status_code == 404
    assert "لا يغيّر النص المشترك" in page.get(reverse("staff:text", args=[shared.pk])).content.decode()
    other = signed_in(cast.other_reviewer)
    for template in (own, shared):
        assert other.get(reverse("staff:text", args=[template.pk])).status_code == 404
    assert signed_in(cast.supervisor).get(reverse("staff:text", args=[own.pk])).status_code == 404
    assert inserting(signed_in(cast.second_reviewer), case, "return", own).status_code == 409
    assert inserting(signed_in(cast.second_reviewer), case, "return", shared).status_code == 200
    # A supervisor shares with the office by the page.
    signed_in(cast.supervisor).post(reverse("staff:texts"), typed("من الصفحة", office=str(office)))
    assert "من الصفحة" in {row.name for row in text_templates.templates_of(cast.second_reviewer)}


def test_it_is_changed_in_two_tabs_without_losing_either_and_pressed_twice_once(cast, signed_in):
    page, url = signed_in(cast.reviewer), reverse("staff:texts")
    for _press in range(2):
        assert page.post(url, typed("مرة")).status_code == 302
    template = TextTemplate.objects.get()
    assert page.post(url, typed("مرة", english="Another")).status_code == 422
    one = reverse("staff:text", args=[template.pk])
    assert page.post(one, typed("مرة", english="First tab", version="1")).status_code == 302
    late = page.post(one, typed("مرة", english="Second tab", version="1"))
    assert late.status_code == 422
    assert late.context["form"]["text_en"].value() == "Second tab"
    assert "First tab" in late.content.decode()
    # Having seen the other's words, they save theirs; the same words again are no version.
    for _press in range(2):
        assert page.post(one, typed("مرة", english="Second tab", version="2")).status_code == 302
    english = TextTemplateVersion.objects.order_by("number").values_list("number", "text_en", "by")
    reviewer = cast.reviewer.pk
    assert list(english) == [(1, ENGLISH, reviewer), (2, "First tab", reviewer), (3, "Second tab", reviewer)]
    with pytest.raises(DomainError):
        text_templates.save(
            template, by=cast.reviewer, kind="refusal", name="س", texts={"ar": "أ", "en": "a"}, version=1
        )


def test_a_retired_one_is_offered_no_more_until_it_is_used_again(cast, case, signed_in):
    page, template = signed_in(cast.reviewer), write(cast.reviewer)
    url = reverse("staff:text_retire", args=[template.pk])
    assert page.get(url)["Location"] == reverse("staff:text", args=[template.pk])
    page.post(url)
    late = inserting(page, case, "return", template, **{"own-1": "كتبته"})
    assert (late.status_code, late.context["own_words"][0].sentence) == (409, "كتبته")
    assert not text_templates.offered_to(cast.reviewer, ["deficiency"])
    page.post(url, {"again": "yes"})
    assert text_templates.offered_to(cast.reviewer, ["deficiency"]) == [template]


def test_the_case_page_asks_one_question_more_where_there_are_templates(cast, case, signed_in):
    page, url = signed_in(cast.reviewer), reverse("staff:case", args=[case.reference])
    page.get(url)
    counts = []
    for written in (0, 1, 5):
        for number in range(written):
            write(cast.reviewer, f"قالب {written}-{number}")
        with CaptureQueriesContext(connection) as asked:
            page.get(url)
        counts.append(len(asked))
    assert counts == [counts[0], counts[0] + 1, counts[0] + 1]


WRITTEN = st.text(st.sampled_from("{}ا a{}\n%$._0") | st.characters(codec="utf-8"), max_size=60)
NAMES = st.sampled_from(["number", "رقم الطلب", "Number", " number ", "رَقْم الطلب", "document", "المستند", "x", "0"])


@given(parts=st.lists(WRITTEN | NAMES.map("{{{}}}".format), max_size=6), value=WRITTEN)
def test_whatever_is_written_only_names_are_replaced_and_values_are_never_read_again(parts, value):
    text = prose("".join(parts))
    stored = placeholders.stored(text)
    assert placeholders.stored(stored) == stored
    for language in ("ar", "en"):
        named = placeholders.in_language(stored, language)
        assert placeholders.stored(named) == stored
        assert placeholders.open_in(named) == placeholders.open_in(stored)
    values = dict.fromkeys(placeholders.PLACEHOLDERS, "{document}")
    filled = placeholders.fill(stored, values)
    # A value that looks like a placeholder stays what it is.
    assert filled.count("{document}") == sum(len(placeholders.open_in(found)) for found in _braced(stored))
    if not placeholders.open_in(stored):
        assert placeholders.fill(stored, values) == stored
        assert placeholders.validate_filled("reason", stored) == []
    problems = list(placeholders.validate("text", text))
    assert bool(problems) == any(each not in KNOWN for each in _braced(stored)) | _has_lone_brace(stored)


KNOWN = {f"{{{code}}}" for code in placeholders.PLACEHOLDERS}


def _braced(text):
    found, begin = [], None
    for place, letter in enumerate(text):
        if letter == "{":
            begin = place
        elif letter == "}" and begin is not None:
            found.append(text[begin : place + 1])
            begin = None
    return found


def _has_lone_brace(text):
    for each in _braced(text):
        text = text.replace(each, "", 1)
    return "{" in text or "}" in text
