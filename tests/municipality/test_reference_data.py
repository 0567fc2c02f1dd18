"""Seed data, calendars and dates."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from municipality import hijri
from municipality.calendar import closing_time
from municipality.models import Certainty, District, Holiday, Office, OfficeKind
from municipality.services import load_reference_data
from municipality.text import search_key, western_digits


@pytest.mark.django_db
def test_the_seed_holds_14_branches_26_centres_and_the_districts(city):
    kinds = [
        Office.objects.filter(kind=kind).count() for kind in (OfficeKind.SUB_MUNICIPALITY, OfficeKind.SERVICE_CENTRE)
    ]
    assert kinds == [14, 26]
    assert District.objects.count() > 150
    centres = Office.objects.filter(kind=OfficeKind.SERVICE_CENTRE)
    assert {centre.parent.kind for centre in centres} == {OfficeKind.SUB_MUNICIPALITY}


@pytest.mark.django_db
def test_certainty_is_kept_and_samples_are_samples(city):
    assert set(Office.objects.values_list("certainty", flat=True)) <= set(Certainty.values)
    assert Office.objects.filter(certainty=Certainty.SAMPLE).exists()


@pytest.mark.django_db
def test_loading_twice_changes_nothing_and_keeps_edits(city):
    centre = Office.objects.filter(kind=OfficeKind.SERVICE_CENTRE).first()
    centre.capacity = 77
    centre.save()
    assert set(load_reference_data().values()) == {0}
    centre.refresh_from_db()
    assert centre.capacity == 77


@given(st.dates(date(1990, 1, 1), date(2070, 1, 1)))
def test_a_hijri_date_is_read_back(day):
    assert hijri.from_hijri(*hijri.hijri_parts(day)) == day


@pytest.mark.parametrize(
    "parts", [(1448, 13, 1), (1448, 0, 10), (1448, 2, 31), (1342, 1, 1), (1501, 1, 1), (9999, 1, 1)]
)
def test_there_is_no_such_hijri_day(parts):
    with pytest.raises(ValueError):  # noqa: PT011 – which sentence is the form's business
        hijri.from_hijri(*parts)


def test_the_day_changes_at_midnight_in_jeddah():
    from datetime import UTC

    assert hijri.riyadh_day(datetime(2026, 11, 23, 21, 30, tzinfo=UTC)) == date(2026, 11, 24)


def test_offices_close_earlier_in_ramadan():
    assert closing_time(date(2026, 2, 25)) < closing_time(date(2026, 11, 24))


def test_searching_folds_what_readers_do_not_distinguish():
    assert search_key("أبحُر الشماليّة") == search_key("ابحر الشماليه")
    assert western_digits("١٤٤٨۰") == "14480"


@pytest.mark.django_db
def test_holidays_cover_both_feasts_of_the_coming_years(city):
    years = {holiday.first_day.year for holiday in Holiday.objects.all()}
    assert {2025, 2026, 2027} <= years
