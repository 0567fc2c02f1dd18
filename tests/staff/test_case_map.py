"""Lists narrowed to ground and the map of their open cases: which plots, by a slow reference; who sees which; size."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from html import unescape
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from plots.geometry import Point, outline_of, written
from plots.regions import MAX_RADIUS, Region, written_point
from transactions.domain import references
from transactions.models import SavedFilter, Transaction
from transactions.selectors.case_lists import Place, read_list
from transactions.selectors.case_map import MAX_ACROSS, MAX_OUTLINES, map_of, square_size
from transactions.transitions.outlines import keep_boxes

from ..conftest import NOW, drive
from ..plots.test_neighbours import english
from ..portal.test_plots import corners, division

pytestmark = pytest.mark.django_db
MAP, INDEX, CASES = "/staff/map/", "/staff/", "/staff/transactions/transaction/"
X, Y = 521_000.0, 2_380_000.0


def alike(case: Transaction, many: int, serial: int = 900_000) -> list[Transaction]:
    """So many more cases, alike in all but their numbers."""
    values = {field.attname: getattr(case, field.attname) for field in Transaction._meta.concrete_fields}
    number = references.parse(case.reference)
    assert number is not None
    rows = [
        Transaction(**values | {"id": None, "reference": str(replace(number, serial=serial + each))})
        for each in range(many)
    ]
    return Transaction.objects.bulk_create(rows)


def place(cases: list[Transaction], boxes: list[tuple[float, float, float, float]]) -> None:
    """Give each a plot of this box, as its answers and in the index."""
    for case, (west, south, east, north) in zip(cases, boxes, strict=True):
        ring = outline_of([(west, south), (east, south), (east, north), (west, north)])
        case.answers = case.answers | {"corners": written(ring.corners)}
    Transaction.objects.bulk_update(cases, ["answers"])
    keep_boxes(cases)


@pytest.fixture
def first(cast, submitted):
    """A division under study, in the reviewer's queue."""
    return drive(submitted("land-subdivision", **division(plot=corners(0, 0, 30, 30))), cast, "under_study")


@pytest.fixture
def spread(first):
    """Sixty cases: plots of all sizes, from the next street to the next town."""
    chance = random.Random(17)
    cases = alike(first, 60)
    boxes = []
    for number in range(60):
        reach = (200, 5_000, 60_000)[number % 3]
        west, south = X + chance.randrange(-reach, reach) / 2, Y + chance.randrange(-reach, reach) / 2
        wide, high = chance.choice((5, 20, 64, 300, 4_000)), chance.choice((5, 20, 64, 300, 4_000))
        boxes.append((west, south, west + wide, south + high))
    place(cases, boxes)
    return dict(zip([case.pk for case in cases], boxes, strict=True))


def by_hand(boxes: dict[int, tuple[float, float, float, float]], region: Region) -> set[int]:
    """Each box looked at."""
    west, south, east, north = region.box
    touching = {
        pk for pk, box in boxes.items() if box[0] <= east and box[2] >= west and box[1] <= north and box[3] >= south
    }
    if region.centre is None:
        return touching
    x, y = region.centre
    return {
        pk
        for pk in touching
        if math.hypot(max(boxes[pk][0] - x, x - boxes[pk][2], 0), max(boxes[pk][1] - y, y - boxes[pk][3], 0))
        <= region.radius
    }


near = st.builds(lambda x, y: Point(X + x / 4, Y + y / 4), st.integers(-40_000, 40_000), st.integers(-40_000, 40_000))


def test_a_list_holds_the_plots_that_a_slow_look_at_each_finds(cast, spread, first):
    boxes = spread | {first.pk: (X, Y, X + 30, Y + 30)}

    @hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(near, st.one_of(near, st.integers(1, MAX_RADIUS)))
    def check(at, other):
        asked = {"at": written_point(at)}
        asked |= {"to": written_point(other)} if isinstance(other, Point) else {"radius": str(other)}
        listed = read_list(Place.QUEUE, asked, cast.reviewer, NOW)
        assert listed is not None
        assert listed.location.region is not None
        assert set(listed.rows.values_list("pk", flat=True)) == by_hand(boxes, listed.location.region)

    check()


def test_squares_count_every_plot_once_and_lead_to_just_those(cast, spread, first):
    """Also of plots whose middle stands on the line between two squares."""
    lines = alike(first, 30, serial=910_000)
    place(lines, [(512_000 + 1024 * n - 10, Y - 234, 512_000 + 1024 * n + 10, Y - 214) for n in range(30)])
    extra = [case.pk for case in lines]
    rows = Transaction.objects.filter(pk__in=[first.pk, *spread, *extra])
    drawn = map_of(rows)
    assert drawn.placed == len(spread) + 1 + len(extra) > MAX_OUTLINES
    assert sum(square.count for square in drawn.squares) == drawn.placed
    assert len(drawn.squares) <= MAX_ACROSS**2
    seen: list[int] = []
    for square in drawn.squares:
        west, south, east, north = square.box
        asked = {"at": f"{west} {south}", "to": f"{east} {north}", "by": "middle"}
        listed = read_list(Place.QUEUE, asked, cast.reviewer, NOW)
        assert listed is not None
        found = list(listed.rows.filter(pk__in=rows).values_list("pk", flat=True))
        assert len(found) == square.count, square
        seen += found
    assert sorted(seen) == sorted(rows.values_list("pk", flat=True))


@given(st.floats(0, 200_000), st.floats(0, 300_000))
def test_squares_are_never_more_than_a_page_can_show(wide, high):
    size = square_size((430_000.0, 2_250_000.0, 430_000.0 + wide, 2_250_000.0 + high))
    assert size >= 1
    assert math.log2(size).is_integer()
    assert (430_000.0 + wide) // size - 430_000.0 // size < MAX_ACROSS


def test_ground_is_kept_by_tabs_headings_search_saved_filter_and_file(cast, first, signed_in):
    page = signed_in(cast.reviewer)
    here, elsewhere = "?at=521000+2380000&radius=50", "?at=530000+2380000&radius=50"
    shown = page.get(INDEX + here)
    assert [case.reference for case, _due in shown.context["rows"]] == [first.reference]
    html = unescape(shown.content.decode())
    assert 'name="at" value="521000 2380000"' in html
    for link in (shown.context["headings"][0].url, *re.findall(r'href="(\?[^"]*show=mine[^"]*)"', html)):
        assert QueryDict(link[1:])["at"] == "521000 2380000"
    assert page.get(INDEX + elsewhere).context["rows"] == []
    page.post("/staff/filters/", {"name": "near", "from": INDEX + here})
    assert QueryDict(SavedFilter.objects.get().query)["radius"] == "50"
    for left, there in ((here, True), (elsewhere, False)):
        answer = page.get(f"/staff/export/?{urlencode({'from': INDEX + left, 'format': 'csv'})}")
        assert (first.reference in b"".join(answer.streaming_content).decode()) is there
    for left, there in ((here, True), (elsewhere, False)):
        assert (first.reference in page.get(CASES + left).content.decode()) is there
        answer = page.get(f"/staff/export/?{urlencode({'from': CASES + left, 'format': 'csv'})}")
        assert (first.reference in b"".join(answer.streaming_content).decode()) is there


@pytest.mark.parametrize("path", [INDEX, CASES, MAP, "/staff/supervision/", f"{MAP}?list=cases"])
def test_ground_that_is_none_is_said_and_shows_nothing(path, cast, first):
    page = english(cast.supervisor if "supervision" in path else cast.reviewer)
    asked = urlencode({"at": "2380000 521000"})
    html = unescape(page.get(f"{path}{'&' if '?' in path else '?'}{asked}").content.decode())
    assert "Point: Easting and northing seem to be swapped." in html
    assert f"/staff/cases/{first.reference}/" not in html
    assert 'value="2380000 521000"' in html


@pytest.mark.parametrize("at", ["<script>", "9" * 5000, "NaN,NaN", "1e400 1e400", "٣", "'; DROP TABLE--"])
@pytest.mark.parametrize("path", [INDEX, CASES, MAP])
def test_whatever_an_address_says_no_page_falls_over(path, at, cast, first, signed_in):
    page = signed_in(cast.reviewer)
    for asked in ({"at": at}, {"at": "521000 2380000", "to": at}, {"at": "521000 2380000", "radius": at, "by": at}):
        answer = page.get(f"{path}?{urlencode(asked)}")
        assert answer.status_code == 200
        assert b"<script>" not in answer.content


def test_few_plots_are_drawn_and_lead_to_their_cases(cast, first):
    html = unescape(english(cast.reviewer).get(MAP).content.decode())
    assert html.count('class="plotted__line plotted__line--plot"') == 1
    assert html.count(f'href="/staff/cases/{first.reference}/"') == 2, "outline and table"
    assert "1 open case is on the map." in html
    assert "North is up." in html


def test_a_map_shows_open_cases_the_reader_may_see_and_says_how_many_have_no_corners(cast, first, submitted):
    bare = drive(submitted("land-subdivision", **division(plot="", parts=("", ""))), cast, "under_study")
    html = unescape(english(cast.reviewer).get(f"{MAP}?list=cases").content.decode())
    assert first.reference in html
    assert bare.reference not in html
    assert "1 has no corners that could be placed" in html
    for other in (cast.other_reviewer, cast.central_reviewer):
        for name in ("queue", "cases"):
            assert first.reference not in english(other).get(f"{MAP}?list={name}").content.decode()
    drive(first, cast, "issued")
    assert first.reference not in english(cast.reviewer).get(f"{MAP}?list=cases").content.decode()


@pytest.mark.parametrize("asked", ["?list=nothing", "?list=supervision", "?list=cases&status__gt=3", "?list=cases&p=x"])
def test_a_map_of_no_list_of_theirs_is_not_there(asked, cast, first, signed_in):
    expected = 200 if asked.endswith("p=x") else (400 if "status__gt" in asked else 404)
    assert signed_in(cast.reviewer).get(MAP + asked).status_code == expected
    assert signed_in(cast.administrator).get(MAP).status_code == 404
    assert signed_in(cast.citizen).get(MAP).status_code == 302


def test_a_map_of_thousands_is_small_and_asks_as_much_as_one_of_few(cast, first):
    page = english(cast.reviewer)
    page.get(MAP)
    with CaptureQueriesContext(connection) as few:
        page.get(MAP)
    cases = alike(first, 2_000)
    corner = [(X + 37 * (n % 50), Y + 41 * (n // 50)) for n in range(2_000)]
    place(cases, [(x, y, x + 30, y + 30) for x, y in corner])
    with CaptureQueriesContext(connection) as many:
        answer = page.get(MAP)
    assert len(many) <= len(few)
    assert len(answer.content) < 150_000
    html = unescape(answer.content.decode())
    assert html.count("<circle") == len(answer.context["map"].squares) <= MAX_ACROSS**2
    counts = [row.count for row in answer.context["rows"]]
    assert sum(counts) == 2_001
    row = max(answer.context["rows"], key=lambda row: row.count)
    listed = page.get(row.url)
    assert listed.context["page"].paginator.count == row.count
    closer = page.get(row.closer)
    assert closer.context["map"].placed == row.count


def test_the_supervisors_map_is_of_their_list(cast, first):
    page = english(cast.supervisor)
    html = unescape(page.get(f"{MAP}?list=supervision").content.decode())
    assert first.reference in html
    link = re.search(r'href="(/staff/map/[^"]*)"', unescape(page.get("/staff/supervision/?show=all").content.decode()))
    assert link is not None
    assert QueryDict(link[1].partition("?")[2]).dict() == {"show": "all", "list": "supervision"}
    assert page.get(link[1]).context["list_url"] == "/staff/supervision/?show=all"
