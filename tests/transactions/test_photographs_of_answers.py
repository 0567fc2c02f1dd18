"""Photographs of a document that a return asks for become one PDF of the answer; scans of many pages are taken."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from transactions.attachments import photographs
from transactions.attachments import services as attachments
from transactions.domain.errors import Invalid
from transactions.models import AnswersInProgress
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, STEP, drive
from ..staff.visiting import came
from .test_photographs import BLUE, GREEN, RED, colours, content_of, photograph

pytestmark = pytest.mark.django_db


@pytest.fixture
def returned(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    asked = [RequestedCompletion("", "أعد إرسال الصك", ("deed",))]
    return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + STEP)


def address(case, name="answer_photographs", document="deed", room="transactions"):
    item = case.deficiencies.get()
    return f"{reverse(f'{room}:{name}', args=[case.reference, item.pk])}?document={document}"


def scan(name, *shades):
    """A TIFF with a page of each colour."""
    pages = [Image.new("RGB", (300, 400), shade) for shade in shades]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    return SimpleUploadedFile(name, out.getvalue())


def test_an_applicant_answers_with_photographs_and_loses_nothing_typed(cast, returned, signed_in):
    page, item = signed_in(cast.citizen), returned.deficiencies.get()
    own = reverse("transactions:answer", args=[returned.reference])
    shown = page.get(own).content.decode()
    assert f'value="{item.pk}/deed"' in shown
    pressed = page.post(own, {f"answer-{item.pk}": "هذا هو الصك كاملًا", "photographs": f"{item.pk}/deed"})
    assert pressed["Location"] == address(returned)
    assert AnswersInProgress.objects.filter(transaction=returned).exists() or returned.deficiencies.get().answer
    page.post(address(returned), {"photographs": [photograph("1.jpg", RED), photograph("2.jpg", GREEN)]})
    files = list(photographs.photographs_for(f"answer/{item.pk}/deed", cast.citizen))
    order = {f"page.{file.key}": number for file, number in zip(files, (2, 1), strict=True)}
    made = page.post(address(returned), {"combine": "1", "shown": [file.key for file in files], **order})
    assert made["Location"] == own
    attached = item.attachments.get(removed_at=None)
    assert (attached.document, attached.content_type, attached.pages) == ("deed", "application/pdf", 2)
    assert [colour for colour, _upright in colours(content_of(attached))] == ["green", "red"]
    back = page.get(own).content.decode()
    assert "هذا هو الصك كاملًا" in back
    assert attached.original_name in back
    page.post(own, {f"answer-{item.pk}": "هذا هو الصك كاملًا"})
    returned.refresh_from_db()
    assert returned.status == "under_tech_audit"
    # Nobody waits for photographs any more.
    late = address(returned)
    assert page.get(late).status_code == 302
    assert page.post(late, {"photographs": [photograph("3.jpg")]}).status_code == 302
    assert not photographs.photographs_for(f"answer/{item.pk}/deed", cast.citizen).exists()


def test_a_clerk_makes_the_pdf_for_a_visitor_while_the_visit_lasts(cast, returned, signed_in):
    page, item = signed_in(cast.clerk), returned.deficiencies.get()
    url = address(returned, "visit_photographs", room="staff")
    assert page.get(url).status_code == 404
    came(returned, cast.clerk)
    own = reverse("staff:visit_answer", args=[returned.reference])
    pressed = page.post(own, {f"answer-{item.pk}": "حضر المالك", "photographs": f"{item.pk}/deed"})
    assert pressed["Location"] == url
    sent = {"photographs": [photograph("a.jpg"), photograph("b.jpg", BLUE)], "combine": "1"}
    assert page.post(url, sent)["Location"] == own
    assert item.attachments.get(removed_at=None).pages == 2
    assert "حضر المالك" in page.get(own).content.decode()
    for person, expected in ((cast.reviewer, 404), (cast.supervisor, 404), (cast.other_citizen, 302)):
        assert signed_in(person).get(url).status_code == expected


def test_photographs_of_an_answer_are_for_whoever_answers_and_for_what_is_asked(cast, returned, signed_in):
    page = signed_in(cast.citizen)
    for document in ("survey_report", "nothing"):
        assert page.get(address(returned, document=document)).status_code == 404
    missing = reverse("transactions:answer_photographs", args=[returned.reference, 999_999])
    assert page.get(missing).status_code == 404
    for person in (cast.other_citizen, cast.reviewer, cast.clerk):
        other = signed_in(person)
        for url in (address(returned), address(returned, "add_answer_photograph")):
            assert other.post(url, {"photographs": [photograph("a.jpg")]}).status_code in (302, 404, 422)
        assert not photographs.photographs_for(f"answer/{returned.deficiencies.get().pk}/deed", person).exists()


def test_one_by_one_for_the_script(cast, returned, signed_in):
    page = signed_in(cast.citizen)
    url = address(returned, "add_answer_photograph")
    answer = page.post(url, {"file": photograph("one.jpg")})
    assert answer.status_code == 200
    assert "one.jpg" in answer.content.decode()
    refused = page.post(url, {"file": SimpleUploadedFile("no.jpg", b"nothing of the kind")})
    assert (refused.status_code, "no.jpg" in refused.content.decode()) == (422, True)


# -- scans -----------------------------------------------------------------------------------------------------


def test_every_page_of_a_scan_becomes_a_page_in_its_order(cast, returned, signed_in):
    page, item = signed_in(cast.citizen), returned.deficiencies.get()
    sent = [photograph("first.jpg", RED), scan("deed.tif", GREEN, BLUE, RED)]
    page.post(address(returned), {"photographs": sent, "combine": "1"})
    attached = item.attachments.get(removed_at=None)
    assert attached.pages == 4
    assert [colour for colour, _upright in colours(content_of(attached))] == ["red", "green", "blue", "red"]


def test_a_scan_that_does_not_fit_is_refused_whole_and_the_others_are_kept(cast, monkeypatch):
    monkeypatch.setattr(photographs, "MAX_PHOTOGRAPHS", 3)
    photographs.add_photograph("here", photograph("a.jpg"), by=cast.citizen, now=NOW)
    with pytest.raises(Invalid) as refused:
        photographs.add_photograph("here", scan("many.tiff", RED, GREEN, BLUE), by=cast.citizen, now=NOW)
    assert [problem.code for problem in refused.value.problems] == ["too_many_documents"]
    assert photographs.photographs_for("here", cast.citizen).count() == 1
    last = photographs.add_photograph("here", scan("two.tiff", RED, GREEN), by=cast.citizen, now=NOW)
    names = [file.original_name for file in photographs.photographs_for("here", cast.citizen)]
    assert names == ["a.jpg", "two.tiff.jpg", last.original_name]
    assert last.original_name.startswith("2 – two.tiff")


def test_a_scan_sent_twice_is_there_once(cast):
    for _twice in range(2):
        photographs.add_photograph("here", scan("two.tiff", RED, GREEN), by=cast.citizen, now=NOW)
    assert photographs.photographs_for("here", cast.citizen).count() == 2


def test_a_scan_that_breaks_off_leaves_no_page(cast):
    whole = scan("cut.tiff", RED, GREEN).read()
    with pytest.raises(Invalid):
        photographs.add_photograph("here", SimpleUploadedFile("cut.tiff", whole[:200]), by=cast.citizen, now=NOW)
    assert not photographs.photographs_for("here", cast.citizen).exists()
    assert not attachments.unattached_of(cast.citizen).exists()
