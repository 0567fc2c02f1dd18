"""What a month is told to have come to is what happened, and is published once, with nobody given away."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta

import pytest
from django.test import Client

from municipality.models import Office
from transactions.domain.withheld import ALL, is_small
from transactions.models import Event, Incident, IncidentNotice, MonthFigures, Transaction
from transactions.selectors import open_figures
from transactions.selectors.open_figures import COLUMNS, Month, counted, published, store_past_months
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
THIS, NEXT = date(2026, 11, 1), date(2026, 12, 1)
AFTER = NOW.replace(month=12, day=2)
E = "electricity-connection"


def busy(**cells: int) -> Month:
    """A month in which each office received, decided in time and approved so many."""
    found = Month()
    for office, many in cells.items():
        cell = (E, office)
        found.received[cell] = found.decided[cell] = many
        found.took[cell] = Counter({3: many - many // 5, 9: many // 5})
    return found


def rows_of(month: Month) -> dict[tuple[str, str], dict]:
    return {(row["service"], row["office"]): row for row in published(THIS, month, ["SHR", "MTR", "CTR"])}


def test_a_month_is_counted_from_what_happened_in_it(cast, submitted):
    drive(submitted(), cast, "completed")
    refused = drive(submitted(), cast, "awaiting_supervisor")
    moves.reject(refused, reason="no", by=cast.supervisor, now=NOW + timedelta(hours=9))
    submitted(routed=False)
    submitted(now=NOW + timedelta(days=20))
    found = counted(THIS)
    assert found.received == {(E, "SHR"): 2, (E, "unrouted"): 1}
    assert found.decided == {(E, "SHR"): 2}
    assert +found.refused == {(E, "SHR"): 1}
    assert +found.late == {}
    assert {cell: sum(days.values()) for cell, days in found.took.items()} == {(E, "SHR"): 2}
    assert counted(NEXT).received == {(E, "SHR"): 1}


@pytest.mark.parametrize("facts", [True, False])
def test_late_is_beyond_the_working_days_promised(facts, cast, submitted):
    """Also of refusals from before their days were written into the event."""
    case = drive(submitted(now=NOW - timedelta(days=60)), cast, "awaiting_supervisor", now=NOW - timedelta(days=60))
    moves.reject(case, reason="no", by=cast.supervisor, now=NOW)
    if not facts:
        Event.objects.filter(move="reject").update(facts={})
    assert +counted(THIS).late == {(E, "SHR"): 1}


def test_a_month_is_published_once_it_is_over_and_never_changes(cast, submitted):
    submitted()
    assert store_past_months(NOW) == 0
    assert store_past_months(AFTER) == 1
    before = MonthFigures.objects.get(month=THIS).rows
    drive(Transaction.objects.get(), cast, "completed")
    submitted()
    assert store_past_months(AFTER + timedelta(hours=1)) == 0
    assert MonthFigures.objects.get(month=THIS).rows == before


def test_months_in_which_nothing_came_are_published_too(cast, submitted):
    submitted(now=NOW - timedelta(days=100))
    assert store_past_months(NOW) == 3
    assert open_figures.months() == [date(2026, 10, 1), date(2026, 9, 1), date(2026, 8, 1)]
    assert {row["received"] for row in open_figures.of_month(date(2026, 9, 1))} == {0}


def test_figures_are_those_of_the_month_and_totals_add_up():
    rows = rows_of(busy(SHR=40, MTR=20, CTR=10))
    assert rows[E, "SHR"] == {
        "month": "2026-11", "service": E, "office": "SHR", "received": 40, "decided": 40, "refused": 0, "late": 0,
        "in_time": 40, "median_days": 3, "p90_days": 9, "withheld": [],
    }  # fmt: skip
    assert rows[ALL, ALL]["received"] == rows[E, ALL]["received"] == 70
    assert (rows[E, "CTR"]["median_days"], rows[E, "CTR"]["p90_days"]) == (3, None)
    assert rows["building-permit", ALL]["received"] == 0


@pytest.mark.parametrize("small", [1, 4])
def test_a_small_figure_is_withheld_and_cannot_be_subtracted(small):
    rows = rows_of(busy(SHR=40, MTR=20, CTR=small))
    for name in ("received", "decided"):
        parts = [rows[E, office][name] for office in ("SHR", "MTR", "CTR")]
        assert rows[E, "CTR"][name] is None
        assert rows[E, ALL][name] is None or parts.count(None) > 1
        assert name in rows[E, "CTR"]["withheld"]
    assert rows[E, "CTR"]["median_days"] is None


def test_the_files_say_the_same_as_the_page(cast, submitted):
    for _number in range(6):
        drive(submitted(), cast, "completed")
    submitted(routed=False)
    store_past_months(AFTER)
    client = Client()
    said = client.get("/figures/figures.json").json()["rows"]
    text = client.get("/figures/figures.csv").content.decode()
    table = list(csv.DictReader(io.StringIO(text)))
    assert list(table[0]) == list(COLUMNS)
    assert len(table) == len(said)
    for row, line in zip(said, table, strict=True):
        for name in COLUMNS:
            if name == "incidents":
                assert line[name].split() == [str(number) for number in row[name]]
                continue
            shown = "withheld" if name in row["withheld"] else "" if row[name] is None else str(row[name])
            assert line[name] == shown
    assert client.get("/figures/2026-11.json").json()["rows"] == said
    client.cookies["language"] = "en"
    page = client.get("/figures/2026-11/").content.decode()
    assert "Ash-Sharafiyah" in page


def test_nothing_small_is_in_anything_that_is_published(cast, submitted):
    drive(submitted(), cast, "completed")
    submitted(routed=False)
    store_past_months(AFTER)
    for row in open_figures.every_row():
        for name in ("received", "decided", "refused", "late"):
            assert row[name] is None or not is_small(row[name])


@pytest.mark.parametrize(
    "path", ["/figures/2026-13/", "/figures/x/", "/figures/2020-01/", "/figures/x.csv", "/figures/?office=nowhere"]
)
def test_what_was_never_published_is_not_there(path, cast):
    assert Client().get(path).status_code == 404


def test_a_cache_may_keep_them_and_asks_whether_they_changed(cast, submitted):
    submitted()
    store_past_months(AFTER)
    client = Client()
    for path in ("/figures/figures.csv", "/figures/figures.json", "/figures/2026-11.csv"):
        answer = client.get(path)
        assert "public" in answer["Cache-Control"]
        assert client.get(path, HTTP_IF_MODIFIED_SINCE=answer["Last-Modified"]).status_code == 304


def test_every_office_and_service_of_the_figures_has_a_name(cast, submitted):
    submitted()
    store_past_months(AFTER)
    for language in ("ar", "en"):
        client = Client()
        client.cookies["language"] = language
        page = client.get("/figures/").content.decode()
        assert f'lang="{language}"' in page
        assert ">unrouted<" not in page
        for office in Office.objects.filter(kind="sub_municipality"):
            assert f">{office.name_en if language == 'en' else office.name_ar}<" in page.replace("\u2068", "")


def announce(seq: int = 1, incident: Incident | None = None, **about) -> Incident:
    """Something said of an incident, as it stands in its table."""
    incident = incident or Incident.objects.create(declared_at=NOW)
    IncidentNotice.objects.create(
        incident=incident, seq=seq, starts_at=about.pop("starts_at", NOW), next_update_at=AFTER, at=AFTER,
        text_ar="تعطل", text_en="An outage", **about,
    )  # fmt: skip
    return incident


@pytest.mark.parametrize(
    ("about", "touched"),
    [
        ({}, {(ALL, ALL), (E, "SHR"), ("building-permit", "MTR")}),
        ({"services": [E]}, {(ALL, ALL), (E, "SHR")}),
        ({"offices": ["SHR"]}, {(ALL, ALL), (E, "SHR")}),
        ({"services": [E], "offices": ["MTR"]}, {(ALL, ALL)}),
        ({"starts_at": AFTER}, set()),
        ({"starts_at": NOW - timedelta(days=60), "ended_at": NOW - timedelta(days=40)}, set()),
        (
            {"starts_at": NOW - timedelta(days=60), "ended_at": NOW},
            {(ALL, ALL), (E, "SHR"), ("building-permit", "MTR")},
        ),
        ({"ended_at": NOW}, set()),
    ],
)
def test_figures_that_an_incident_touched_bear_its_number(about, touched, cast, submitted):
    submitted()
    store_past_months(AFTER)
    before = MonthFigures.objects.get().rows
    incident = announce(**about)
    rows = {(row["service"], row["office"]): row["incidents"] for row in open_figures.of_month(THIS)}
    looked_at = {(ALL, ALL), (E, "SHR"), ("building-permit", "MTR")}
    assert {cell for cell in looked_at if rows[cell] == [incident.pk]} == touched
    assert MonthFigures.objects.get().rows == before
    client = Client()
    client.cookies["language"] = "en"
    assert ("An outage" in client.get("/figures/2026-11/").content.decode()) == bool(touched)
    table = csv.DictReader(io.StringIO(client.get("/figures/figures.csv").content.decode()))
    assert next(table)["incidents"] == (str(incident.pk) if touched else "")


def test_the_last_word_on_an_incident_counts(cast, submitted):
    submitted()
    store_past_months(AFTER)
    incident = announce()
    announce(2, incident, starts_at=AFTER, what="corrected")
    assert not any(row["incidents"] for row in open_figures.every_row())
