"""How long what is open takes: right on figures one can check by hand, and never more sure than the weeks were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transactions.domain.forecasts import MIN_WEEKS, forecast

weeks = st.lists(st.integers(0, 500), min_size=MIN_WEEKS, max_size=12)


def test_of_even_weeks_it_is_sure():
    even = forecast(100, [10] * 7, [10] * 7)
    assert (even.weeks, even.least, even.most, even.growth) == (10, 10, 10, 0)
    assert forecast(101, [10] * 7, [10] * 7).weeks == 11


def test_of_uneven_weeks_it_says_from_and_to():
    uneven = forecast(60, [12] * 4, [8, 12, 8, 12])  # 10 a week, give or take 2.31
    assert (uneven.weeks, uneven.least, uneven.most) == (6, 5, 8)
    assert uneven.growth == 2


def test_where_too_little_was_decided_it_says_nothing():
    assert forecast(60, [1] * 3, [1] * 3) is None
    assert forecast(60, [1] * 7, [0] * 7) is None
    assert forecast(0, [1] * 7, [1] * 7) is None


def test_where_weeks_differ_more_than_they_hold_there_is_no_worst():
    assert forecast(60, [9] * 4, [0, 0, 0, 20]).most is None


@given(open_cases=st.integers(1, 100_000), decided=weeks)
def test_the_mean_lies_between_and_more_cases_never_take_less(open_cases, decided):
    if (one := forecast(open_cases, decided, decided)) is None:
        assert not any(decided)
        return
    assert one.least <= one.weeks
    assert one.most is None or one.weeks <= one.most
    assert forecast(open_cases + 1, decided, decided).weeks >= one.weeks
