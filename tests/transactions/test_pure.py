"""References, routing, clock and PINs: the pure modules, with properties where examples would not do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hijri import RIYADH
from municipality.calendar import WorkingCalendar
from transactions.domain import clock, pins
from transactions.domain.references import Reference, parse
from transactions.domain.routing import OfficeFacts, decide_route
from transactions.domain.service_types import Greater, RoutingRule

references = st.builds(
    Reference,
    node=st.sampled_from(["C1", "S7", "MA"]),
    incarnation=st.sampled_from("ABZ"),
    hijri_year=st.integers(1400, 1600),
    serial=st.integers(1, 10**9 - 1),
)


@given(references)
def test_a_reference_is_read_back_as_it_was_written(reference):
    assert parse(str(reference)) == reference


@given(references, st.data())
def test_one_wrong_character_is_noticed(reference, data):
    text = str(reference)
    places = [place for place, char in enumerate(text) if char != "-"]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c != text[place]]))
    assert parse(text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "typed",
    [
        "c1a-1448-000123-x",
        "C1A 1448 000123 X",
        "C1A1448000123X",
        "‏C1A–١٤٤٨–٠٠٠١٢٣–X‏",
        " C1A/1448/000123/X ",
    ],
)
def test_a_reference_is_read_as_people_type_it(typed):
    reference = Reference("C1", "A", 1448, 123)
    printed = str(reference)
    assert parse(typed.replace("x", printed[-1].lower()).replace("X", printed[-1])) == reference


@pytest.mark.parametrize("typed", ["", "C1A", "C1A-1448-000123-", "12345678", "C1A-1448-000123-X" * 50, "\x00", "ا"])
def test_what_is_no_reference_is_none(typed):
    assert parse(typed) is None


OFFICES = {
    "CTR": OfficeFacts("CTR"),
    "SHR": OfficeFacts("SHR", fallback="MTR"),
    "MTR": OfficeFacts("MTR"),
    "SC01": OfficeFacts("SC01", capacity=30, open_load=30),
    "SC02": OfficeFacts("SC02", capacity=10, open_load=9),
}
CENTRES = {"SHR": ["SC01", "SC02"], "MTR": []}
LARGE = RoutingRule("area.over_5000", Greater("area", 5000), "large plots")


def route(**changed):
    facts = {
        "rules": [LARGE],
        "answers": {"area": "900"},
        "district": "SHR-01",
        "district_branch": "SHR",
        "offices": OFFICES,
        "centres": CENTRES,
    }
    return decide_route(**(facts | changed))


def test_a_district_leads_to_its_sub_municipality_and_its_least_loaded_centre():
    decision = route()
    assert (decision.branch, decision.centre, decision.rule) == ("SHR", "SC02", "district.branch")
    assert decision.facts == {"district": "SHR-01", "loads": "SC01 30/30, SC02 9/10"}


def test_a_plot_above_the_limit_goes_to_the_central_office_and_says_why():
    decision = route(answers={"area": "5001"})
    assert (decision.branch, decision.rule, decision.facts["area"]) == ("CTR", "area.over_5000", "5001")


def test_the_limit_itself_is_still_the_branchs():
    assert route(answers={"area": "5000"}).branch == "SHR"


def test_an_unknown_district_goes_to_the_central_sorting_office():
    decision = route(district=None, district_branch=None)
    assert (decision.branch, decision.centre, decision.rule) == ("CTR", None, "district.unknown")


def test_a_suspended_branch_hands_over_to_its_fallback():
    suspended = OFFICES | {"SHR": OfficeFacts("SHR", suspended=True, fallback="MTR")}
    decision = route(offices=suspended)
    assert (decision.branch, decision.rule) == ("MTR", "district.branch+suspended.fallback")
    assert decision.facts["suspended"] == "SHR"


def test_fallbacks_in_a_circle_end_at_the_central_office():
    circle = OFFICES | {
        "SHR": OfficeFacts("SHR", suspended=True, fallback="MTR"),
        "MTR": OfficeFacts("MTR", suspended=True, fallback="SHR"),
    }
    assert route(offices=circle).branch == "CTR"


def test_a_suspended_centre_gets_nothing():
    assert route(offices=OFFICES | {"SC02": OfficeFacts("SC02", suspended=True)}).centre == "SC01"


@given(st.dictionaries(st.sampled_from(["A1", "A2", "A3", "A4"]), st.tuples(st.integers(1, 50), st.integers(0, 99))))
def test_the_same_facts_give_the_same_decision_whatever_their_order(loads):
    def with_order(codes):
        offices = OFFICES | {c: OfficeFacts(c, capacity=loads[c][0], open_load=loads[c][1]) for c in codes}
        return route(offices=offices, centres={"SHR": codes})

    assert with_order(list(loads)) == with_order(list(reversed(loads)))


def moment(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=RIYADH)


def test_a_due_date_skips_friday_saturday_and_holidays():
    calendar = WorkingCalendar([moment(23).date()])
    # Thursday 19 November + 2 working days: Sunday 22 (1), Monday is a holiday, Tuesday 24 (2).
    assert clock.due_moment(moment(19), 2, 0, calendar).date() == moment(24).date()


def test_pauses_push_the_due_date_by_as_many_working_days():
    calendar = WorkingCalendar()
    plain, paused = clock.due_moment(moment(1), 5, 0, calendar), clock.due_moment(moment(1), 5, 3, calendar)
    assert calendar.working_days_between(plain, paused) == 3


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)), st.integers(0, 60))
def test_added_working_days_are_counted_back(start, days):
    calendar = WorkingCalendar([moment(23).date()])
    aware = start.replace(tzinfo=RIYADH)
    assert calendar.working_days_between(aware, calendar.add_working_days(aware, days)) == days


def test_a_pin_is_eight_digits_and_belongs_to_one_reference(settings):
    one, two = pins.derive_pin("C1A-1448-000001-A"), pins.derive_pin("C1A-1448-000002-B")
    assert (len(one), one.isdecimal(), one == two) == (8, True, False)
    assert pins.pin_matches("C1A-1448-000001-A", f" {one[:4]} {one[4:]} ")
    eastern = one.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert pins.pin_matches("C1A-1448-000001-A", eastern)
    assert not pins.pin_matches("C1A-1448-000001-A", two)
    settings.RECEIPT_PIN_KEY = "another key"
    assert pins.derive_pin("C1A-1448-000001-A") != one


def test_a_long_time_is_still_counted_quickly():
    calendar = WorkingCalendar()
    start = moment(1)
    assert calendar.working_days_between(start, start + timedelta(days=7 * 500)) == 5 * 500
