"""Whatever day somebody typed, or a program wrote: counting and showing it have an answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from core.hijri import FIRST_DAY, LAST_DAY, OutsideCalendar, format_hijri, in_calendar
from core.templatetags.portal import both_dates, one_date
from municipality.calendar import FIRST, LAST, WORKING_WEEKDAYS, WorkingCalendar
from municipality.models import Holiday
from municipality.services import clear_caches, current_calendar

PLAIN = WorkingCalendar()
ANY_DAY = st.dates(date.min, date.max)
ANY_MOMENT = st.datetimes(datetime.min, datetime.max, timezones=st.just(UTC))


@given(ANY_DAY)
@example(FIRST_DAY)
@example(LAST_DAY)
@example(FIRST_DAY - timedelta(1))
@example(LAST_DAY + timedelta(1))
def test_every_day_is_shown_and_in_both_calendars_where_the_table_holds_it(day):
    with translation.override("en"):
        both, first = str(both_dates(day)), str(one_date(day))
    for shown in (both, first):
        assert f'datetime="{day.isoformat()}"' in shown
        assert (" AH" in shown) == in_calendar(day)
    if not in_calendar(day):
        with pytest.raises(OutsideCalendar):
            format_hijri(day, "en")


@given(ANY_MOMENT)
@example(datetime.max.replace(tzinfo=UTC))
@example(datetime.min.replace(tzinfo=UTC))
def test_every_moment_is_shown_with_its_time(moment):
    for show in (both_dates, one_date):
        assert f'datetime="{moment.isoformat()}"' in str(show(moment, time=True))


@given(ANY_MOMENT, st.integers(0, 400))
def test_every_moment_has_a_due_date_that_is_not_before_it(moment, days):
    due = PLAIN.add_working_days(moment, days)
    assert due.date() == date.max or due.date().weekday() in WORKING_WEEKDAYS
    if moment.date() > FIRST and due.date() < date.max - timedelta(14):
        assert due > moment
        assert PLAIN.working_days_between(moment, due) == days


@given(st.dates(LAST - timedelta(60), LAST + timedelta(2000)), st.integers(0, 60))
def test_counting_does_not_notice_where_the_listed_days_end(day, days):
    expected, left = day, days
    while expected.weekday() not in WORKING_WEEKDAYS:
        expected += timedelta(1)
    while left:
        expected += timedelta(1)
        left -= expected.weekday() in WORKING_WEEKDAYS
    assert PLAIN.add_working_days(datetime(day.year, day.month, day.day, 6, tzinfo=UTC), days).date() == expected
    following = PLAIN.next_working_day(day)
    assert (following > day, following.weekday() in WORKING_WEEKDAYS) == (True, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "days",
    [
        (date(2026, 12, 1), date(2062, 12, 2)),
        (date(2026, 12, 1), date(9999, 12, 31)),
        (date(1, 1, 1), date(9999, 12, 31)),
        (date(1448, 3, 1), date(1448, 3, 5)),
    ],
)
def test_a_holiday_of_any_length_leaves_a_calendar(days):
    Holiday.objects.create(name_ar="إجازة", name_en="Holiday", first_day=days[0], last_day=days[1])
    clear_caches()
    due = current_calendar().add_working_days(datetime(2026, 12, 1, 9, tzinfo=UTC), 10)
    assert due.date() not in current_calendar().holidays
