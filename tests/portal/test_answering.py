"""Answering what a reviewer asked for: kept while it is written, sent once, seen by nobody before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from transactions.models import Attachment, Deficiency
from transactions.services import attachments, drafts, moves
from transactions.services.moves import Asked

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
        with pytest.raises(drafts.DomainError):
            drafts.keep_answers(case, {item.pk: "x"}, by=person)
    moves.answer(
        case, answers={item.pk: "تم" for item in case.deficiencies.all()}, by=cast.citizen, now=NOW + timedelta(hours=5)
    )
    with pytest.raises(drafts.DomainError):
        drafts.keep_answers(case, {item.pk: "x"}, by=cast.citizen)
    assert set(Deficiency.objects.values_list("answer", flat=True)) == {"تم"}


def test_a_standard_sentence_is_read_in_the_readers_language_and_an_edited_one_as_it_is(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    with translation.override("en"):
        asked = [Asked("croquis-stamp"), Asked("load-reason", "Why so much?")]
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
