"""Do the parts of a division make up the plot? Gaps, overlaps and what lies outside, each with its place. shapely."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from .outlines import Outline, Point

# Smaller patches come from coordinates that are written to the centimetre.
MIN_PATCH_M2 = 0.1
# A side nearer than this to the plot's outline lies on it.
ON_OUTLINE_M = 0.05
# Sides that turn by less than this are one straight line with a corner on it.
STRAIGHT_DEGREES = 1.0


@dataclass(frozen=True)
class Patch:
    """One connected patch of ground. `parts` are the numbers, from one, of the parts it is about; `rings` its outlines
    (the outer one first), area in square metres.
    """

    parts: tuple[int, ...]
    area: float
    rings: tuple[tuple[Point, ...], ...]

    @property
    def middle(self) -> Point:
        """A point to write its number at."""
        xs, ys = [p.x for p in self.rings[0]], [p.y for p in self.rings[0]]
        return Point((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)


@dataclass(frozen=True)
class Frontage:
    """A straight line of a part that lies on the outline of the plot. Length in metres, only what lies on it."""

    part: int
    length: float
    start: Point
    end: Point


@dataclass(frozen=True)
class Division:
    """`left_out` are the numbers of parts that bound no area and were not compared."""

    gaps: tuple[Patch, ...]
    overlaps: tuple[Patch, ...]
    outside: tuple[Patch, ...]
    frontages: tuple[Frontage, ...]
    left_out: tuple[int, ...]
    sum: float

    @property
    def patches(self) -> tuple[tuple[str, Patch], ...]:
        """Every patch that is wrong, with what it is: overlap, gap or outside."""
        kinds = (("overlap", self.overlaps), ("gap", self.gaps), ("outside", self.outside))
        return tuple((kind, patch) for kind, patches in kinds for patch in patches)

    def frontages_of(self, part: int) -> tuple[Frontage, ...]:
        return tuple(frontage for frontage in self.frontages if frontage.part == part)


def compare_division(plot: Outline, parts: Sequence[Outline | None]) -> Division:
    """Compare parts with the plot, which must be simple; a part that is None was not given.

    ValueError when the plot bounds no area.
    """
    import shapely

    if not plot.is_simple:
        raise ValueError("the plot bounds no area")
    origin = plot.corners[0]
    whole = _polygon(plot, origin)
    simple = {number: part for number, part in enumerate(parts, start=1) if part is not None and part.is_simple}
    shapes = {number: _polygon(part, origin) for number, part in simple.items()}
    overlaps = [
        patch
        for first, second in combinations(shapes, 2)
        for patch in _patches(shapes[first].intersection(shapes[second]), (first, second), origin)
    ]
    outside = [
        patch for number, shape in shapes.items() for patch in _patches(shape.difference(whole), (number,), origin)
    ]
    covered = shapely.union_all(list(shapes.values()))
    left_out = tuple(n for n, part in enumerate(parts, start=1) if part is not None and n not in simple)
    # While a part is missing, what it would cover is no gap.
    is_whole = len(simple) == len(parts)
    gaps = _patches(whole.difference(covered), (), origin) if is_whole else ()
    frontages = [f for number, part in simple.items() for f in _frontages(number, part, plot)]
    total = math.fsum(part.area for part in simple.values())
    return Division(tuple(gaps), tuple(overlaps), tuple(outside), tuple(frontages), left_out, total)


def shared_area(first: Outline, second: Outline) -> float:
    """Square metres that two simple outlines have in common."""
    origin = first.corners[0]
    return float(_polygon(first, origin).intersection(_polygon(second, origin)).area)


def _polygon(outline: Outline, origin: Point) -> Any:
    """Near the origin: at the size of UTM coordinates a millimetre costs half of a float's digits."""
    from shapely import Polygon

    return Polygon([(x - origin.x, y - origin.y) for x, y in outline.corners])


def _patches(shape: Any, parts: tuple[int, ...], origin: Point) -> Iterator[Patch]:
    for patch in getattr(shape, "geoms", (shape,)):
        if patch.geom_type == "Polygon" and patch.area >= MIN_PATCH_M2:
            rings = (patch.exterior, *patch.interiors)
            outlines = (tuple(Point(x + origin.x, y + origin.y) for x, y in line.coords[:-1]) for line in rings)
            yield Patch(parts, float(patch.area), tuple(outlines))


def _frontages(number: int, part: Outline, plot: Outline) -> Iterator[Frontage]:
    """The straight lines of a part along the plot's outline, each corner that only lies on a line passed over."""
    from shapely import LinearRing, LineString

    origin = plot.corners[0]
    near = LinearRing([(x - origin.x, y - origin.y) for x, y in plot.corners]).buffer(ON_OUTLINE_M)
    for start, end in straight_lines(part):
        line = LineString([(start.x - origin.x, start.y - origin.y), (end.x - origin.x, end.y - origin.y)])
        # A side that only ends on the outline dips into its width by a little.
        if (length := float(line.intersection(near).length)) > 10 * ON_OUTLINE_M:
            yield Frontage(number, min(length, line.length), start, end)


def straight_lines(outline: Outline) -> list[tuple[Point, Point]]:
    """Its sides, those that go straight on taken together."""
    sides = outline.sides
    turns = [
        abs((side.bearing - sides[i - 1].bearing + 180) % 360 - 180) > STRAIGHT_DEGREES for i, side in enumerate(sides)
    ]
    first = turns.index(True) if True in turns else 0
    lines: list[tuple[Point, Point]] = []
    for i in range(len(sides)):
        side = sides[(first + i) % len(sides)]
        if i and not turns[(first + i) % len(sides)]:
            lines[-1] = (lines[-1][0], side.end)
        else:
            lines.append((side.start, side.end))
    return lines
