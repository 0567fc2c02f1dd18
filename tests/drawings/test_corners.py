"""Corners of a plot taken from a drawing: which outlines are offered, in which unit, and what a press writes."""

from __future__ import annotations

import io
import re

import ezdxf
import pytest
from django.urls import reverse

from drawings import asking
from drawings.corners import sources_of
from drawings.domain.facts import Facts
from drawings.models import DrawingCheck
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Draft

from ..conftest import NOW, upload, work_off
from ..portal.test_plots import WHOLE, X, Y, corners, division
from .test_checks import _as_long_as_it_takes as _as_long_as_it_takes

pytestmark = [pytest.mark.django_db, pytest.mark.thorough, pytest.mark.usefixtures("_as_long_as_it_takes")]


def dxf(*rings, unit=6, stated=True):
    """Closed outlines (layer, corners in metres) in a unit of the drawing."""
    size = {6: 1.0, 4: 0.001}[unit]
    document = ezdxf.new("R2010")
    document.header["$INSUNITS"] = unit if stated else 0
    for layer, ring in rings:
        points = [(x / size, y / size) for x, y in ring]
        document.modelspace().add_lwpolyline(points, close=True, dxfattribs={"layer": layer})
    stream = io.StringIO()
    document.write(stream)
    return stream.getvalue().encode()


def ring(left, bottom, right, top, x=X, y=Y):
    return [(x + left, y + bottom), (x + right, y + bottom), (x + right, y + top), (x + left, y + top)]


@pytest.fixture
def draft(cast):
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    Draft.objects.filter(pk=draft.pk).update(answers=division(plot=corners(0, 0, 20, 20)))
    draft.refresh_from_db()
    return draft


def brought(cast, content, **facts):
    check = asking.check_loose(upload("plot.dxf", content), Facts(**facts), by=cast.citizen, now=NOW)
    work_off()
    return DrawingCheck.objects.get(pk=check.pk)


def corners_now(draft):
    draft.refresh_from_db()
    return draft.answers["corners"]


@pytest.mark.parametrize("unit", [6, 4])
def test_an_outline_becomes_the_corners_in_metres_whatever_the_unit(cast, draft, signed_in, unit):
    brought(cast, dxf(("JM-PLOT", ring(0, 0, 30, 30)), ("JM-FLOOR-0", ring(5, 5, 20, 20)), unit=unit))
    client, url = signed_in(cast.citizen), reverse("drawings:corners", args=[draft.key])
    (value,) = re.findall(r'name="outline" value="([^"]+)"', client.get(url).content.decode())
    assert client.post(url, {"outline": value}).status_code == 302
    assert sorted(corners_now(draft).splitlines()) == sorted(WHOLE.splitlines())
    assert draft.answers["area_m2"] == division()["area_m2"], "what else was written stays"


def test_of_several_outlines_one_is_chosen_by_layer_and_area(cast, draft, signed_in):
    brought(
        cast,
        dxf(
            ("JM-PART", ring(0, 0, 15, 30)),
            ("JM-PLOT", ring(40, 0, 50, 30)),
            ("JM-PLOT", ring(0, 0, 30, 30)),
            ("WALLS", ring(0, 0, 3, 3)),
        ),
    )
    (source,) = sources_of(draft, cast.citizen)
    assert [(each.layer, round(each.outline.area)) for each in source.offered] == [
        ("JM-PLOT", 900), ("JM-PLOT", 300), ("JM-PART", 450),
    ]  # fmt: skip
    client, url = signed_in(cast.citizen), reverse("drawings:corners", args=[draft.key])
    values = re.findall(r'name="outline" value="([^"]+)"', client.get(url).content.decode())
    client.post(url, {"outline": values[2]})
    assert sorted(corners_now(draft).splitlines()) == sorted(corners(0, 0, 15, 30).splitlines())


def test_a_drawing_with_coordinates_of_its_own_offers_nothing(cast, draft, signed_in):
    brought(cast, dxf(("JM-PLOT", ring(0, 0, 30, 30, x=0, y=0))))
    html = signed_in(cast.citizen).get(reverse("drawings:corners", args=[draft.key])).content.decode()
    assert 'name="outline"' not in html
    assert [each.why_not for each in sources_of(draft, cast.citizen)[0].offered] == ["far"]


def test_the_unit_is_asked_for_where_none_is_stated(cast, draft, signed_in):
    check = brought(cast, dxf(("JM-PLOT", ring(0, 0, 30, 30)), unit=4, stated=False))
    client, url = signed_in(cast.citizen), reverse("drawings:corners", args=[draft.key])
    assert reverse("drawings:check", args=[check.attachment.key]) in client.get(url).content.decode()
    asking.give_unit(check, 4, None, by=cast.citizen, now=NOW)
    work_off()
    (value,) = re.findall(r'name="outline" value="([^"]+)"', client.get(url).content.decode())
    client.post(url, {"outline": value})
    assert sorted(corners_now(draft).splitlines()) == sorted(WHOLE.splitlines())


def test_a_press_on_what_is_not_there_any_more_changes_nothing(cast, draft, signed_in):
    check = brought(cast, dxf(("JM-PLOT", ring(0, 0, 30, 30))))
    client, url = signed_in(cast.citizen), reverse("drawings:corners", args=[draft.key])
    (value,) = re.findall(r'name="outline" value="([^"]+)"', client.get(url).content.decode())
    key, number, seen = value.split(":")
    before = corners_now(draft)
    for wrong in ("", "x", f"{key}:9:{seen}", f"{key}:{number}:{seen}0", f"{key}:-1:{seen}", f"a:{number}:{seen}"):
        assert client.post(url, {"outline": wrong}).status_code == 302
        assert corners_now(draft) == before
    plan = [line | {"points": [[x + 1, y] for x, y in line["points"]]} for line in check.result["plan"]]
    DrawingCheck.objects.filter(pk=check.pk).update(result=check.result | {"plan": plan})
    client.post(url, {"outline": value})
    assert corners_now(draft) == before


def test_a_drawing_is_brought_on_the_page_and_belongs_to_who_brought_it(cast, draft, signed_in):
    client, url = signed_in(cast.citizen), reverse("drawings:corners", args=[draft.key])
    made = upload("plot.dxf", dxf(("JM-PLOT", ring(0, 0, 30, 30))))
    assert client.post(url, {"file": made}).status_code == 302
    waiting = client.get(url)
    assert waiting.headers["Refresh"]
    assert 'type="file"' not in waiting.content.decode()
    work_off()
    assert 'name="outline"' in client.get(url).content.decode()
    assert client.post(url, {"file": upload("x.dxf", b"%PDF-1.4")}).status_code == 422
    assert signed_in(cast.other_citizen).get(url).status_code == 404
    assert signed_in(cast.reviewer).get(url).status_code == 404


def test_what_was_typed_is_saved_before_the_page_of_drawings_opens(cast, draft, signed_in):
    client = signed_in(cast.citizen)
    typed = {"area_m2": "901", "land_use": "residential", "villas": "detached", "corners": WHOLE, "from_drawing": "1"}
    answer = client.post(reverse("transactions:step", args=[draft.key, "plot"]), typed)
    assert answer.url == reverse("drawings:corners", args=[draft.key])
    assert corners_now(draft) == WHOLE
    assert draft.answers["area_m2"] == "901"
