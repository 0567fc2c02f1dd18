"""The sides of a plot: which face a street, which lies behind, which are beside neighbours. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shapely import LineString, MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from .finding import Point

# Where a line turns by less it goes on: a curve is one side.
TURN = math.radians(15)
STRAY = 0.005
# How far a line of the street may lie from the side it stands for, and how much of the side it covers.
REACH, COVERED = 0.5, 0.6
# A side between two streets, this short, is the cut of their corner.
CORNER_CUT = 8.0
BEHIND = math.radians(120)


class Faces(StrEnum):
    STREET = "street"
    REAR = "rear"
    SIDE = "side"


@dataclass(frozen=True)
class Side:
    number: int
    points: tuple[Point, ...]
    faces: Faces

    @property
    def line(self) -> LineString:
        return LineString(self.points)

    @property
    def length(self) -> float:
        return self.line.length


def sides_of(plot: Polygon, street: Sequence[Sequence[Point]]) -> list[Side]:
    """All sides in order, numbered from 1. With no line of a street none faces one, and none is the rear."""
    runs = _runs(plot)
    near = MultiLineString([list(line) for line in street if len(line) > 1]).buffer(REACH) if street else None
    on_street = [near is not None and _covered(run, near) >= COVERED for run in runs]
    many = len(runs)
    for at in range(many):
        between = on_street[at - 1] and on_street[(at + 1) % many] and many > 3
        if between and not on_street[at] and LineString(runs[at]).length <= CORNER_CUT:
            on_street[at] = True
    rear = _rear(runs, on_street)
    return [
        Side(at + 1, run, Faces.STREET if on_street[at] else Faces.REAR if at == rear else Faces.SIDE)
        for at, run in enumerate(runs)
    ]


def _covered(run: tuple[Point, ...], near: BaseGeometry) -> float:
    line = LineString(run)
    return line.intersection(near).length / line.length if line.length else 0.0


def corners_of(plot: Polygon) -> list[Point]:
    """The corners, anticlockwise, without points that lie on a straight line between their neighbours."""
    boundary = orient(plot).exterior.simplify(STRAY)
    points = [(float(x), float(y)) for x, y in boundary.coords[:-1]]
    retained = [
        point
        for at, point in enumerate(points)
        if LineString([points[at - 1], points[(at + 1) % len(points)]]).distance(_point(point)) > STRAY
    ]
    return retained if len(retained) >= 3 else points


def _point(point: Point) -> LineString:
    return LineString([point, point])


def _runs(plot: Polygon) -> list[tuple[Point, ...]]:
    """Edges that go on without a corner between them, each as one line."""
    points = corners_of(plot)
    many = len(points)
    bearings = [
        math.atan2(points[(at + 1) % many][1] - points[at][1], points[(at + 1) % many][0] - points[at][0])
        for at in range(many)
    ]
    turns = [abs(math.remainder(bearings[at] - bearings[at - 1], math.tau)) > TURN for at in range(many)]
    first = next((at for at in range(many) if turns[at]), None)
    if first is None:
        return [(*points, points[0])]
    runs: list[list[Point]] = []
    for step in range(many):
        at = (first + step) % many
        if turns[at]:
            runs.append([points[at]])
        runs[-1].append(points[(at + 1) % many])
    return [tuple(run) for run in runs]


def _outward(run: tuple[Point, ...]) -> float:
    """The bearing out of the plot, of a run that goes round it anticlockwise."""
    (x, y), (far_x, far_y) = run[0], run[-1]
    return math.atan2(far_y - y, far_x - x) - math.pi / 2


def _rear(runs: list[tuple[Point, ...]], on_street: list[bool]) -> int | None:
    streets = [run for run, facing in zip(runs, on_street, strict=True) if facing]
    if not streets:
        return None
    front = _outward(max(streets, key=lambda run: LineString(run).length))
    angles = {
        at: abs(math.remainder(_outward(run) - front, math.tau)) for at, run in enumerate(runs) if not on_street[at]
    }
    best = max(angles, key=lambda at: (round(angles[at], 2), LineString(runs[at]).length), default=None)
    return best if best is not None and angles[best] >= BEHIND else None
