"""The three stories and the counter, told to the services."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.services import identify_visitor
from journal.models import Entry
from municipality.models import Office
from transactions import access
from transactions.domain import pins
from transactions.domain.errors import Invalid
from transactions.inquiry import services as inquiry
from transactions.models import Channel, Movement
from transactions.text.timeline import movements_of
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, upload

pytestmark = pytest.mark.django_db


def test_an_electricity_request_goes_the_whole_way(cast, submitted):
    case = submitted("electricity-connection")
    assert (case.branch.code, case.held_by.code, case.status) == ("SHR", "SHR", "incoming")
    assert case.centre.code == "SC01"

    found = inquiry.find_by_pin(case.reference, pins.derive_pin(case.reference), address="10.0.0.1", now=NOW)
    assert found == case

    case = moves.register(case, by=cast.registry, now=NOW)
    line = Movement.objects.get(transaction=case)
    assert (line.office.code, line.direction, line.number, line.hijri_year) == ("SHR", "in", 1, 1448)

    case = moves.recommend(case, by=cast.reviewer, now=NOW)
    assert (case.stage, case.held_by.code, case.status) == ("informal", "INF", "under_tech_audit")
    case = moves.recommend(case, by=cast.informal, now=NOW)
    assert (case.stage, case.held_by.code) == ("approval", "SHR")
    case = moves.approve(case, by=cast.supervisor, now=NOW)
    case = moves.dispatch(case, by=cast.registry, now=NOW)
    assert case.status == "completed"
    sent = Movement.objects.filter(transaction=case, direction="out", office__code="SHR").last()
    assert sent.recipient
    assert [event.move for event in case.events.all()] == [
        "submit",
        "route",
        "register",
        "recommend",
        "recommend",
        "approve",
        "dispatch",
    ]
    assert [entry.kind for entry in Entry.objects.filter(subject=case.reference)] == ["received", "decided", "issued"]


def test_a_home_with_a_deed_skips_the_informal_areas_audit(cast, submitted):
    case = submitted(
        "electricity-connection",
        ownership="permit",
        plan_number="415",
        parcel_number="9",
    )
    case = moves.register(case, by=cast.registry, now=NOW)
    case = moves.recommend(case, by=cast.reviewer, now=NOW)
    assert (case.stage, case.held_by.code) == ("approval", "SHR")


def test_a_returned_subdivision_keeps_its_number_and_its_clock_stops(cast, submitted):
    case = submitted("land-subdivision")
    case = moves.register(case, by=cast.registry, now=NOW)
    reference, due = case.reference, case.due_at
    back = NOW + timedelta(days=1)
    case = moves.return_for_completion(
        case,
        deficiencies=[RequestedCompletion("survey-stamp"), RequestedCompletion("part-area", "الجزء الأول أصغر من 200")],
        by=cast.reviewer,
        now=back,
    )
    assert (case.status, case.paused_at, case.due_at) == ("returned", back, None)
    asked = list(case.deficiencies.all())
    assert [item.code for item in asked] == ["survey-stamp", "part-area"]

    answered = back + timedelta(days=7)
    case = moves.answer(case, answers={item.pk: "تم" for item in asked}, by=cast.citizen, now=answered)
    assert (case.reference, case.status, case.stage) == (reference, "under_tech_audit", "survey")
    assert (case.paused_at, case.paused_days) == (None, 5)
    assert case.due_at == due + timedelta(days=7)

    case = drive(case, cast, "issued", answered)
    assert case.issued_documents.get().kind == "subdivision-minutes"


def test_days_that_waited_for_the_applicant_stay_counted_through_withdrawal_and_reopening(cast, submitted):
    case = moves.register(submitted("land-subdivision"), by=cast.registry, now=NOW)
    due, back = case.due_at, NOW + timedelta(days=1)
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("survey-stamp")], by=cast.reviewer, now=back
    )
    case = moves.withdraw(case, by=cast.citizen, now=back + timedelta(days=7))
    assert (case.paused_at, case.paused_days, case.closed_at) == (None, 5, back + timedelta(days=7))
    case = moves.reopen(case, reason="عاد", by=cast.supervisor, now=back + timedelta(days=14))
    assert (case.paused_days, case.closed_at) == (10, None)
    assert case.due_at == due + timedelta(days=14)


def test_what_was_asked_before_a_withdrawal_is_not_waited_for_after_the_next_return(cast, submitted, signed_in):
    case = moves.register(submitted("land-subdivision"), by=cast.registry, now=NOW)
    case = moves.return_for_completion(
        case,
        deficiencies=[RequestedCompletion("survey-stamp"), RequestedCompletion("part-area")],
        by=cast.reviewer,
        now=NOW,
    )
    left = list(case.deficiencies.all())
    case = moves.withdraw(case, by=cast.citizen, now=NOW)
    case = moves.reopen(case, reason="عاد", by=cast.supervisor, now=NOW)
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("survey-stamp")], by=cast.reviewer, now=NOW
    )
    asked = case.deficiencies.get(round=2)

    page = signed_in(cast.citizen)
    assert page.get(reverse("transactions:request", args=[case.reference])).context["open_points"] == 1
    rows = page.get(reverse("transactions:answer", args=[case.reference])).context["rows"]
    assert [row["item"] for row in rows] == [asked]
    url = reverse("transactions:add_answer_file", args=[case.reference, left[0].pk])
    assert page.post(url, {"file": upload()}).status_code == 404
    with pytest.raises(Invalid):
        moves.answer(case, answers={item.pk: "تم" for item in [*left, asked]}, by=cast.citizen, now=NOW)
    case = moves.answer(case, answers={asked.pk: "تم"}, by=cast.citizen, now=NOW)
    assert (case.status, case.events.last().facts["count"]) == ("under_tech_audit", 1)
    assert [item.answered_at for item in case.deficiencies.filter(round=1)] == [None, None]
    html = signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference])).content.decode()
    assert "لم يُجب عنه بعد" not in html


def test_a_plot_over_5000_goes_to_the_central_office_and_the_event_says_why(cast, submitted):
    parts = [
        {"area_m2": "3000", "frontage_m": "40", "street": "1", "street_width_m": "20"},
        {"area_m2": "3000", "frontage_m": "40", "street": "2", "street_width_m": "20"},
    ]
    case = submitted("land-subdivision", area_m2="6000", parts=parts)
    event = case.events.get(move="route")
    assert (case.branch.code, event.rule, event.facts["area_m2"]) == ("CTR", "subdivision.area-over-5000", "6000")


def test_a_building_permit_is_issued_for_three_years_under_a_number_of_its_office(cast, submitted):
    case = drive(submitted("building-permit"), cast, "issued")
    permit = case.issued_documents.get()
    assert permit.valid_until.isoformat() == "2029-11-24"
    assert permit.number == "SHR-1448-000001"


def test_a_counter_request_is_found_by_its_owner_later(cast, submitted):
    owner = identify_visitor(national_id="1010101010", full_name="مراجع", phone="0555555555", by=cast.clerk, now=NOW)
    centre = Office.objects.get(code="SC01")
    case = submitted(by=owner, channel=Channel.COUNTER, centre=centre)
    assert (case.taken_by, case.taken_at, case.applicant) == (cast.clerk, centre, owner)
    assert list(access.own_requests(owner)) == [case]


@pytest.mark.parametrize("clerk_reads", ["ar", "en"])
def test_where_a_file_was_sent_is_read_in_the_readers_language(clerk_reads, cast, submitted, signed_in, client):
    case = drive(submitted(), cast, "approved")
    with translation.override(clerk_reads):
        case = moves.dispatch(case, by=cast.registry, now=NOW + timedelta(days=1))
    assert case.movements.last().recipient == "الشركة السعودية للكهرباء"
    secrets = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    citizen, registry = signed_in(cast.citizen), signed_in(cast.registry)

    def read():
        """Every place that says where it went: the request, the inquiry, the register, both answers of the API."""
        said = [
            citizen.get(reverse("transactions:request", args=[case.reference])),
            client.post(reverse("transactions:inquiry"), secrets),
            registry.get(reverse("staff:transactions_movement_changelist")),
            registry.get(reverse("staff:case", args=[case.reference])),
            citizen.get(f"/api/v1/transactions/{case.reference}/"),
            client.post("/api/v1/inquiries/", secrets, content_type="application/json"),
        ]
        return [answer.content.decode() for answer in said]

    names = {"ar": "الشركة السعودية للكهرباء", "en": "Saudi Electricity Company"}
    for language, other in (("ar", "en"), ("en", "ar")):
        for one in (citizen, registry, client):
            one.cookies["language"] = language
        for number, text in enumerate(read()):
            assert names[language] in text, (language, number)
            assert names[other] not in text, (language, number)


def test_a_line_of_the_register_from_before_is_read_like_any_other(cast, submitted):
    case = drive(submitted(), cast, "completed")
    case.movements.filter(direction="out").update(recipient="Saudi Electricity Company")
    with translation.override("ar"):
        assert movements_of(case)[-1].recipient == "الشركة السعودية للكهرباء"
    case.movements.filter(direction="out").update(recipient="The company of that time")
    assert movements_of(case)[-1].recipient == "The company of that time"
