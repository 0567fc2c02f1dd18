"""A digit too many in one corner: nothing hangs, nothing breaks, the neighbours are those of plots alone."""

from __future__ import annotations

import json
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plots.geometry import outline_of, read_corners
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Draft, PlotBox
from transactions.selectors import neighbours as nearby
from transactions.selectors.neighbours import neighbours

from ..portal.test_plots import RIGHT, corners, division
from ..portal.world import client_of
from .test_neighbours import ACROSS, BESIDE, page
from .test_neighbours import filed as filed
from .test_neighbours import in_english as in_english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
FAR = {
    "a digit too many": "521000 2380000\n521025 2380000\n5210025 2380025\n521000 2380025",
    "two digits too many": "521000 2380000\n521025 2380000\n52002500 2380025\n521000 2380025",
    "northing": "521000 2380000\n521025 2380000\n521025 23800025\n521000 2380025",
    "all far away": "52000000 2380000\n52000012 2380000\n52000012 2380020\n52000000 2380020",
    "another plot of the governorate": "430000 2380000\n521025 2380000\n521025 2380025\n430000 2380025",
    "widest of any cell": "521000 2380000\n529192 2380000\n529192 2380025\n521000 2380025",
}


@pytest.mark.parametrize("plot", FAR.values(), ids=FAR.keys())
def test_nothing_hangs_or_breaks_with_a_far_corner(cast, filed, plot):
    began = time.process_time()
    case = filed(plot=plot, parts=RIGHT)
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    Draft.objects.filter(pk=draft.pk).update(answers=division(plot=plot))
    assert client_of(cast.citizen).get(reverse("transactions:check", args=[draft.key])).status_code == 200
    html = page(cast.reviewer, "staff:case", case.reference)
    assert case.reference in html
    assert "nan m²" not in html
    for person in (cast.reviewer, cast.citizen):
        answer = client_of(person).get(f"/api/v1/transactions/{case.reference}/")
        assert answer.status_code == 200
        shown = json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert [each["properties"]["role"] for each in shown["plot"]["features"]][-2:] == ["part", "part"]
    assert time.process_time() - began < 20


@pytest.mark.parametrize("plot", FAR.values(), ids=FAR.keys())
def test_few_statements_of_bounded_length_look_for_neighbours(cast, plot):
    with CaptureQueriesContext(connection) as asked:
        neighbours(outline_of(read_corners(plot)), cast.reviewer, at_desk=True)
    assert len([each for each in asked if "cell" in each["sql"]]) <= 1
    assert all(len(each["sql"]) < 100_000 for each in asked)


def test_the_place_of_an_outline_that_crosses_itself_is_not_kept(filed):
    bow = "521000 2380000\n521030 2380030\n521030 2380000\n521000 2380030"
    filed(plot=bow, parts=RIGHT)
    assert not PlotBox.objects.exists()


def test_what_overlaps_is_read_before_what_lies_beside(cast, filed, monkeypatch):
    across = filed(cast.other_citizen, **ACROSS)
    for _each in range(2):
        filed(cast.other_citizen, plot=corners(60, 0, 66, 30), parts=BESIDE["parts"])
    monkeypatch.setattr(nearby, "MAX_NEIGHBOURS", 1)
    plot = outline_of(read_corners(corners(0, 0, 30, 30)))
    (found,) = neighbours(plot, cast.reviewer, at_desk=True)
    assert (found.reference, found.shared) == (across.reference, 300.0)
