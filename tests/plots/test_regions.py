"""Ground that a list is narrowed to: typed in every writing, refused in words, and found by ranges of any size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core.text import plain_characters
from plots.geometry import Point
from plots.geometry.projection import to_degrees
from plots.grid import GRIDS, cell_of, ranges_over
from plots.regions import MAX_RADIUS, NotARegion, Region, read_region, written_point
from plots.words import region_words

X, Y = 521_000.0, 2_380_000.0
easts, norths = st.integers(430_000_000, 630_000_000), st.integers(2_250_000_000, 2_540_000_000)
points = st.builds(lambda x, y: Point(x / 1000, y / 1000), easts, norths)
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@given(points, points)
def test_a_box_is_the_same_whichever_corners_name_it_and_in_whatever_digits(first, second):
    region = read_region(written_point(first), written_point(second))
    assert region is not None
    assert region.box == (
        min(first.x, second.x),
        min(first.y, second.y),
        max(first.x, second.x),
        max(first.y, second.y),
    )
    assert read_region(written_point(second).translate(ARABIC), written_point(first)) == region
    assert read_region(f"{first.x:.3f} {second.y:.3f}", f"{second.x:.3f}، {first.y:.3f}") == region


@given(points, st.integers(1, MAX_RADIUS))
def test_a_circle_stands_around_its_point(point, metres):
    region = read_region(written_point(point), radius=f"{metres:,}")
    assert region == Region((point.x - metres, point.y - metres, point.x + metres, point.y + metres), point, metres)


@given(points)
def test_degrees_are_the_same_ground_in_either_order(point):
    longitude, latitude = to_degrees(*point)
    for text in (f"{longitude:.9f} {latitude:.9f}", f"{latitude:.9f}, {longitude:.9f}"):
        region = read_region(text)
        assert region is not None
        assert region.centre is not None
        assert region.centre == pytest.approx(point, abs=0.002)


@pytest.mark.parametrize("at", ["", "  ", "\u200f"])
def test_nothing_typed_is_everywhere(at):
    assert read_region(at, radius="500") is None


@pytest.mark.parametrize(
    ("at", "to", "radius", "said"),
    [
        ("", "521000 2380000", "", "Point: Give the coordinates of a point."),
        ("521000 2380000", "521100 2380100", "50", "Radius: Give an opposite corner or a radius, not both."),
        ("521000 2380000", "", "0", "Radius: Give metres as a number, up to 50,000."),
        ("521000 2380000", "", "-5", "Radius: Give metres as a number, up to 50,000."),
        ("521000 2380000", "", "60000", "Radius: Give metres as a number, up to 50,000."),
        ("521000 2380000", "", "far", "Radius: Give metres as a number, up to 50,000."),
        ("521000 2380000", "", "NaN", "Radius: Give metres as a number, up to 50,000."),
        ("521000 2380000", "", "1e999", "Radius: Give metres as a number, up to 50,000."),
        ("2380000 521000", "", "", "Point: Easting and northing seem to be swapped."),
        ("521000 2380000", "2380000 521000", "", "Opposite corner: Easting and northing seem to be swapped."),
        ("5210000 2380000", "", "", "Point: This is far from Jeddah. Check the digits."),
        ("521000", "", "", "Point: “\u2068521000\u2069” is not a point in or around Jeddah. Write easting "),
        ("NaN NaN", "", "", "Point: Give one point: easting and northing, for example "),
        ("521000 2380000\n521100 2380100", "", "", "Point: “\u2068521000 2380000 521100 2380100\u2069” is not a point"),
        ("46.7 24.7", "", "", "Point: “\u206846.7 24.7\u2069” is not a point in or around Jeddah."),
    ],
)
def test_what_is_no_ground_is_said_in_words(at, to, radius, said):
    with pytest.raises(NotARegion) as wrong:
        read_region(at, to, radius)
    assert region_words(wrong.value).startswith(said)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_whatever_is_typed_is_ground_or_a_sentence(at, to, radius):
    said = ""
    try:
        region = read_region(at, to, radius)
    except NotARegion as wrong:
        region, said = None, region_words(wrong)
    assert region or said or not plain_characters(at).strip()


@st.composite
def boxes(draw, most):
    x, y = (origin + draw(st.integers(-2_000_000, 2_000_000)) / 100 for origin in (X, Y))
    wide, high = (draw(st.integers(0, most * 100)) / 100 for _side in "xy")
    return x, y, x + wide, y + high


@given(boxes(60_000), boxes(8_192))
def test_a_box_that_touches_ground_of_any_size_is_in_a_range(ground, plot):
    ranges = ranges_over(ground)
    assert len(ranges) <= 300
    cell = cell_of(plot)
    assert cell is not None
    if ground[0] <= plot[2] and plot[0] <= ground[2] and ground[1] <= plot[3] and plot[1] <= ground[3]:
        assert any(low <= cell <= high for low, high in ranges)


def test_ground_larger_than_a_plot_is_one_range_a_grid():
    assert len(ranges_over((X, Y, X + 20_000, Y + 100))) == GRIDS
