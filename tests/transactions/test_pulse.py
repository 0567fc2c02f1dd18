"""What the home page tells of the city is true."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from core.hijri import riyadh_day
from municipality.models import Holiday, Office
from municipality.services import save_reference
from transactions.admin.supervision import chart
from transactions.models import DayFigure, Event, Transaction
from transactions.selectors import figures
from transactions.selectors.statistics import _median, read_statistics
from transactions.transitions import moves, recount

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
MIGRATION = import_module("transactions.migrations.0012_figures_from_events")
WEEK = timedelta(days=7)


def median_of(code):
    found = {line.code: line for line in read_statistics(NOW).services}[code]
    return found.median_days, found.decided


def test_days_to_approval_leave_out_waiting_for_the_applicant_and_nothing_after_it(cast, submitted):
    """Approved two weeks (ten working days) after it came in, paid for a week after that."""
    for _ in range(5):
        case = drive(submitted("building-permit", now=NOW - 5 * WEEK), cast, "awaiting_supervisor", NOW - 5 * WEEK)
        case = moves.approve(case, by=cast.supervisor, now=NOW - 3 * WEEK)
        case = moves.record_payment(case, payment_reference=f"P{case.pk}", by=cast.registry, now=NOW - 2 * WEEK)
        moves.issue(case, by=cast.registry, now=NOW - 2 * WEEK)
    assert median_of("building-permit") == (10, 5)


def test_days_of_a_returned_request_are_the_offices_own(cast, submitted):
    for _ in range(5):
        case = drive(submitted(now=NOW - 5 * WEEK), cast, "under_study", NOW - 5 * WEEK)
        code = case.service_type.deficiencies[0].code
        case = moves.return_for_completion(
            case, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=NOW - 4 * WEEK
        )
        asked = {case.deficiencies.get().pk: "أرفقته"}
        case = moves.answer(case, answers=asked, by=cast.citizen, now=NOW - 2 * WEEK)
        while case.status != "awaiting_supervisor":
            case = moves.recommend(
                case, by=cast.reviewer if case.stage != "informal" else cast.informal, now=NOW - WEEK
            )
        moves.approve(case, by=cast.supervisor, now=NOW - WEEK)
    # Four weeks lie between, two of them with the applicant.
    assert median_of("electricity-connection") == (10, 5)


def test_too_few_decisions_tell_nothing(cast, submitted):
    drive(submitted(now=NOW - WEEK), cast, "completed", NOW - WEEK)
    assert median_of("electricity-connection") == (None, 1)


def _published(now):
    """What the home page tells of the weeks gone by, and the supervisors of three offices of theirs."""
    with translation.override("en"):
        of_city = read_statistics(now)
        offices = [Office.objects.get(code=code) for code in ("SHR", "MTR", "CTR")]
        of_offices = [[series.values for series in chart([office], now.date()).series] for office in offices]
    return of_city.weeks, of_city.decided, of_city.services, of_offices


def test_nothing_done_later_changes_a_figure_of_the_past(cast, submitted):
    """Approved, refused, withdrawn and referred files, then re-opened, withdrawn, referred and decided anew."""
    then = NOW - 3 * WEEK
    refused = [drive(submitted(now=then), cast, "awaiting_supervisor", then) for _ in range(3)]
    for case in refused:
        moves.reject(case, reason="سبب", by=cast.supervisor, now=then)
    approved = []
    for _ in range(6):
        case = drive(submitted("building-permit", now=then - WEEK), cast, "awaiting_supervisor", then)
        approved.append(moves.approve(case, by=cast.supervisor, now=then))
    before = _published(NOW)
    assert sum(decided for _first, _received, decided in before[0]) == 9
    assert before[3][0] == [(0, 0, 0, 6, 3, 0, 0, 0), (0, 0, 0, 0, 9, 0, 0, 0)]
    assert {line.code: (line.median_days, line.decided) for line in before[2]}["building-permit"] == (5, 6)

    for case in refused:
        case.refresh_from_db()
        moves.reopen(case, reason="سبب", by=cast.supervisor, now=NOW)
    for case in approved[:3]:
        moves.withdraw(case, by=cast.citizen, now=NOW)
    reopened = moves.reopen(approved[0], reason="سبب", by=cast.supervisor, now=NOW)
    referred = moves.refer(reopened, to=Office.objects.get(code="MTR"), reason="سبب", by=cast.reviewer, now=NOW)
    assert referred.branch.code == "MTR"
    first = riyadh_day(then) - timedelta(days=6)
    save_reference(Holiday(name_ar="عيد", name_en="Feast", first_day=first, last_day=first + timedelta(days=2)))
    while work_off(timezone.now() + recount.WAIT):
        pass
    after = _published(NOW)
    assert after[:3] == before[:3]
    assert after[3][0] == before[3][0]
    assert [sum(values) for values in after[3][1]] == [1, 0]


def test_the_last_seven_days_are_days_of_the_calendar(cast, submitted):
    midnight = NOW.replace(hour=0, minute=0)
    submitted(now=midnight - timedelta(days=6))
    submitted(now=midnight - timedelta(days=6, minutes=1))
    assert read_statistics(NOW.replace(hour=23)).received == 1


def test_old_approvals_get_the_days_they_took(cast, submitted):
    for _ in range(5):
        case = drive(submitted("building-permit", now=NOW - 5 * WEEK), cast, "under_study", NOW - 5 * WEEK)
        code = case.service_type.deficiencies[0].code
        case = moves.return_for_completion(
            case, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=NOW - 4 * WEEK
        )
        moves.answer(case, answers={case.deficiencies.get().pk: "نعم"}, by=cast.citizen, now=NOW - 3 * WEEK)
        case = drive(case, cast, "awaiting_supervisor", NOW - 3 * WEEK)
        moves.approve(case, by=cast.supervisor, now=NOW - 2 * WEEK)
    written = {event.pk: event.facts for event in Event.objects.filter(move="approve")}
    assert {facts["working_days"] for facts in written.values()} == {10}
    for event in Event.objects.filter(move="approve"):
        event.facts.pop("working_days")
        event.save()
    assert median_of("building-permit") == (None, 0)
    for _run in range(2):
        MIGRATION.write_days(apps, connection.schema_editor())
        assert {event.pk: event.facts for event in Event.objects.filter(move="approve")} == written
    assert median_of("building-permit") == (10, 5)


def test_days_that_are_over_are_kept_and_say_what_counting_says(cast, submitted):
    for days in (0, 1, 2, 8, 20, 20, 69):
        case = drive(submitted(now=NOW - timedelta(days=days)), cast, "completed", NOW - timedelta(days=days))
    counted = read_statistics(NOW)
    assert figures.store_past_days(NOW) == figures.DAYS
    assert figures.store_past_days(NOW) == 0, "twice changes nothing"
    kept = read_statistics(NOW)
    assert replace(kept, at=counted.at) == counted
    assert {line.code: (line.median_days, line.decided) for line in kept.services}["electricity-connection"] == (0, 7)
    assert sum(DayFigure.objects.values_list("received", flat=True)) == 6, "today is not over"
    Transaction.objects.filter(pk=case.pk).update(submitted_at=NOW - timedelta(days=3))
    assert read_statistics(NOW).weeks == kept.weeks, "nothing changes a day that is over"


def test_days_kept_before_approvals_were_have_them_added_and_nothing_else_changed(cast, submitted):
    day = NOW - timedelta(days=3)
    for _ in range(5):
        drive(submitted(now=day), cast, "completed", day)
    counted = read_statistics(NOW)
    DayFigure.objects.create(day=day.date(), received=9, decided=8)
    assert read_statistics(NOW).services == counted.services, "not kept yet: counted"
    figures.store_past_days(NOW)
    row = DayFigure.objects.get(day=day.date())
    assert (row.received, row.decided, row.approvals) == (9, 8, {"electricity-connection": {"0": 5}})
    assert read_statistics(NOW).services == counted.services


@given(st.dictionaries(st.integers(0, 400), st.integers(1, 30), min_size=1))
def test_the_median_of_counts_is_that_of_the_values(counts):
    assert _median(Counter(counts)) == statistics.median(Counter(counts).elements())


def test_a_day_is_kept_only_when_nothing_of_it_can_be_committed_any_more(city):
    midnight = figures.start_of_day(NOW.date())
    figures.store_past_days(midnight + timedelta(minutes=30))
    assert not DayFigure.objects.filter(day=NOW.date() - timedelta(days=1)).exists()
    figures.store_past_days(midnight + timedelta(hours=2))
    assert DayFigure.objects.filter(day=NOW.date() - timedelta(days=1)).exists()
