"""An outline: corners in the order in which they are walked, its sides, area and closing error. Plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

# Nearer than this, two corners are one point: surveys are written to the centimetre.
SAME_POINT_M = 0.01
# A last corner as near as this to the first is the first once more. A cut corner of a plot is metres long.
CLOSING_M = 0.5


class Point(NamedTuple):
    """Metres east and north, on the plane of UTM zone 37 north."""

    x: float
    y: float


@dataclass(frozen=True)
class Side:
    """From corner `first` to corner `last`, counted from one as they were given. Length in metres on the plane, bearing
    in degrees clockwise from grid north.
    """

    first: int
    last: int
    start: Point
    end: Point

    @property
    def length(self) -> float:
        return math.dist(self.start, self.end)

    @property
    def bearing(self) -> float:
        return math.degrees(math.atan2(self.end.x - self.start.x, self.end.y - self.start.y)) % 360

    @property
    def middle(self) -> Point:
        return Point((self.start.x + self.end.x) / 2, (self.start.y + self.end.y) / 2)


@dataclass(frozen=True)
class Outline:
    """`given` are all corners as given. What follows is measured on `corners`: without one that repeats its neighbour,
    and without a last one that comes back to the first. `numbers` are the numbers those bear in `given`.
    """

    given: tuple[Point, ...]
    corners: tuple[Point, ...]
    numbers: tuple[int, ...]
    closing_error: float = 0.0

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        count = len(self.corners)
        return tuple(
            Side(self.numbers[i], self.numbers[(i + 1) % count], self.corners[i], self.corners[(i + 1) % count])
            for i in range(count)
        )

    @cached_property
    def area(self) -> float:
        """Square metres on the plane; of an outline that crosses itself it means nothing."""
        return abs(_signed_area(self.corners))

    @cached_property
    def perimeter(self) -> float:
        return math.fsum(side.length for side in self.sides)

    @cached_property
    def ground_area(self) -> float:
        """Square metres on the ellipsoid: near Jeddah 0.08 % more than on the plane, which is drawn smaller there."""
        from .projection import ellipsoid_area

        return ellipsoid_area(self.corners)

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        xs, ys = [corner.x for corner in self.corners], [corner.y for corner in self.corners]
        return min(xs), min(ys), max(xs), max(ys)

    @cached_property
    def crossings(self) -> tuple[tuple[Side, Side], ...]:
        """The pairs of sides that cross or touch each other, other than neighbours at their corner."""
        return tuple(_crossings(self.sides))

    @property
    def is_simple(self) -> bool:
        """Does it bound one area?"""
        return not self.is_flat and not self.crossings

    @cached_property
    def is_flat(self) -> bool:
        """Do all its corners lie on one line?"""
        if len(self.corners) < 3:
            return True
        start = self.corners[0]
        longest = Side(0, 0, start, max(self.corners, key=lambda corner: math.dist(start, corner)))
        return all(abs(_offset(longest, corner)) <= SAME_POINT_M * longest.length for corner in self.corners)


def outline_of(points: Iterable[tuple[float, float]]) -> Outline:
    """The outline through these corners. ValueError when one is no finite number."""
    given = tuple(Point(float(x), float(y)) for x, y in points)
    if not all(math.isfinite(value) for point in given for value in point):
        raise ValueError("a corner is not a finite number")
    distinct: list[tuple[int, Point]] = []
    for number, point in enumerate(given, start=1):
        if not distinct or math.dist(distinct[-1][1], point) > SAME_POINT_M:
            distinct.append((number, point))
    closing_error = 0.0
    if len(distinct) > 3 and (apart := math.dist(distinct[0][1], distinct[-1][1])) <= CLOSING_M:
        distinct.pop()
        closing_error = apart
    return Outline(given, tuple(p for _n, p in distinct), tuple(n for n, _p in distinct), closing_error)


def _signed_area(corners: Sequence[Point]) -> float:
    """Positive when walked against the clock. Measured from the first corner: large coordinates would cost digits."""
    if len(corners) < 3:
        return 0.0
    ox, oy = corners[0]
    local = [(x - ox, y - oy) for x, y in corners]
    following = [*local[1:], local[0]]
    return math.fsum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(local, following, strict=True)) / 2


def _crossings(sides: Sequence[Side]) -> Iterable[tuple[Side, Side]]:
    count = len(sides)
    for i in range(count):
        for j in range(i + 1, count):
            if j == i + 1 or (i == 0 and j == count - 1):
                if _turns_back(sides[i], sides[j]) if j == i + 1 else _turns_back(sides[j], sides[i]):
                    yield sides[i], sides[j]
            elif _meet(sides[i], sides[j]):
                yield sides[i], sides[j]


def _turns_back(side: Side, following: Side) -> bool:
    """Does the next side run back along this one?"""
    ax, ay = side.end.x - side.start.x, side.end.y - side.start.y
    bx, by = following.end.x - following.start.x, following.end.y - following.start.y
    off = abs(ax * by - ay * bx) / max(side.length, following.length)
    return ax * bx + ay * by < 0 and off <= SAME_POINT_M


def _meet(side: Side, second: Side) -> bool:
    """Do two sides share a point, to the nearest hundredth of what counts as the same point?"""
    if max(side.start.x, side.end.x) < min(second.start.x, second.end.x) - SAME_POINT_M:
        return False
    if max(second.start.x, second.end.x) < min(side.start.x, side.end.x) - SAME_POINT_M:
        return False
    a, b = _offset(side, second.start), _offset(side, second.end)
    c, d = _offset(second, side.start), _offset(second, side.end)
    if (a > 0) != (b > 0) and (c > 0) != (d > 0) and a != b and c != d:
        return True
    return any(
        distance_to(near, point) <= SAME_POINT_M / 10
        for near, points in ((side, (second.start, second.end)), (second, (side.start, side.end)))
        for point in points
    )


def _offset(side: Side, point: Point) -> float:
    """How far left of a side's line a point lies, times the side's length."""
    dx, dy = side.end.x - side.start.x, side.end.y - side.start.y
    return dx * (point.y - side.start.y) - dy * (point.x - side.start.x)


def distance_to(side: Side, point: Point) -> float:
    """Metres between a point and the nearest point of a side."""
    dx, dy = side.end.x - side.start.x, side.end.y - side.start.y
    along = ((point.x - side.start.x) * dx + (point.y - side.start.y) * dy) / max(dx * dx + dy * dy, 1e-18)
    along = min(1.0, max(0.0, along))
    return math.dist(point, (side.start.x + along * dx, side.start.y + along * dy))
