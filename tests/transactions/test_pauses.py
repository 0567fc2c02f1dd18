"""Due dates are a pure function of events, calendar and incidents, compared with a slow count hour by hour."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.hijri import RIYADH
from municipality.calendar import WorkingCalendar, closing_time
from transactions.domain import clock
from transactions.domain.clock import Step
from transactions.domain.gates import Scope
from transactions.domain.pauses import Pause, Span, Stay, days_lost, extended, merged, spans
from transactions.domain.workflow import CLOCK_STOPPED, CLOSED

START = datetime(2026, 2, 10, 0, tzinfo=RIYADH)  # Ramadan and both Eids lie ahead
HOURS = 24 * 70
CALENDARS = [
    WorkingCalendar(days)
    for days in ([], [date(2026, 3, 19), date(2026, 3, 22)], [date(2026, 2, 22) + timedelta(days=n) for n in range(9)])
]
STATUSES = ["under_study", "returned", "incoming", "awaiting_payment", "withdrawn", "awaiting_supervisor"]
SERVICE = "land-subdivision"


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


hours = st.integers(1, HOURS - 1)
scopes = st.builds(
    Scope,
    st.sampled_from([frozenset(), frozenset([SERVICE]), frozenset(["building-permit"])]),
    st.sampled_from([frozenset(), frozenset(["A"]), frozenset(["B"]), frozenset(["A", "B"])]),
)


@st.composite
def histories(draw):
    moments = [0, *sorted(draw(st.lists(hours, max_size=8)))]
    steps, stage = [], ""
    for number, hour in enumerate(moments):
        status = draw(st.sampled_from(STATUSES)) if number else "submitted"
        following = draw(st.sampled_from([stage, "one", "two"])) if number else "one"
        office = draw(st.sampled_from(["", "A", "B"])) if number else ""
        steps.append(Step(at(hour), status, stage, following, office, number > 0 and draw(st.booleans())))
        stage = following
    return steps


@st.composite
def lasting(draw, ended: bool = False):
    start = draw(st.integers(-200, HOURS - 1))
    end = draw(st.integers(start, HOURS + 100)) if ended or draw(st.booleans()) else None
    return Pause(draw(scopes), at(start), at(end) if end is not None else None, draw(st.integers(1, 99)))


def by_the_hour(steps, pauses, calendar, now):
    """(days stopped in all, in the present stage, stopped by an incident since): every hour looked at by itself."""
    first, began = steps[0].at, steps[0].at
    for step in steps:
        if step.to_stage != step.from_stage or step.arrives:
            began = step.at
    pauses = [pause for pause in pauses if pause.scope.covers(service=SERVICE) or pause.scope.offices]
    pauses = [pause for pause in pauses if not pause.scope.services or SERVICE in pause.scope.services]

    def touching(pause, moment):
        office = ""
        for step in steps:
            if step.at <= moment and step.office:
                office = step.office
        over = pause.end if pause.end is not None and pause.end <= now else None
        return (
            pause.start <= moment
            and (over is None or moment < over)
            and (not pause.scope.offices or office in pause.scope.offices)
        )

    def waiting(moment):
        status = [step.to_status for step in steps if step.at <= moment][-1]
        return status in CLOCK_STOPPED or status in CLOSED

    moments = [at(hour) for hour in range(HOURS) if first <= at(hour) <= now]
    still = [waiting(moment) or any(touching(pause, moment) for pause in pauses) for moment in moments]
    tail = len(moments)
    if still[-1]:
        while tail and still[tail - 1]:
            tail -= 1
    halted = moments[tail] if tail < len(moments) and any(touching(pause, now) for pause in pauses) else None
    whole = of_stage = 0
    for moment, stands in zip(moments[:tail], still[:tail], strict=True):
        close = datetime.combine(moment.date(), closing_time(moment.date()), RIYADH)
        if stands and moment <= close < moment + timedelta(hours=1) and calendar.is_working_day(moment.date()):
            whole += 1
            of_stage += close >= began
    return whole, of_stage, halted


def same_as_by_the_hour(steps, pauses, calendar):
    now = at(HOURS - 1)
    said = clock.read(steps, calendar, pauses, service=SERVICE, now=now)
    assert tuple(said) == by_the_hour(steps, pauses, calendar, now)
    shuffled = random.Random(len(pauses)).sample(pauses, len(pauses))
    assert clock.read(steps, calendar, shuffled, service=SERVICE, now=now) == said


@settings(max_examples=150)
@given(histories(), st.lists(lasting(), max_size=5), st.sampled_from(CALENDARS))
def test_the_clock_equals_a_count_hour_by_hour_in_whatever_order_incidents_came(steps, pauses, calendar):
    same_as_by_the_hour(steps, pauses, calendar)


@pytest.mark.thorough
@settings(max_examples=10_000)
@given(histories(), st.lists(lasting(), max_size=6), st.sampled_from(CALENDARS))
def test_the_clock_equals_a_count_hour_by_hour_ten_thousand_times(steps, pauses, calendar):
    same_as_by_the_hour(steps, pauses, calendar)


@given(histories(), st.lists(lasting(ended=True), max_size=4), lasting(ended=True), st.sampled_from(CALENDARS))
def test_a_pause_never_shortens(steps, pauses, another, calendar):
    now = at(HOURS + 200)
    before = clock.read(steps, calendar, pauses, service=SERVICE, now=now)
    after = clock.read(steps, calendar, [*pauses, another], service=SERVICE, now=now)
    assert after.whole >= before.whole
    assert after.of_stage >= before.of_stage
    due = [clock.due_moment(steps[0].at, 10, reading.whole, calendar) for reading in (before, after)]
    assert due[1] >= due[0]


@given(histories(), st.lists(lasting(ended=True), min_size=1, max_size=3), st.sampled_from(CALENDARS))
def test_what_was_declared_twice_counts_once(steps, pauses, calendar):
    now = at(HOURS + 200)
    once = clock.read(steps, calendar, pauses, service=SERVICE, now=now)
    assert clock.read(steps, calendar, [*pauses, *pauses], service=SERVICE, now=now) == once


def test_an_incident_that_lasts_stops_the_clock_since_what_stopped_it_before():
    calendar = CALENDARS[0]
    steps = [Step(at(0), "under_study", "", "one", "A"), Step(at(100), "returned", "one", "one")]
    incident = Pause(Scope(), at(200), None)
    assert clock.read(steps, calendar, [incident], service=SERVICE, now=at(300)).halted_at == at(100)
    # One that has not begun, or is at another office, stops nothing.
    for other in (Pause(Scope(), at(400), None), Pause(Scope(offices=frozenset(["B"])), at(200), None)):
        assert clock.read(steps, calendar, [other], service=SERVICE, now=at(300)).halted_at is None


def test_the_time_at_each_office_counts_for_itself():
    stays = [Stay(at(0), "A"), Stay(at(50), "B"), Stay(at(80), "A")]
    here = Pause(Scope(offices=frozenset(["A"])), at(40), at(90))
    assert spans([here], SERVICE, stays, at(999)) == [Span(at(40), at(50)), Span(at(80), at(90))]
    assert merged([Span(at(5), at(9)), Span(at(1), at(5)), Span(at(20), None), Span(at(30), at(40))]) == [
        Span(at(1), at(9)),
        Span(at(20), None),
    ]


@given(st.lists(lasting(), max_size=4), lasting(), st.integers(24, 24 * 60))
def test_what_expires_is_extended_by_the_days_incidents_took_and_never_ends_sooner(pauses, another, ends):
    asked = (SERVICE, ["A"], at(0), at(ends), at(HOURS + 200))
    until, longer = extended(pauses, *asked), extended([*pauses, another], *asked)
    assert at(ends) <= until <= longer
    assert extended(pauses[::-1], *asked) == until
    assert extended([*pauses, *pauses], *asked) == until
    # Hour by hour: an hour of an incident before the end, as it stands by then, puts the end off.
    lost, slow, hour, counting = 0, ends, 0, False
    touching = [pause for pause in pauses if pause.scope.covers(service=SERVICE, offices=["A"])]
    while hour < HOURS + 200:
        still = any(pause.start <= at(hour) and (pause.end is None or at(hour) < pause.end) for pause in touching)
        if hour >= slow and not (still and counting):
            break
        counting = still
        lost += still
        slow = ends + 24 * -(-lost // 24)
        hour += 1
    assert until == at(slow)


def test_days_lost_count_begun_days_whole_and_overlaps_once():
    two = [Pause(Scope(), at(0), at(30)), Pause(Scope(), at(20), at(49))]
    assert days_lost(two, at(0), at(500)) == 3
    assert days_lost(two, at(60), at(500)) == 0
    assert days_lost([Pause(Scope(), at(0), None)], at(0), at(24)) == 1
