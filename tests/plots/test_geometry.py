"""Outlines and divisions: the right values, the same from wherever they are looked at, as a slow reference says."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from plots.geometry import Point, compare_division, feature_of, findings_of, outline_of, read_corners
from plots.geometry.division import MIN_PATCH_M2, shared_area

from . import exact

X, Y = 521_000.0, 2_380_000.0


def box(left, bottom, right, top, x=X, y=Y):
    return [(x + left, y + bottom), (x + right, y + bottom), (x + right, y + top), (x + left, y + top)]


centimetres = st.integers(-8000, 8000).map(lambda cm: cm / 100)


@st.composite
def walked(draw, least=3, most=9):
    """Corners in any order, to the centimetre, none nearer than a metre to another: many cross themselves."""
    points = draw(st.lists(st.tuples(centimetres, centimetres), min_size=least, max_size=most))
    assume(all(math.dist(a, b) > 1 for i, a in enumerate(points) for b in points[:i]))
    return [(X + x, Y + y) for x, y in points]


@st.composite
def convex(draw, around=(0.0, 0.0)):
    """Corners on a ring, against the clock."""
    steps = draw(st.lists(st.integers(20, 120), min_size=3, max_size=9))
    radius, total, angle = draw(st.integers(5, 40)), sum(steps), 0
    assume(max(steps) < total * 0.45)
    corners = []
    for step in steps:
        angle += step
        turn = 2 * math.pi * angle / total
        corners.append((around[0] + radius * math.cos(turn), around[1] + radius * math.sin(turn)))
    return [(X + round(x, 3), Y + round(y, 3)) for x, y in corners]


def turned(points, degrees, east, north):
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    cx, cy = points[0]
    return [
        (
            cx + east + (x - cx) * cos - (y - cy) * sin,
            cy + north + (x - cx) * sin + (y - cy) * cos,
        )
        for x, y in points
    ]


def with_corners_on_sides(points, shares):
    result = []
    for i, (x, y) in enumerate(points):
        ex, ey = points[(i + 1) % len(points)]
        share = shares[i % len(shares)]
        result += [(x, y), (x + (ex - x) * share, y + (ey - y) * share)]
    return result


@given(walked())
def test_area_is_that_of_exact_arithmetic(points):
    assert outline_of(points).area == pytest.approx(float(exact.area(points)), abs=1e-6)


@given(walked())
def test_crossings_are_those_of_exact_arithmetic(points):
    corners = [(round(x - X, 2), round(y - Y, 2)) for x, y in points]
    # Where exact arithmetic and a tenth of a millimetre could disagree, neither is wrong.
    ring = shapely.LinearRing(corners)
    sides = [shapely.LineString(pair) for pair in zip(corners, [*corners[1:], corners[0]], strict=True)]
    near = [
        side.distance(shapely.Point(corner))
        for i, side in enumerate(sides)
        for j, corner in enumerate(corners)
        if j not in (i, (i + 1) % len(corners))
    ]
    assume(not near or min(near) > 0.02)
    assert bool(outline_of(points).crossings) is exact.crosses_itself(corners)
    assert bool(outline_of(points).crossings) is not ring.is_simple


@given(walked(), st.floats(-180, 180), st.integers(-20_000, 20_000), st.integers(-20_000, 20_000))
def test_an_outline_measures_the_same_wherever_it_lies(points, degrees, east, north):
    here, there = outline_of(points), outline_of(turned(points, degrees, east, north))
    assert there.area == pytest.approx(here.area, abs=1e-4)
    assert there.perimeter == pytest.approx(here.perimeter, abs=1e-6)
    for one, other in zip(here.sides, there.sides, strict=True):
        assert other.length == pytest.approx(one.length, abs=1e-7)
        assert math.cos(math.radians(one.bearing - degrees - other.bearing)) == pytest.approx(1, abs=1e-6)


@given(walked())
def test_walked_the_other_way_it_is_the_same_outline(points):
    here, back = outline_of(points), outline_of(points[::-1])
    assert back.area == pytest.approx(here.area, abs=1e-9)
    assert len(back.crossings) == len(here.crossings)
    assert sorted(side.length for side in back.sides) == pytest.approx(sorted(side.length for side in here.sides))


@given(convex(), st.lists(st.sampled_from([0.25, 0.5, 0.75]), min_size=1, max_size=4))
def test_corners_added_on_its_sides_change_nothing_but_their_number(points, shares):
    here, more = outline_of(points), outline_of(with_corners_on_sides(points, shares))
    assert more.area == pytest.approx(here.area, abs=1e-6)
    assert more.perimeter == pytest.approx(here.perimeter, abs=1e-6)
    assert (more.is_simple, more.crossings) == (True, ())
    assert len(more.sides) == 2 * len(here.sides)


@given(convex(), convex(around=(12.0, 7.0)))
def test_what_two_plots_share_is_that_of_exact_arithmetic(one, other):
    assert shared_area(outline_of(one), outline_of(other)) == pytest.approx(float(exact.shared(one, other)), abs=1e-6)


@st.composite
def cut_plot(draw):
    """(plot, two parts, square metres of the fault): a rectangle cut by a line whose end one part has wrong."""
    width, depth = draw(st.integers(24, 60)), draw(st.integers(20, 50))
    low, high = draw(st.integers(8, width - 8)), draw(st.integers(8, width - 8))
    slip = draw(st.integers(-300, 300).filter(lambda cm: abs(cm) > 4)) / 100
    left = [(X, Y), (X + low, Y), (X + high + slip, Y + depth), (X, Y + depth)]
    right = [(X + low, Y), (X + width, Y), (X + width, Y + depth), (X + high, Y + depth)]
    return box(0, 0, width, depth), [left, right], slip * depth / 2


@given(cut_plot(), st.floats(-180, 180), st.booleans())
def test_every_gap_and_overlap_of_a_tenth_of_a_square_metre_is_found(case, degrees, reverse):
    plot, parts, fault = case
    assume(abs(abs(fault) - MIN_PATCH_M2) > 0.001)
    corner = plot[0]
    turn = [turned([corner, *points], degrees, 300, -200)[1:] for points in (plot, *parts)]
    plot, *parts = [points[::-1] if reverse else points for points in turn]
    found = compare_division(outline_of(plot), [outline_of(part) for part in parts])
    overlap, gap = (math.fsum(patch.area for patch in patches) for patches in (found.overlaps, found.gaps))
    expected = abs(fault) if abs(fault) > MIN_PATCH_M2 else 0
    assert overlap == pytest.approx(expected if fault > 0 else 0, abs=1e-3)
    assert gap == pytest.approx(expected if fault < 0 else 0, abs=1e-3)
    assert not found.outside
    assert found.sum == pytest.approx(outline_of(plot).area + fault, abs=1e-3)


@given(cut_plot(), st.lists(st.sampled_from([0.25, 0.5]), min_size=1, max_size=3))
def test_corners_added_on_sides_change_no_division(case, shares):
    plot, parts, _fault = case
    plain = compare_division(outline_of(plot), [outline_of(part) for part in parts])
    more = compare_division(
        outline_of(with_corners_on_sides(plot, shares)), [outline_of(with_corners_on_sides(p, shares)) for p in parts]
    )
    for name in ("gaps", "overlaps", "outside", "frontages"):
        one, other = getattr(plain, name), getattr(more, name)
        size = "length" if name == "frontages" else "area"
        sizes = [sorted(getattr(item, size) for item in items) for items in (one, other)]
        assert sizes[0] == pytest.approx(sizes[1], abs=1e-3)


def test_a_division_with_a_mistake_of_two_metres():
    plot = outline_of(box(0, 0, 30, 30))
    found = compare_division(plot, [outline_of(box(0, 0, 17, 30)), outline_of(box(15, 0, 30, 30))])
    (patch,) = found.overlaps
    assert (patch.parts, patch.area, found.gaps, found.sum) == ((1, 2), pytest.approx(60), (), pytest.approx(960))
    assert patch.middle == Point(X + 16, Y + 15)
    assert [round(f.length, 2) for f in found.frontages_of(1)] == [17, 17, 30]


def test_a_part_beyond_the_plot_and_a_courtyard_left_out():
    plot = outline_of(box(0, 0, 30, 30))
    found = compare_division(plot, [outline_of(box(0, 0, 15, 30)), outline_of(box(15, 0, 32, 30))])
    (patch,) = found.outside
    assert (patch.parts, patch.area) == ((2,), pytest.approx(60))
    ring = [(0, 0), (30, 0), (30, 30), (0, 30), (0, 0.0), (10, 10), (10, 20), (20, 20), (20, 10), (10, 10)]
    frame = outline_of([(X + x, Y + y) for x, y in ring])
    assert not frame.is_simple
    assert compare_division(plot, [frame, outline_of(box(0, 0, 30, 30))]).left_out == (1,)


def test_while_a_part_has_no_corners_nothing_is_called_a_gap():
    plot = outline_of(box(0, 0, 30, 30))
    found = compare_division(plot, [outline_of(box(0, 0, 15, 30)), None])
    assert (found.gaps, found.overlaps) == ((), ())


def test_a_plot_that_bounds_no_area_has_no_parts():
    bow_tie = outline_of([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    with pytest.raises(ValueError, match="no area"):
        compare_division(bow_tie, [])


def test_the_plane_is_smaller_than_the_ground_by_what_the_projection_says():
    plot = outline_of(box(0, 0, 25, 25))
    assert plot.area == pytest.approx(625)
    assert plot.ground_area / plot.area == pytest.approx(1 / 0.9996**2, rel=2e-5)
    side = plot.sides[0]
    assert (side.first, side.last, side.length, side.bearing) == (1, 2, 25, 90)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (box(0, 0, 25, 25), []),
        ([*box(0, 0, 25, 25), (X, Y)], []),
        ([(X, Y), (X + 25, Y + 25), (X + 25, Y), (X, Y + 25)], [("self_crossing", (1, 2, 3, 4))]),
        ([*box(0, 0, 25, 25)[:2], (X + 25, Y), *box(0, 0, 25, 25)[2:]], [("repeated", (2, 3))]),
        ([*box(0, 0, 25, 25), (X + 0.12, Y)], [("not_closed", (1, 5))]),
        ([*box(0, 0, 25, 25)[:3], (Y + 25, X)], [("swapped", (4,))]),
        ([(y, x) for x, y in box(0, 0, 25, 25)], [("swapped", (n,)) for n in (1, 2, 3, 4)]),
        ([*box(0, 0, 25, 25)[:3], (X, 238_002.5)], [("far_away", (4,))]),
        ([(X, Y), (X + 10, Y), (X + 20, Y)], [("no_area", ())]),
        ([(X, Y), (X + 0.001, Y), (X, Y + 0.001)], [("repeated", (1, 2)), ("repeated", (1, 3)), ("no_area", ())]),
    ],
)
def test_what_is_odd_is_found_with_its_corner(points, expected):
    assert [(f.code, f.corners) for f in findings_of(outline_of(points))][: len(expected) or None] == expected


@pytest.mark.parametrize("zone", [36, 38])
def test_metres_of_the_zone_beside_ours_are_told(zone):
    from pyproj import Transformer

    there = Transformer.from_crs("EPSG:32637", f"EPSG:{32600 + zone}", always_xy=True)
    points = [there.transform(x, y) for x, y in box(0, 0, 25, 25)]
    found = findings_of(outline_of(points))
    assert [(f.code, f.corners, f.value) for f in found] == [("wrong_zone", (n,), zone) for n in (1, 2, 3, 4)]


def test_geojson_goes_out_and_comes_back():
    plot = outline_of(box(0, 0, 25, 20)[::-1])
    feature = feature_of(plot, {"reference": "C1A"})
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert exact.area(ring[:-1]) > 0
    back = outline_of(read_corners(feature))
    assert back.area == pytest.approx(plot.area, abs=0.05)
    assert len(back.corners) == 4
    assert sorted(back.corners) == [pytest.approx(corner, abs=0.002) for corner in sorted(plot.corners)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_corner_is_without_end(value):
    with pytest.raises(ValueError, match="finite"):
        outline_of([(X, Y), (value, Y), (X, Y + 1)])
