"""Which office acted: written with the event, on the timeline, in the staff's history, and in events of old."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import translation

from accounts import services as people
from municipality.models import Office
from transactions.admin.history import history
from transactions.models import Event
from transactions.text.timeline import history_of
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
MIGRATION = import_module("transactions.migrations.0010_acting_office")


def _whole_way(cast, submitted):
    """Routed, registered, returned, answered, through two offices and back, sent back, approved, sent out."""
    case = moves.register(submitted(), by=cast.registry, now=NOW)
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("id-unreadable")], by=cast.reviewer, now=NOW
    )
    asked = case.deficiencies.get()
    case = moves.answer(case, answers={asked.pk: "تم"}, by=cast.citizen, now=NOW)
    case = moves.recommend(case, by=cast.reviewer, now=NOW)
    case = moves.recommend(case, by=cast.informal, now=NOW)
    case = moves.send_back(case, reason="سبب", by=cast.supervisor, now=NOW)
    case = moves.recommend(case, by=cast.informal, now=NOW)
    case = moves.approve(case, by=cast.supervisor, now=NOW)
    return moves.dispatch(case, by=cast.registry, now=NOW)


WHOLE_WAY = [
    ("submit", None, ""),
    ("route", None, "SHR"),
    ("register", "SHR", ""),
    ("return", "SHR", ""),
    ("answer", None, ""),
    ("recommend", "SHR", "INF"),
    ("recommend", "INF", "SHR"),
    ("send_back", "SHR", "INF"),
    ("recommend", "INF", "SHR"),
    ("approve", "SHR", ""),
    ("dispatch", "SHR", ""),
]


def _told(case):
    return [
        (event.move, event.office and event.office.code, event.facts.get("branch") or event.facts.get("to", ""))
        for event in case.events.order_by("seq")
    ]


def test_each_event_names_the_office_that_acted_and_where_the_file_went(cast, submitted):
    assert _told(_whole_way(cast, submitted)) == WHOLE_WAY


def test_timeline_and_history_name_who_acted_and_which_stage_ended(cast, submitted):
    case = _whole_way(cast, submitted)
    with translation.override("en"):
        told = [(entry.title, entry.office) for entry in history_of(case) if entry.move == "recommend"]
        read = [(line.title, line.office) for line in history(case) if "completed" in line.title]
        ended = case.events.filter(move="recommend").order_by("seq")
        stages = [str(case.service_type.stage(event.from_stage).title) for event in ended]
        offices = [Office.objects.get(code=code).name for code in ("SHR", "INF", "INF")]
    expected = [(f"Stage “{stage}” completed", office) for stage, office in zip(stages, offices, strict=True)][::-1]
    assert told == read == expected
    assert len(set(stages)) == 2


def test_a_payment_taken_at_the_centre_is_the_centres(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    at_centre = moves.record_payment(case, payment_reference="1", by=cast.clerk, now=NOW)
    assert at_centre.events.last().office.code == "SC01"


def test_whoever_works_in_two_places_acts_from_the_one_whose_role_they_use(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    people.create_staff_post(cast.clerk, Office.objects.get(code="SHR"), "reviewer", on=NOW.date())
    paid = moves.record_payment(case, payment_reference="1", by=cast.clerk, now=NOW)
    assert paid.events.last().office.code == "SC01"


def _as_it_was_written(case):
    """The events as they used to be: naming the office that held the file afterwards, and not where it went to."""
    held = None
    for event in case.events.order_by("seq"):
        held = event.facts.get("branch") or event.facts.get("to") or held
        if event.move != "submit":
            event.office = Office.objects.get(code=held)
        if event.move != "refer":
            event.facts.pop("to", None)
        event.save()


def test_old_events_are_put_right_and_a_second_run_changes_nothing(cast, submitted):
    cases = [_whole_way(cast, submitted), drive(submitted("building-permit"), cast, "awaiting_payment")]
    cases[1] = moves.record_payment(cases[1], payment_reference="1", by=cast.clerk, now=NOW)
    other = drive(submitted(), cast, "under_study")
    cases.append(moves.refer(other, to=Office.objects.get(code="MTR"), reason="سبب", by=cast.reviewer, now=NOW))
    cases.append(drive(submitted(channel="counter", centre=Office.objects.get(code="SC01")), cast, "under_study"))
    before = [_told(case) for case in cases]
    for case in cases:
        _as_it_was_written(case)
    assert [_told(case) for case in cases] != before
    for _run in range(2):
        MIGRATION.name_who_acted(apps, connection.schema_editor())
        assert [_told(case) for case in cases] == before
    assert Event.objects.filter(move="submit", office__code="SC01").exists()
