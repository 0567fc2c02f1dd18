"""Seed data, calendars and dates."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import hijri
from core.text import search_key, western_digits
from municipality.calendar import closing_time
from municipality.models import Certainty, District, Holiday, Office, OfficeKind
from municipality.services import DATA, load_reference_data, save_reference


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
    done = load_reference_data()
    assert (set(done.created.values()), done.changed, done.left) == ({0}, [], [])
    centre.refresh_from_db()
    assert centre.capacity == 77


MOVED = ("BLD-09", "BLD-10", "BLD-11", "AZZ-06", "AZZ-07")


@pytest.mark.django_db
def test_districts_a_source_places_are_moved_unless_an_administrator_edited_them(cast, submitted):
    """As a portal stands that was seeded before: its codes stay, its open requests too."""
    for code in MOVED:
        before = Office.objects.get(code=code.split("-")[0])
        District.objects.filter(code=code).update(sub_municipality=before, certainty=Certainty.GUESS)
    edited = District.objects.get(code="BLD-10")
    edited.name_en, edited._history_user = "Thaalibah", cast.administrator
    save_reference(edited)
    case = submitted(district="BLD-09")
    assert case.branch.code == "BLD"

    done = load_reference_data()

    assert set(done.changed) == set(MOVED) - {"BLD-10"}
    assert done.left == ["BLD-10"]
    homes = dict(District.objects.filter(code__in=MOVED).values_list("code", "sub_municipality__code"))
    assert homes == dict.fromkeys(MOVED, "JAM") | {"BLD-10": "BLD"}
    case.refresh_from_db()
    assert case.branch.code == "BLD"
    assert submitted(district="BLD-09").branch.code == "JAM"
    reasons = District.objects.get(code="BLD-09").history.values_list("history_change_reason", flat=True)
    assert any("seed" in (reason or "") for reason in reasons)
    assert load_reference_data().changed == []


@pytest.mark.django_db
def test_14_more_districts_are_attested_by_a_source(city):
    attested = District.objects.filter(sub_municipality__code__in=["JAM", "BRM", "UMS"], certainty=Certainty.ATTESTED)
    assert {f"JAM-{n:02d}" for n in range(1, 8)} | {*MOVED, "BRM-02", "UMS-06"} <= {row.code for row in attested}
    assert District.objects.get(code="AZZ-06").name_ar == "الفيحاء"


def test_no_code_of_the_seed_is_given_twice():
    data = json.loads((DATA / "sub_municipalities.json").read_text(encoding="utf-8"))
    rows = [row for branch in data["sub_municipalities"] for row in branch["districts"]]
    codes = [row["code"] for row in (*rows, *data["unassigned_districts"], *data["special_zones"])]
    assert len(codes) == len(set(codes)) > 150


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
