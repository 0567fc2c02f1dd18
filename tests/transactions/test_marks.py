"""Marks on documents: kept once, taken back or told, never both; measured as the page is; seen by who may see them."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from transactions.attachments import marks
from transactions.attachments.marks import Place
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import Deficiency, Mark
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from .. import papers
from ..conftest import NOW, become, drive

pytestmark = pytest.mark.django_db
BOX = Place(1, "rectangle", [(0.1, 0.2), (0.4, 0.3)], "العرض أقل من المطلوب")


@pytest.fixture
def case(cast, submitted):
    return drive(submitted(), cast, "under_study")


@pytest.fixture
def file(case):
    file = case.attachments.filter(content_type="application/pdf").first()
    become(file, papers.of_pages(3, (600, 400)), 3)
    return file


def asked(*made: Mark) -> list[RequestedCompletion]:
    return [RequestedCompletion("", mark.text, marks=(mark.pk,)) for mark in made]


# -- kept ------------------------------------------------------------------------------------------------------------
def test_a_mark_sent_twice_is_one(file, cast):
    key = uuid.uuid4()
    first = marks.add_mark(file, BOX, by=cast.reviewer, key=key, now=NOW)
    assert marks.add_mark(file, BOX, by=cast.reviewer, key=key, now=NOW) == first
    assert Mark.objects.count() == 1


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (Place(4, "point", [(0.5, 0.5)], "x"), "unknown_page"),
        (Place(0, "point", [(0.5, 0.5)], "x"), "unknown_page"),
        (Place(1, "circle", [(0.5, 0.5)], "x"), "unknown_shape"),
        (Place(1, "point", [(0.5, 1.5)], "x"), "no_place"),
        (Place(1, "point", [(float("nan"), 0.5)], "x"), "no_place"),
        (Place(1, "point", [], "x"), "no_place"),
        (Place(1, "rectangle", [(0.1, 0.1)], "x"), "no_place"),
        (Place(1, "area", [(0.1, 0.1), (0.2, 0.2)], "x", 0.01), "no_place"),
        (Place(1, "length", [(0.1, 0.1)] * 101, "x", 0.01), "no_place"),
        (Place(1, "point", [(0.5, 0.5)], " \n "), "required"),
        (Place(1, "point", [(0.5, 0.5)], "x" * 2001), "too_long"),
        (Place(1, "length", [(0.1, 0.1), (0.2, 0.2)]), "no_scale"),
        (Place(1, "length", [(0.1, 0.1), (0.2, 0.2)], metres=float("inf")), "no_scale"),
        (Place(1, "area", [(0, 0), (0, 1), (1, 1)], metres=-1), "no_scale"),
    ],
)
def test_what_is_no_place_is_refused_in_words(place, code, file, cast):
    with pytest.raises(Invalid) as error:
        marks.add_mark(file, place, by=cast.reviewer, now=NOW)
    assert code in {problem.code for problem in error.value.problems}
    assert not Mark.objects.exists()


@given(st.text(max_size=60) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_is_sent_as_a_place_is_a_place_or_refused(sent):
    with pytest.raises(Invalid):
        marks.place_of(sent)


@pytest.mark.parametrize("sent", ['{"page": 1e999, "shape": "point", "points": []}', '{"page": 1, "points": [[1]]}'])
def test_a_crooked_place_is_refused(sent):
    with pytest.raises(Invalid):
        marks.place_of(sent)


def test_lengths_and_areas_are_worked_out_here(file, cast):
    """The page is 5,000 × 3,333 pixels at 600 dpi; a centimetre a pixel makes it 50 m wide."""
    length = marks.add_mark(file, Place(1, "length", [(0, 0), (0.5, 0), (0.5, 0.5)], "", 0.01), by=cast.reviewer)
    assert length.measured == pytest.approx(25 + 16.665)
    square = [(0, 0), (0.2, 0), (0.2, 0.3), (0, 0.3)]
    for corners in (square, square[::-1]):
        area = marks.add_mark(file, Place(1, "area", corners, "", 0.01), by=cast.reviewer)
        assert area.measured == pytest.approx(10 * 9.999)


# -- who -------------------------------------------------------------------------------------------------------------
def test_only_who_works_on_the_case_marks(file, case, cast):
    for stranger in (cast.citizen, cast.other_reviewer, cast.other_citizen):
        with pytest.raises(NotVisible):
            marks.add_mark(file, BOX, by=stranger, now=NOW)
    mark = marks.add_mark(file, BOX, by=cast.reviewer, now=NOW)
    with pytest.raises(NotVisible):
        marks.take_back(file, mark.pk, by=cast.citizen, now=NOW)


def test_the_applicant_sees_a_mark_once_a_return_told_of_it_and_not_before(file, case, cast, signed_in):
    told = marks.add_mark(file, BOX, by=cast.reviewer, now=NOW)
    marks.add_mark(file, Place(1, "point", [(0.5, 0.5)], "للنقاش مع الزميل"), by=cast.reviewer, now=NOW)
    address = reverse("transactions:marks", args=[file.key])
    owner, reviewer = signed_in(cast.citizen), signed_in(cast.reviewer)
    assert owner.get(address).json() == {"marks": [], "may_mark": False}
    assert len(reviewer.get(address).json()["marks"]) == 2
    moves.return_for_completion(case, deficiencies=asked(told), by=cast.reviewer, now=NOW)
    (seen,) = owner.get(address).json()["marks"]
    assert (seen["text"], seen["points"]) == (BOX.text, [[0.1, 0.2], [0.4, 0.3]])
    assert "by" not in seen, "the office asks, and no person"
    assert cast.reviewer.full_name in {mark["by"] for mark in reviewer.get(address).json()["marks"]}


def test_a_mark_becomes_a_deficiency_that_points_at_its_place(file, case, cast, signed_in):
    mark = marks.add_mark(file, BOX, by=cast.reviewer, now=NOW)
    reviewer = signed_in(cast.reviewer)
    page = reviewer.get(reverse("staff:case", args=[case.reference]))
    assert f'name="mark" value="{mark.pk}"' in page.content.decode()
    case.refresh_from_db()
    sent = {"version": case.version, "mark": mark.pk, f"mark-{mark.pk}": "وسّع الممر إلى 1.20 م."}
    assert reviewer.post(reverse("staff:move", args=[case.reference, "return"]), sent).status_code == 302
    deficiency = Deficiency.objects.get()
    assert deficiency.sentence == "وسّع الممر إلى 1.20 م."
    assert deficiency.names == (file.document,)
    assert list(deficiency.places.all()) == [mark]
    owner = signed_in(cast.citizen)
    place = f"{reverse('transactions:sheet', args=[file.key, 1])}?mark={mark.pk}"
    answering = owner.get(reverse("transactions:answer", args=[case.reference])).content.decode()
    assert place in answering
    shown = owner.get(place).content.decode()
    assert '<polygon points="100.0,133.4 400.0,133.4 400.0,200.1 100.0,200.1"' in shown, "without scripts too"
    assert BOX.text in shown


# -- two at once -----------------------------------------------------------------------------------------------------
def test_a_mark_taken_back_meanwhile_stops_the_return(file, case, cast):
    mark = marks.add_mark(file, BOX, by=cast.reviewer, now=NOW)
    marks.take_back(file, mark.pk, by=cast.second_reviewer, now=NOW)
    marks.take_back(file, mark.pk, by=cast.second_reviewer, now=NOW)
    with pytest.raises(Invalid) as error:
        moves.return_for_completion(case, deficiencies=asked(mark), by=cast.reviewer, now=NOW)
    assert error.value.problems[0].code == "mark_is_gone"
    assert not Deficiency.objects.exists()
    assert Mark.objects.get().removed_by == cast.second_reviewer, "it stays on record"


def test_a_mark_the_applicant_knows_is_never_taken_back(file, case, cast):
    mark = marks.add_mark(file, BOX, by=cast.reviewer, now=NOW)
    moves.return_for_completion(case, deficiencies=asked(mark), by=cast.reviewer, now=NOW)
    with pytest.raises(DomainError) as error:
        marks.take_back(file, mark.pk, by=cast.reviewer, now=NOW)
    assert error.value.code == "mark_is_told"
    with pytest.raises(IntegrityError), transaction.atomic():
        Mark.objects.update(removed_at=NOW)


def test_a_mark_of_another_case_goes_into_no_return(file, case, cast, submitted):
    mark = marks.add_mark(file, BOX, by=cast.reviewer, now=NOW)
    other = drive(submitted(), cast, "under_study")
    with pytest.raises(Invalid):
        moves.return_for_completion(other, deficiencies=asked(mark), by=cast.reviewer, now=NOW)
    assert Mark.objects.get().deficiency is None


def test_marks_come_and_go_over_the_page(file, case, cast, signed_in):
    reviewer, address = signed_in(cast.reviewer), reverse("transactions:marks", args=[file.key])
    place = {"page": 2, "shape": "point", "points": [[0.5, 0.25]], "text": "هنا"}
    sent = {"place": json.dumps(place), "key": str(uuid.uuid4())}
    made = reviewer.post(address, sent)
    assert made.status_code == 201
    assert reviewer.post(address, sent).json()["id"] == made.json()["id"]
    assert reviewer.post(address, {"place": "nonsense"}).status_code == 422
    assert signed_in(cast.citizen).post(address, sent).status_code == 404
    remove = reverse("transactions:take_mark_back", args=[file.key, made.json()["id"]])
    assert signed_in(cast.citizen).post(remove).status_code == 404
    assert reviewer.post(remove).status_code == 204
    assert reviewer.get(address).json()["marks"] == []


# -- two documents ---------------------------------------------------------------------------------------------------
def test_two_documents_of_a_case_stand_side_by_side_for_who_may_see_both(file, case, cast, signed_in):
    other = case.attachments.filter(content_type="application/pdf").exclude(pk=file.pk).first()
    page = reverse("transactions:compare_files", args=[file.key, other.key])
    for person in (cast.reviewer, cast.citizen):
        shown = signed_in(person).get(page, {"page": 99}).content.decode()
        assert reverse("transactions:preview_page", args=[file.key, 3]) in shown, "without scripts too"
        assert reverse("transactions:preview_page", args=[other.key, 1]) in shown
    assert signed_in(cast.other_citizen).get(page).status_code == 404
    link = reverse("transactions:compare_files", args=[other.key, file.key])
    assert link in signed_in(cast.reviewer).get(reverse("transactions:sheet", args=[file.key, 1])).content.decode()
