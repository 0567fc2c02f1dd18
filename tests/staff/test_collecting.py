"""Documents and originals are handed out at a counter: who, ID seen, signed for, on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from municipality.models import Office
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import CounterVisit, Notification
from transactions.text.wording import sentence
from transactions.transitions.handing_out import hand_out
from transactions.visits.services import begin_visit

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def issued(cast, submitted):
    return drive(submitted("land-subdivision"), cast, "issued")


def came(case, who, clerk, **more):
    centre = Office.objects.get(code="SC01")
    typed = {"reference": case.reference, "national_id": who.national_id, "centre": centre, "by": clerk, "now": LATER}
    return begin_visit(**typed | {"purpose": "collect"} | more)


def test_the_owner_collects_and_hears_of_it(cast, issued):
    number = issued.issued_documents.get().number
    visit = came(issued, cast.citizen, cast.clerk)
    case = hand_out(
        issued, visit=visit, papers=[number, "made-up"], originals="أصل الصك\n\n  مخطط  ", signed=True,
        by=cast.clerk, now=LATER,
    )  # fmt: skip
    event = case.events.latest("seq")
    assert (event.move, event.to_status, event.actor, event.office.code) == ("hand_out", "issued", cast.clerk, "SC01")
    assert event.facts["papers"] == [number]
    assert event.facts["originals"] == ["أصل الصك", "مخطط"]
    visit.refresh_from_db()
    assert (visit.event, visit.ended_at, visit.whom) == (event, LATER, "owner")
    assert Notification.objects.filter(event=event, recipient=cast.citizen).exists()
    assert number in sentence(event)
    assert cast.citizen.full_name not in sentence(event), "the inquiry names nobody"


def test_twice_is_once(cast, issued):
    visit = came(issued, cast.citizen, cast.clerk)
    given = {"visit": visit, "papers": [], "originals": "أصل الصك", "signed": True, "by": cast.clerk, "now": LATER}
    hand_out(issued, **given)
    with pytest.raises(DomainError):
        hand_out(issued, **given)
    assert issued.events.filter(move="hand_out").count() == 1


@pytest.mark.parametrize(("originals", "signed"), [("", True), ("أصل", False), ("أصل\n" * 11, True), ("x" * 121, True)])
def test_nothing_unsigned_or_unnamed_is_handed_out(cast, issued, originals, signed):
    visit = came(issued, cast.citizen, cast.clerk)
    with pytest.raises(Invalid):
        hand_out(issued, visit=visit, papers=[], originals=originals, signed=signed, by=cast.clerk, now=LATER)
    assert not issued.events.filter(move="hand_out").exists()


def test_nobody_collects_for_a_stranger(cast, issued, submitted):
    for stranger in (cast.other_citizen, cast.engineer):
        with pytest.raises(NotVisible):
            came(issued, stranger, cast.clerk)
    permit = drive(submitted("building-permit"), cast, "issued")
    assert came(permit, cast.engineer, cast.clerk).whom == "office"
    with pytest.raises(DomainError) as elsewhere:
        came(permit, cast.citizen, cast.registry)
    assert elsewhere.value.code == "not_at_this_counter"


def test_a_visit_that_is_over_hands_out_nothing(cast, issued):
    visit = came(issued, cast.citizen, cast.clerk)
    with pytest.raises(DomainError):
        hand_out(
            issued, visit=visit, papers=[], originals="x", signed=True, by=cast.clerk, now=LATER + timedelta(hours=1)
        )
    with pytest.raises(DomainError):
        came(submitted_only(issued), cast.citizen, cast.clerk)


def submitted_only(case):
    """The same request as it was before it reached an office."""
    type(case).objects.filter(pk=case.pk).update(status="submitted", closed_at=None)
    return case


def test_the_pages_from_the_id_to_the_slip(cast, issued, signed_in):
    clerk = signed_in(cast.clerk)
    number = issued.issued_documents.get().number
    start = reverse("staff:collect")
    wrong = {"reference": issued.reference, "national_id": cast.other_citizen.national_id, "seen": "on"}
    centre = Office.objects.get(code="SC01").pk
    assert clerk.post(start, wrong | {"centre": centre}).status_code == 404
    begun = clerk.post(start, wrong | {"centre": centre, "national_id": cast.citizen.national_id})
    page = reverse("staff:collect_items", args=[issued.reference])
    assert (begun.status_code, begun.url) == (302, page)
    shown = clerk.post(page, {"papers": number, "originals": "أصل الصك", "show": "1"})
    assert cast.citizen.full_name in shown.content.decode()
    assert not issued.events.filter(move="hand_out").exists(), "the slip is looked at first"
    typed = {"papers": number, "originals": "أصل الصك", "record": "1", "version": issued.version}
    assert clerk.post(page, typed).status_code == 422
    done = clerk.post(page, typed | {"signed": "1"})
    assert (done.status_code, done.url) == (302, reverse("staff:collected", args=[CounterVisit.objects.get().key]))
    slip = clerk.get(done.url).content.decode()
    assert number in slip
    assert "أصل الصك" in slip
    assert signed_in(cast.other_registry).get(done.url).status_code == 404
