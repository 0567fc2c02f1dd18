"""What is odd about the corners of one outline, each with the numbers of its corners. Nothing here refuses anything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from .outlines import SAME_POINT_M, Outline, Point
from .projection import is_here, other_zone

SELF_CROSSING = "self_crossing"
REPEATED = "repeated"
SWAPPED = "swapped"
WRONG_ZONE = "wrong_zone"
FAR_AWAY = "far_away"
NOT_CLOSED = "not_closed"
NO_AREA = "no_area"
# A closing error that surveys may have (assumed): smaller ones are not spoken of.
CLOSES_M = 0.02


@dataclass(frozen=True)
class Finding:
    """`corners` are numbers counted from one, of a crossing those of both sides; `value` is in metres, or the zone's
    number; `at` is the place on the plane, if there is one.
    """

    code: str
    corners: tuple[int, ...] = ()
    value: float = 0.0
    at: Point | None = None


def findings_of(outline: Outline) -> tuple[Finding, ...]:
    """Everything odd, in the order of the corners; what makes measuring senseless first."""
    elsewhere = tuple(_elsewhere(outline))
    return (*elsewhere, *_repeated(outline), *_shape(outline))


def _elsewhere(outline: Outline) -> Iterator[Finding]:
    for number, point in enumerate(outline.given, start=1):
        if is_here(*point):
            continue
        if is_here(point.y, point.x):
            yield Finding(SWAPPED, (number,), at=point)
        elif zone := other_zone(*point):
            yield Finding(WRONG_ZONE, (number,), zone, point)
        else:
            yield Finding(FAR_AWAY, (number,), at=point)


def _repeated(outline: Outline) -> Iterator[Finding]:
    given = outline.given
    # A last corner that repeats the first closes the outline, which is how surveys and GeoJSON write one.
    closes = len(given) > 3 and math.dist(given[0], given[-1]) <= SAME_POINT_M
    points = given[:-1] if closes else given
    for later, point in enumerate(points):
        for earlier in range(later):
            if math.dist(points[earlier], point) <= SAME_POINT_M:
                yield Finding(REPEATED, (earlier + 1, later + 1), at=point)
                break


def _shape(outline: Outline) -> Iterator[Finding]:
    if outline.closing_error > CLOSES_M:
        corners = (outline.numbers[0], len(outline.given))
        yield Finding(NOT_CLOSED, corners, outline.closing_error, outline.corners[0])
    if outline.is_flat:
        yield Finding(NO_AREA)
        return
    for side, second in outline.crossings:
        yield Finding(SELF_CROSSING, (side.first, side.last, second.first, second.last), at=second.middle)
