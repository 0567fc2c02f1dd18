"""A day at a counter: numbers without a gap, each once; who came and what was done; a receipt printed again."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from municipality.models import Office
from permits.catalogue import electricity_connection
from transactions.domain import kinds
from transactions.domain.errors import DomainError, NotVisible
from transactions.domain.service_types import DRAWING, PAPER, PHOTO, Document
from transactions.intake import drafts
from transactions.models import CounterTicket, CounterVisit, ReceiptReprint
from transactions.transitions.handing_out import hand_out
from transactions.visits import day, reprints, tickets
from transactions.visits.services import begin_visit, go_on

from ..conftest import NOW, drive, picture, upload

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def at(minutes):
    return LATER + timedelta(minutes=minutes)


@pytest.fixture
def centre(cast):
    return Office.objects.get(code="SC01")


def draw(centre, cast, minutes=0, key=None):
    return tickets.draw(centre, key=key or uuid4(), by=cast.clerk, now=at(minutes))


def came(case, who, cast, minutes=0, purpose="ask"):
    typed = {"reference": case.reference, "national_id": who.national_id, "purpose": purpose}
    return begin_visit(**typed, centre=Office.objects.get(code="SC01"), by=cast.clerk, now=at(minutes))


# -- numbers ---------------------------------------------------------------------------------------------------------
def test_numbers_have_no_gap_and_begin_anew_each_day_and_centre(cast, centre):
    assert [draw(centre, cast, minute).number for minute in range(5)] == [1, 2, 3, 4, 5]
    assert tickets.draw(centre, key=uuid4(), by=cast.clerk, now=at(24 * 60)).number == 1
    other = Office.objects.exclude(pk=centre.pk).filter(kind=centre.kind).first()
    with pytest.raises(DomainError) as elsewhere:
        tickets.draw(other, key=uuid4(), by=cast.clerk, now=LATER)
    assert elsewhere.value.code == "not_at_this_counter"


def test_a_form_that_comes_twice_draws_one_number(cast, centre):
    key = uuid4()
    assert draw(centre, cast, 0, key) == draw(centre, cast, 1, key)
    assert CounterTicket.objects.count() == 1


def test_a_number_that_is_undone_leaves_no_gap(cast, centre):
    draw(centre, cast)
    taken_back = transaction.savepoint()
    assert draw(centre, cast, 1).number == 2
    transaction.savepoint_rollback(taken_back)
    assert draw(centre, cast, 2).number == 2


def test_the_longest_waiting_is_called_and_the_one_before_is_served(cast, centre):
    first, second = draw(centre, cast, 0), draw(centre, cast, 1)
    assert tickets.call_next(centre, serving=None, by=cast.clerk, now=at(2)) == first
    called = tickets.call_next(centre, serving=first.pk, by=cast.clerk, now=at(9))
    first.refresh_from_db()
    assert (called, first.outcome, first.ended_at) == (second, "served", at(9))
    assert tickets.end("absent", serving=second.pk, by=cast.clerk, now=at(10)).outcome == "absent"
    # Nobody waits: who steps up without a slip is given the next number.
    assert tickets.call_next(centre, serving=None, by=cast.clerk, now=at(11)).number == 3


def test_a_second_window_skips_nobody(cast, centre):
    first, _second = draw(centre, cast, 0), draw(centre, cast, 1)
    tickets.call_next(centre, serving=None, by=cast.clerk, now=at(2))
    for serving in (None, 0):
        with pytest.raises(DomainError) as stale:
            tickets.call_next(centre, serving=serving, by=cast.clerk, now=at(3))
        assert stale.value.code == "another_ticket"
    assert tickets.serving_now(cast.clerk) == first
    tickets.end("served", serving=first.pk, by=cast.clerk, now=at(4))
    with pytest.raises(DomainError):
        tickets.end("served", serving=first.pk, by=cast.clerk, now=at(5))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_draw_different_numbers_in_a_row(cast, centre):
    """On PostgreSQL by the lock; SQLite writes one at a time."""
    problems = []

    def work():
        try:
            for _number in range(4):
                draw(centre, cast)
        except Exception as error:  # shown by the assertion below
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert sorted(CounterTicket.objects.values_list("number", flat=True)) == list(range(1, 17))


# -- the day's list --------------------------------------------------------------------------------------------------
def test_what_was_done_while_a_number_was_served_belongs_to_it(cast, centre, submitted):
    case = drive(submitted("land-subdivision"), cast, "issued")
    ticket = tickets.call_next(centre, serving=None, by=cast.clerk, now=at(0))
    visit = came(case, cast.citizen, cast, 1, "collect")
    hand_out(case, visit=visit, papers=[], originals="أصل الصك", signed=True, by=cast.clerk, now=at(3))
    tickets.end("served", serving=ticket.pk, by=cast.clerk, now=at(5))
    came(case, cast.citizen, cast, 6)
    absent = tickets.call_next(centre, serving=None, by=cast.clerk, now=at(8))
    tickets.end("absent", serving=absent.pk, by=cast.clerk, now=at(9))
    first, second, besides = day.list_day(cast.clerk, centre, timezone.localdate(LATER))
    assert [(deed.person, deed.reference) for deed in first.deeds] == [(cast.citizen, case.reference)]
    assert (first.ticket, second.ticket, second.deeds) == (ticket, absent, [])
    assert besides.ticket is None
    assert len(besides.deeds) == 1
    assert day.list_day(cast.clerk, centre, timezone.localdate(at(24 * 60))) == []


def test_a_request_taken_in_is_on_the_list(cast, centre, submitted):
    case = submitted("land-subdivision")
    type(case).objects.filter(pk=case.pk).update(taken_at=centre, taken_by=cast.clerk, submitted_at=at(2))
    (besides,) = day.list_day(cast.clerk, centre, timezone.localdate(LATER))
    assert [(deed.person, deed.clerk, deed.reference) for deed in besides.deeds] == [
        (case.applicant, cast.clerk, case.reference)
    ]


def test_the_list_is_for_the_clerks_of_the_centre(cast, centre):
    for stranger in (cast.reviewer, cast.registry, cast.citizen, cast.administrator):
        with pytest.raises(NotVisible):
            day.list_day(stranger, centre, timezone.localdate(LATER))


# -- asking, and the receipt again -----------------------------------------------------------------------------------
def test_the_receipt_is_printed_again_once_a_visit_and_counted(cast, submitted):
    case = submitted("land-subdivision")
    visit = came(case, cast.citizen, cast)
    first = reprints.reprint_receipt(visit, by=cast.clerk, now=at(1))
    assert reprints.reprint_receipt(visit, by=cast.clerk, now=at(2)) == first
    second = reprints.reprint_receipt(came(case, cast.citizen, cast, 5), by=cast.clerk, now=at(6))
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(DomainError) as over:
        reprints.reprint_receipt(visit, by=cast.clerk, now=at(7))
    assert over.value.code == "visit_over"
    assert ReceiptReprint.objects.count() == 2


def test_the_receipt_goes_to_nobody_after_the_visit_and_to_no_other_clerk(cast, submitted):
    case = submitted("land-subdivision")
    reprint = reprints.reprint_receipt(came(case, cast.citizen, cast), by=cast.clerk, now=at(1))
    assert reprints.get_reprint(cast.clerk, reprint.key, at(5)) == reprint
    for reader, minutes in ((cast.clerk, 31), (cast.reviewer, 5), (cast.citizen, 5)):
        with pytest.raises(NotVisible):
            reprints.get_reprint(reader, reprint.key, at(minutes))


def test_no_receipt_for_a_visit_that_is_for_something_else(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "issued")
    with pytest.raises(DomainError):
        reprints.reprint_receipt(came(case, cast.citizen, cast, 0, "collect"), by=cast.clerk, now=at(1))


def test_nobody_asks_about_a_strangers_request(cast, submitted):
    case = submitted("land-subdivision")
    with pytest.raises(NotVisible):
        came(case, cast.other_citizen, cast)


def test_who_asked_goes_on_without_a_second_look_at_the_id(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "issued")
    visit = came(case, cast.citizen, cast)
    following = go_on(visit, "collect", by=cast.clerk, now=at(2))
    assert (following.purpose, following.visitor, following.centre) == ("collect", cast.citizen, visit.centre)
    with pytest.raises(DomainError) as over:
        go_on(visit, "collect", by=cast.clerk, now=at(3))
    assert over.value.code == "visit_over"
    with pytest.raises(DomainError) as not_returned:
        go_on(came(case, cast.citizen, cast, 4), "answer", by=cast.clerk, now=at(5))
    assert not_returned.value.code == "not_waiting_for_you"


# -- pages -----------------------------------------------------------------------------------------------------------
def test_from_the_number_to_the_receipt_printed_again(cast, submitted, signed_in, client):
    case, clerk = submitted("land-subdivision"), signed_in(cast.clerk)
    clerk.post("/language/", {"language": "en", "next": "/"})
    centre = Office.objects.get(code="SC01")
    page, change = reverse("staff:counter"), reverse("staff:tickets")
    key = str(uuid4())
    drawn = clerk.post(change, {"centre": "SC01", "serving": "", "key": key, "draw": "1"})
    assert drawn.status_code == 302
    slip = clerk.get(drawn.url.partition("#")[0]).content.decode()
    assert "Your number" in slip
    assert centre.name_en in slip
    assert clerk.post(change, {"centre": "SC01", "serving": "", "next": "1"}).url == page
    assert "You are serving number" in clerk.get(page).content.decode()
    typed = {"reference": case.reference, "national_id": cast.citizen.national_id, "seen": "on", "centre": centre.pk}
    wrong = clerk.post(reverse("staff:ask"), typed | {"national_id": cast.other_citizen.national_id})
    assert wrong.status_code == 404
    begun = clerk.post(reverse("staff:ask"), typed)
    about = reverse("staff:ask_about", args=[case.reference])
    assert (begun.status_code, begun.url) == (302, about)
    html = clerk.get(about).content.decode()
    assert cast.citizen.full_name in html
    assert cast.citizen.phone not in html
    printed = clerk.post(about, {"reprint": "1"})
    paper = clerk.get(printed.url.partition("#")[0]).content.decode()
    assert "Printed again, no. 1" in paper
    assert clerk.post(about, {"reprint": "1"}).url == printed.url
    listed = clerk.get(reverse("staff:counter_day")).content.decode()
    assert cast.citizen.full_name in listed
    assert "Receipt printed again (no. 1)" in listed
    assert case.reference in listed


def test_pages_refuse_what_is_made_up(cast, signed_in, submitted):
    clerk, change = signed_in(cast.clerk), reverse("staff:tickets")
    asked = [{"centre": "SC99", "next": "1"}, {"centre": "SC01", "draw": "1", "key": "x"}, {"centre": "", "draw": "1"}]
    assert {clerk.post(change, sent).status_code for sent in asked} == {404}
    listed = reverse("staff:counter_day")
    for query in ("day=x", "day=2999-01-01", "day=0001-01-01", "centre=CTR"):
        assert clerk.get(f"{listed}?{query}").status_code == 404, query
    assert signed_in(cast.reviewer).get(listed).status_code == 404
    case = submitted("land-subdivision")
    assert clerk.get(reverse("staff:ask_about", args=[case.reference])).status_code == 404
    assert not CounterVisit.objects.exists()


# -- the camera ------------------------------------------------------------------------------------------------------
def test_a_photograph_goes_under_the_name_of_its_document_beside_what_was_picked(cast, signed_in, centre):
    draft = drafts.start_draft(electricity_connection.SERVICE, by=cast.clerk, applicant=cast.citizen, centre=centre)
    clerk, page = signed_in(cast.clerk), reverse("staff:intake", args=[draft.key])
    boxes = re.findall(r"<input[^>]*capture=[^>]*>", clerk.get(page).content.decode())
    cameras = {re.search(r'name="(\w+)"', box)[1] for box in boxes}
    documents = {document.code: document for document in electricity_connection.SERVICE.documents}
    assert cameras
    for name in cameras:
        assert documents[name].may_be_photographed
    assert all('accept="image/*"' in box for box in boxes)
    sent = {"facade_photo": [upload("a.png", picture()), upload("camera.jpg", picture("JPEG"))], "later": "1"}
    clerk.post(page, sent)
    assert sorted(draft.attachments.values_list("original_name", flat=True)) == ["a.png", "camera.jpg"]


@pytest.mark.parametrize(("accepts", "may"), [(PAPER, True), (PHOTO, True), (DRAWING, False), ((kinds.PDF,), False)])
def test_a_drawing_is_not_photographed(accepts, may):
    assert Document("x", "x", accepts=accepts).may_be_photographed is may
