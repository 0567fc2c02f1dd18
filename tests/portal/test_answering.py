"""Answering what a reviewer asked for: kept while it is written, sent once, seen by nobody before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from transactions.attachments import services as attachments
from transactions.intake import answers_in_progress
from transactions.models import Attachment, Deficiency
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, stored, upload
from .test_applications import begun, returned

pytestmark = pytest.mark.django_db


def test_answers_are_kept_while_they_are_written_and_nobody_else_sees_them(cast, submitted, signed_in):
    case = returned(submitted, cast)
    before = stored(case)
    first, second = case.deficiencies.all()
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    page.post(url, {f"answer-{first.pk}": "نصف جواب", "later": "1"})
    assert stored(case) == before
    assert "نصف جواب" in page.get(url).content.decode()
    staff = signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference]))
    assert "نصف جواب" not in staff.content.decode()
    # One point without an answer: named, and the rest stays.
    answer = page.post(url, {f"answer-{first.pk}": "جواب", f"answer-{second.pk}": ""})
    assert (answer.status_code, [problem.path for problem in answer.context["problems"]]) == (
        422,
        [f"answers.{second.pk}"],
    )
    assert "جواب" in answer.content.decode()
    page.post(url, {f"answer-{first.pk}": "جواب", f"answer-{second.pk}": "حمل المكيفات"})
    case.refresh_from_db()
    assert case.status == "under_study"
    assert list(case.deficiencies.values_list("answer", flat=True)) == ["جواب", "حمل المكيفات"]


def test_a_file_is_taken_out_of_an_answer_and_nothing_written_beside_it_is_lost(cast, submitted, signed_in):
    case = returned(submitted, cast)
    first, second = case.deficiencies.all()
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    page.post(url, {f"file-{first.pk}": upload("خطأ.pdf"), "attach": "1"})
    wrong = first.attachments.get()
    assert f'name="remove" value="{wrong.key}"' in page.get(url).content.decode()
    pressed = {f"answer-{second.pk}": "جواب طويل", f"file-{first.pk}": upload("صحيح.pdf"), "remove": str(wrong.key)}
    answer = page.post(url, pressed, follow=True)
    assert answer.redirect_chain == [(url, 302)]
    html = answer.content.decode()
    assert ("جواب طويل" in html, "صحيح.pdf" in html, "خطأ.pdf" in html) == (True, True, False)
    case.refresh_from_db()
    assert case.status == "returned", "nothing is sent by it"
    # A second press, and the keys of other people's files or of none, take nothing out.
    sent = case.attachments.filter(deficiency=None).first()
    for key in (wrong.key, sent.key, "", "x"):
        assert page.post(url, pressed | {"remove": str(key), f"file-{first.pk}": ""}).url == url
    assert list(case.attachments.exclude(removed_at=None)) == [wrong]


def test_two_things_wrong_with_one_answer_stand_in_one_place_its_box_names(cast, submitted, signed_in):
    case = returned(submitted, cast)
    first = case.deficiencies.first()
    url = reverse("transactions:answer", args=[case.reference])
    bad = [upload(f"{number}.pdf", b"MZ no paper") for number in range(2)]
    html = signed_in(cast.citizen).post(url, {f"file-{first.pk}": bad, "attach": "1"}).content.decode()
    assert "0.pdf" in html
    assert "1.pdf" in html
    assert html.count(f'id="error-{first.pk}"') == 1
    assert f'aria-invalid="true" aria-describedby="error-{first.pk}"' in html


def test_a_file_is_taken_out_of_a_draft_by_its_button(cast, signed_in):
    draft, other = begun(cast.citizen), begun(cast.other_citizen)
    page, url = signed_in(cast.citizen), reverse("transactions:documents", args=[draft.key])
    wrong = attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.citizen)
    theirs = attachments.attach_to_draft(other, "id_copy", upload(), by=cast.other_citizen)
    for key in (wrong.key, wrong.key, theirs.key, "x"):
        assert page.post(url, {"remove": str(key)}).url == url
    assert list(Attachment.objects.exclude(removed_at=None)) == [wrong]


def test_only_the_applicant_of_a_returned_request_keeps_answers(cast, submitted):
    case = returned(submitted, cast)
    item = case.deficiencies.first()
    for person in (cast.other_citizen, cast.reviewer):
        with pytest.raises(answers_in_progress.DomainError):
            answers_in_progress.save_answers_in_progress(case, {item.pk: "x"}, by=person)
    moves.answer(
        case, answers={item.pk: "تم" for item in case.deficiencies.all()}, by=cast.citizen, now=NOW + timedelta(hours=5)
    )
    with pytest.raises(answers_in_progress.DomainError):
        answers_in_progress.save_answers_in_progress(case, {item.pk: "x"}, by=cast.citizen)
    assert set(Deficiency.objects.values_list("answer", flat=True)) == {"تم"}


def test_a_standard_sentence_is_read_in_the_readers_language_and_an_edited_one_as_it_is(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    with translation.override("en"):
        asked = [RequestedCompletion("croquis-stamp"), RequestedCompletion("load-reason", "Why so much?")]
        moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + timedelta(hours=3))
    html = signed_in(cast.citizen).get(reverse("transactions:answer", args=[case.reference])).content.decode()
    assert "The survey sketch lacks" not in html
    assert "Why so much?" in html


# -- where a request is ----------------------------------------------------------------------------------------


def test_the_page_of_withdrawing_opens_only_while_one_may(cast, submitted, signed_in):
    case = submitted()
    url, page = reverse("transactions:withdraw", args=[case.reference]), signed_in(cast.citizen)
    request = reverse("transactions:request", args=[case.reference])
    assert page.get(url).status_code == 200
    assert signed_in(cast.reviewer).get(url).url == request
    drive(case, cast, "completed")
    for answer in (page.get(url), page.post(url, {"reason": "x"})):
        assert answer.url == request
    assert "لا يمكنك سحب هذا الطلب الآن" in page.get(request).content.decode()


# -- answers that a return opened ------------------------------------------------------------------------------------


def subdivision_returned(cast, submitted, *asked):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    asked = asked or (RequestedCompletion("part-area"),)
    return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + timedelta(hours=3))


def form_of(answer):
    """What a browser would send back of the boxes for answers and files on the page."""
    context = answer.context
    data = {"opened": list(context["opened"])}
    for part in [part for row in context["rows"] for part in row["parts"]] + context["rest"]:
        for form in getattr(part, "rows", None) or [part.form]:
            data |= {form[name].html_name: form[name].initial or "" for name in form.fields}
    ticked = [file for row in context["rows"] for slot in row["slots"] for file, chosen in slot.before if chosen]
    return data | {"replaced": [str(file.key) for file in ticked]}


def test_the_page_opens_the_questions_prefilled_and_sends_a_new_version(cast, submitted, signed_in):
    case = subdivision_returned(cast, submitted)
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    shown = page.get(url)
    assert shown.context["opened"] == ["parts"]
    data = form_of(shown)
    assert data["parts-0-area_m2"] == "450"
    # Kept for later as typed, right or wrong, and nothing is sent.
    data |= {"parts-0-area_m2": "٤٦٠", "parts-1-area_m2": "x"}
    page.post(url, data | {"later": "1"})
    assert form_of(page.get(url))["parts-1-area_m2"] == "x"
    wrong = page.post(url, data)
    assert [problem.path for problem in wrong.context["problems"]] == ["parts.1.area_m2"]
    assert 'href="#id_parts-1-area_m2"' in wrong.content.decode()
    page.post(url, data | {"parts-1-area_m2": "440"})
    case.refresh_from_db()
    assert (case.status, [part["area_m2"] for part in case.answers["parts"]]) == ("under_tech_audit", ["460", "440"])
    for reader, address in ((cast.citizen, "transactions:request"), (cast.reviewer, "staff:case")):
        html = signed_in(reader).get(reverse(address, args=[case.reference])).content.decode()
        assert re.search(r"<del><bdi[^>]*>450</bdi>.*?</del>.*?<ins><bdi[^>]*>460</bdi>", html, re.S)


def test_a_row_is_added_and_removed_and_nothing_is_sent_by_it(cast, submitted, signed_in):
    case = subdivision_returned(cast, submitted)
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    data = form_of(page.get(url))
    more = page.post(url, data | {"add_row": "parts"})
    assert (more.status_code, "parts-2-area_m2" in form_of(more)) == (200, True)
    fewer = page.post(url, form_of(more) | {"remove_row": "parts-2"})
    assert "parts-2-area_m2" not in form_of(fewer)
    case.refresh_from_db()
    assert (case.status, case.answers_version) == ("returned", 1)


def test_a_contradiction_is_shown_where_it_can_be_mended(cast, submitted, signed_in):
    case = subdivision_returned(cast, submitted, RequestedCompletion("", "المساحة غير صحيحة", opens=("area_m2",)))
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    data = form_of(page.get(url)) | {"area_m2": "1200"}
    wrong = page.post(url, data)
    assert wrong.context["opened"] == ["area_m2", "parts"]
    data = form_of(wrong) | {"parts-0-area_m2": "600", "parts-1-area_m2": "600"}
    page.post(url, data)
    case.refresh_from_db()
    assert (case.answers["area_m2"], case.answers["parts"][0]["area_m2"]) == ("1200", "600")


def test_a_question_that_is_not_open_is_not_changed_by_a_made_up_form(cast, submitted, signed_in):
    case = subdivision_returned(cast, submitted)
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    data = form_of(page.get(url)) | {"land_use": "commercial"}
    refused = page.post(url, data | {"opened": ["parts", "land_use"]})
    assert "not_open" in [problem.code for problem in refused.context["problems"]]
    case.refresh_from_db()
    assert case.status == "returned"


def test_a_new_drawing_is_put_in_the_place_of_the_one_before(cast, submitted, signed_in):
    case = subdivision_returned(cast, submitted, RequestedCompletion("drawing-lengths"))
    item, old = case.deficiencies.get(), case.attachments.get(document="division_drawing")
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    data = form_of(page.get(url))
    assert data["replaced"] == [str(old.key)], "the only file of a document is what a new one replaces"
    # A tick without a new file takes nothing away.
    assert page.post(url, data | {f"answer-{item.pk}": "x", "attach": "1"}).status_code == 302
    page.post(url, data | {f"file-{item.pk}": upload("new.pdf"), f"answer-{item.pk}": ""})
    case.refresh_from_db()
    in_force = case.attachments.in_force().filter(document="division_drawing")
    assert [file.original_name for file in in_force] == ["new.pdf"]


def test_words_without_a_file_take_no_file_away(cast, submitted, signed_in):
    case = subdivision_returned(cast, submitted, RequestedCompletion("drawing-lengths"))
    item = case.deficiencies.get()
    page, url = signed_in(cast.citizen), reverse("transactions:answer", args=[case.reference])
    page.post(url, form_of(page.get(url)) | {f"answer-{item.pk}": "الأطوال في الصفحة الثانية"})
    case.refresh_from_db()
    assert case.status == "under_tech_audit"
    assert not case.attachments.exclude(replaced_in=None).exists()
