"""Plots of requests that overlap: who is told, what, and what is drawn; found by their boxes on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from transactions.models import Draft, PlotBox, Transaction
from transactions.papers.papers import content_of
from transactions.selectors import duplicates
from transactions.signed_papers.sheet import sheet_of
from transactions.signed_papers.typesetting import typeset
from transactions.transitions.outlines import keep_boxes

from ..conftest import NOW, drive
from ..portal.test_plots import RIGHT, corners, division
from ..portal.world import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
BESIDE = {"plot": corners(30, 0, 60, 30), "parts": (corners(30, 0, 45, 30), corners(45, 0, 60, 30))}
ACROSS = {"plot": corners(20, 0, 50, 30), "parts": (corners(20, 0, 35, 30), corners(35, 0, 50, 30))}


@pytest.fixture
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def english(person: Any) -> Client:
    client = client_of(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def page(reader: Any, name: str, *args: str) -> str:
    return unescape(english(reader).get(reverse(name, args=args)).content.decode())


@pytest.fixture
def filed(submitted: Any) -> Any:
    """Requests for a division, sent and worked off, by whoever is named."""

    def make(applicant: Any = None, **plot: Any) -> Transaction:
        case: Transaction = submitted("land-subdivision", by=applicant, **division(**plot))
        return case

    return make


def overlaps(case: Transaction, reader: Any) -> list[duplicates.Hint]:
    return [hint for hint in duplicates.hints_for_case(case, [], reader) if hint.code == "overlapping_plot"]


def test_the_reviewer_reads_which_and_how_much_the_applicant_that_there_is_one(cast, filed):
    first, second = filed(), filed(cast.other_citizen, **ACROSS)
    (told,) = overlaps(second, cast.reviewer)
    assert told.message == "This plot overlaps the plot of another request by up to 300.00 m²."
    assert told.references == (first.reference,)
    (told,) = overlaps(second, cast.other_citizen)
    assert told.message == "This plot overlaps the plot of another request."
    assert told.references == ()
    assert "someone else's request" in told.others
    draft = Draft(service="land-subdivision", applicant=cast.other_citizen, answers=division(**ACROSS))
    shown = [hint.code for hint in duplicates.hints_for_draft(draft, [], cast.other_citizen)]
    assert "overlapping_plot" in shown


def test_neighbours_that_share_a_line_overlap_nothing_and_are_drawn(cast, filed):
    first, second = filed(), filed(cast.other_citizen, **BESIDE)
    assert overlaps(second, cast.reviewer) == []
    html = page(cast.reviewer, "staff:case", second.reference)
    assert html.count("plotted__line--neighbour") == 1
    assert first.reference in html
    mine = unescape(
        english(cast.other_citizen).get(reverse("transactions:request", args=[second.reference])).content.decode()
    )
    assert '<svg class="plotted__sheet"' in mine
    assert "plotted__line--neighbour" not in mine
    assert first.reference not in mine


@pytest.mark.parametrize(
    ("plot", "shared", "told"),
    [
        (corners(29, 0, 59, 30), "30.00", False),
        (corners(28.5, 0, 58.5, 30), "45.00", True),
        (corners(28, 0, 31, 3), "6.00", False),
        (corners(20, 0, 35, 1), "10.00", True),
    ],
)
def test_a_small_overlap_is_told_to_the_desk_alone(cast, filed, plot, shared, told):
    filed()
    second = filed(cast.other_citizen, plot=plot, parts=ACROSS["parts"])
    (hint,) = overlaps(second, cast.reviewer)
    assert f"{shared} m²" in hint.message
    assert bool(overlaps(second, cast.other_citizen)) == told


def test_boxes_follow_the_answers_and_a_withdrawn_request_counts_no_more(cast, filed):
    first, second = filed(), filed(cast.other_citizen, **ACROSS)
    box = PlotBox.objects.get(transaction=first)
    assert (box.west, box.south, box.east, box.north) == (521_000, 2_380_000, 521_030, 2_380_030)
    first.answers, first.answers_version = division(plot=corners(500, 0, 530, 30)), 2
    first.save()
    keep_boxes([first])
    keep_boxes([first])
    assert PlotBox.objects.get(transaction=first).west == 521_500
    assert overlaps(second, cast.reviewer) == []
    first.answers = {name: value for name, value in first.answers.items() if name != "corners"}
    keep_boxes([first])
    assert not PlotBox.objects.filter(transaction=first).exists()


def test_corners_elsewhere_are_kept_out_of_the_index(cast, filed):
    swapped = "\n".join(" ".join(line.split()[::-1]) for line in corners(0, 0, 30, 30).splitlines())
    filed(plot=swapped, parts=RIGHT)
    assert not PlotBox.objects.exists()


def test_the_api_gives_the_plot_as_geojson(cast, filed):
    case = filed()
    answer = client_of(cast.reviewer).get(f"/api/v1/transactions/{case.reference}/").json()["plot"]
    roles = [(each["properties"]["role"], each["properties"]["area_m2"]) for each in answer["features"]]
    assert roles == [("plot", 900.0), ("part", 450.0), ("part", 450.0)]
    ring = answer["features"][0]["geometry"]["coordinates"][0]
    assert (len(ring), ring[0]) == (5, ring[-1])
    assert ring[0] == [pytest.approx(39.2028, abs=0.01), pytest.approx(21.5226, abs=0.01)]


def test_minutes_carry_the_drawing_and_the_tables(cast, filed):
    case = drive(filed(), cast, "issued")
    issued = case.issued_documents.get()
    content = content_of(issued)
    assert content["geometry"]["plot"] == corners(0, 0, 30, 30)
    sheet = sheet_of(content, address="https://example.com/verify/", is_demo=True)
    assert [outline["area"] for outline in sheet["plot"]["outlines"]] == ["900.00 m²", "450.00 m²", "450.00 m²"]
    assert sheet["plot"]["outlines"][0]["rows"][0] == ["1", "521000.000", "2380000.000", "1–2", "30.00", "090.00°"]
    assert typeset(sheet, NOW).startswith(b"%PDF")
    html = unescape(
        english(cast.reviewer)
        .get(reverse("transactions:document", args=[case.reference, issued.kind]))
        .content.decode()
    )
    assert '<svg class="plotted__sheet"' in html
