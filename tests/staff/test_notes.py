"""Internal notes: colleagues read them, and nobody else does, by any road."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import services as people
from transactions import access
from transactions.domain import pins
from transactions.domain.errors import Invalid, NotVisible
from transactions.models import Channel, Note, Notification
from transactions.transitions import moves, notes

from ..conftest import NOW, drive, stored

pytestmark = pytest.mark.django_db
SECRET = "الجار اعترض هاتفيًا، راجعوا الحدود قبل الاعتماد"


@pytest.fixture
def case(cast, submitted):
    return drive(submitted(), cast, "under_study")


def test_a_note_keeps_who_when_and_from_which_office_and_changes_nothing_else(cast, case):
    before = stored(case)
    note = notes.write_note(case, text=f"  {SECRET} ", by=cast.reviewer, to=cast.supervisor, now=NOW)
    assert (note.text, note.author, note.to, note.at) == (SECRET, cast.reviewer, cast.supervisor, NOW)
    assert note.office == case.held_by
    assert stored(case) == before
    moves.recommend(case, by=cast.reviewer, now=NOW, version=case.version)


def test_those_who_work_on_the_case_read_it(cast, case, signed_in):
    notes.write_note(case, text=SECRET, by=cast.reviewer, now=NOW)
    for person in (cast.reviewer, cast.second_reviewer, cast.supervisor, cast.registry):
        assert SECRET in signed_in(person).get(reverse("staff:case", args=[case.reference])).content.decode()


def test_the_applicant_and_the_public_never_see_it_by_any_road(cast, case, signed_in, client):
    moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("id-unreadable")], by=cast.reviewer, now=NOW, version=case.version
    )
    case.refresh_from_db()
    notes.write_note(case, text=SECRET, by=cast.reviewer, to=cast.supervisor, now=NOW)
    page = signed_in(cast.citizen)
    for name in ("request", "receipt", "answer", "timeline"):
        answer = page.get(reverse(f"transactions:{name}", args=[case.reference]))
        assert answer.status_code == 200
        assert SECRET not in answer.content.decode(), name
    for name in ("requests", "notices"):
        assert SECRET not in page.get(reverse(f"transactions:{name}")).content.decode()
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    said = client.post(reverse("transactions:inquiry"), asked).content.decode()
    assert case.reference in said
    assert SECRET not in said
    for url in (f"/api/v1/transactions/{case.reference}/", "/api/v1/transactions/"):
        for person in (cast.citizen, cast.reviewer):
            assert SECRET not in signed_in(person).get(url).content.decode("unicode_escape", "ignore")
            assert SECRET not in signed_in(person).get(url).content.decode()
    said = client.post("/api/v1/inquiries/", asked, content_type="application/json")
    assert said.status_code == 200
    assert SECRET not in said.content.decode()
    assert not Notification.objects.filter(recipient=cast.supervisor).exists()


def test_nobody_outside_the_case_writes_one(cast, case, signed_in):
    for person in (cast.other_reviewer, cast.other_registry, cast.administrator, cast.citizen, cast.engineer):
        with pytest.raises(NotVisible):
            notes.write_note(case, text="x", by=person, now=NOW)
        answer = signed_in(person).post(reverse("staff:note", args=[case.reference]), {"text": "x"})
        assert answer.status_code in (302, 404)
    assert not Note.objects.exists()


def test_whoever_the_case_is_about_does_not_read_the_notes_though_they_work_there(cast, submitted, signed_in):
    own = drive(submitted(by=cast.second_reviewer), cast, "under_study")
    notes.write_note(own, text=SECRET, by=cast.reviewer, now=NOW)
    page = signed_in(cast.second_reviewer)
    assert SECRET not in page.get(reverse("staff:case", args=[own.reference])).content.decode()
    assert page.post(reverse("staff:note", args=[own.reference]), {"text": "x"}).status_code == 404
    with pytest.raises(Invalid):
        notes.write_note(own, text="x", by=cast.reviewer, to=cast.second_reviewer, now=NOW)


def test_a_note_for_a_colleague_waits_in_their_queue_until_they_have_read_it(cast, case, signed_in):
    notes.write_note(case, text=SECRET, by=cast.reviewer, to=cast.supervisor, now=NOW)
    page, url = signed_in(cast.supervisor), reverse("staff:case", args=[case.reference])
    assert SECRET in page.get(reverse("staff:index")).content.decode()
    assert SECRET not in signed_in(cast.registry).get(reverse("staff:index")).content.decode()
    # Another's pressing does not count.
    signed_in(cast.registry).post(reverse("staff:notes_read", args=[case.reference]))
    assert access.notes_waiting_for(cast.supervisor).count() == 1
    assert page.post(reverse("staff:notes_read", args=[case.reference])).url == url
    assert SECRET not in page.get(reverse("staff:index")).content.decode()
    assert Note.objects.get().read_at is not None


def test_a_note_stops_waiting_when_the_colleague_leaves_the_office(cast, case):
    notes.write_note(case, text=SECRET, by=cast.reviewer, to=cast.supervisor, now=NOW)
    cast.supervisor.posts.update(ends_on=NOW.date() - timedelta(days=1))
    cast.supervisor.__dict__.pop("_posts", None)
    assert not access.notes_waiting_for(cast.supervisor).exists()


@pytest.mark.parametrize("text", ["", "   \n", "ا" * 2001])
def test_a_note_that_says_nothing_or_too_much_is_refused_and_what_was_typed_comes_back(text, cast, case, signed_in):
    answer = signed_in(cast.reviewer).post(reverse("staff:note", args=[case.reference]), {"text": text})
    assert answer.status_code == 422
    assert text.strip() in answer.content.decode()
    assert not Note.objects.exists()


def test_a_note_goes_to_colleagues_of_the_case_only(cast, case, signed_in):
    page = signed_in(cast.reviewer)
    for to in (cast.other_reviewer.pk, cast.citizen.pk, cast.reviewer.pk, "x", "٣"):
        answer = page.post(reverse("staff:note", args=[case.reference]), {"text": "ملاحظة", "to": to})
        assert answer.status_code in (409, 422), to
    assert not Note.objects.exists()


def test_the_clerk_who_took_the_request_reads_what_the_office_writes(cast, submitted):
    from municipality.models import Office

    taken = submitted(channel=Channel.COUNTER, centre=Office.objects.get(code="SC01"))
    assert access.may_read_notes(cast.clerk, taken)
    other = people.create_staff_post(cast.everyone["citizen"], Office.objects.get(code="SC02"), "centre_clerk").user
    assert not access.may_read_notes(other, taken)


def test_the_database_refuses_an_empty_note(cast, case):
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.create(transaction=case, at=NOW, author=cast.reviewer, text="")


def test_a_note_that_comes_twice_is_one_note(cast, case):
    first = notes.write_note(case, text="راجعوا الحد الشمالي", by=cast.reviewer, to=cast.supervisor, now=NOW)
    again = notes.write_note(case, text=" راجعوا الحد الشمالي\u200f", by=cast.reviewer, to=cast.supervisor, now=NOW)
    assert again == first
    later = notes.write_note(
        case, text="راجعوا الحد الشمالي", by=cast.reviewer, to=cast.supervisor, now=NOW + notes.DUPLICATE_WINDOW
    )
    to_all = notes.write_note(case, text="راجعوا الحد الشمالي", by=cast.reviewer, now=NOW)
    assert len({first.pk, later.pk, to_all.pk}) == 3


def test_whoever_is_no_longer_staff_reads_what_they_were_writing(cast, case, signed_in):
    page, url = signed_in(cast.reviewer), reverse("staff:note", args=[case.reference])
    assert page.get(reverse("staff:case", args=[case.reference])).status_code == 200
    cast.reviewer.posts.update(ends_on=NOW.date() - timedelta(days=30))
    answer = page.post(url, {"text": "راجعوا الحد الشمالي مع الرفع"}, follow=True)
    html = answer.content.decode()
    assert answer.status_code == 403
    assert "راجعوا الحد الشمالي مع الرفع" in html
    assert "انتهت جلستك" not in html
    assert not Note.objects.exists()
    assert page.get(answer.request["PATH_INFO"], {"next": url}).status_code == 302, "shown once"
