"""Do the parts of a division make up the plot? Gaps, overlaps and what lies outside, each with its place. shapely."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    if not plot.is_simple:
        raise ValueError("the plot bounds no area")
    origin = plot.corners[0]
    whole = _polygon(plot, origin)
    simple = {number: part for number, part in enumerate(parts, start=1) if part is not None and part.is_simple}
    shapes = {number: _polygon(part, origin) for number, part in simple.items()}
    numbers, drawn = list(shapes), list(shapes.values())
    overlaps = [
        _patch(piece, (numbers[first], numbers[second]), origin) for first, second, piece in overlap_patches(drawn)
    ]
    outside = [_patch(piece, (numbers[at],), origin) for at, piece in outside_patches(whole, drawn)]
    left_out = tuple(n for n, part in enumerate(parts, start=1) if part is not None and n not in simple)
    # While a part is missing, what it would cover is no gap.
    is_whole = len(simple) == len(parts)
    gaps = [_patch(piece, (), origin) for piece in gap_patches(whole, drawn)] if is_whole else []
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


def gap_patches(whole: Any, parts: Sequence[Any], least: float = MIN_PATCH_M2) -> Iterator[Any]:
    """The pieces of a shape that none of its parts covers; shapes here are shapely's, areas at least `least` m²."""
    from shapely import union_all

    yield from _fragments(whole.difference(union_all(list(parts))), least)


def overlap_patches(parts: Sequence[Any], least: float = MIN_PATCH_M2) -> Iterator[tuple[int, int, Any]]:
    """The pieces that two parts share, with the places of both in the list, in their order."""
    from shapely import STRtree

    for first, second in sorted(map(tuple, STRtree(parts).query(parts, predicate="intersects").T.tolist())):
        if first < second:
            for piece in _fragments(parts[first].intersection(parts[second]), least):
                yield first, second, piece


def outside_patches(whole: Any, parts: Sequence[Any], least: float = MIN_PATCH_M2) -> Iterator[tuple[int, Any]]:
    """The pieces of parts that lie beyond the shape, with the part's place in the list."""
    for at, part in enumerate(parts):
        for piece in _fragments(part.difference(whole), least):
            yield at, piece


def _fragments(shape: Any, least: float) -> Iterator[Any]:
    for piece in getattr(shape, "geoms", (shape,)):
        if piece.geom_type == "Polygon" and piece.area >= least:
            yield piece


def _patch(piece: Any, parts: tuple[int, ...], origin: Point) -> Patch:
    rings = (piece.exterior, *piece.interiors)
    outlines = (tuple(Point(x + origin.x, y + origin.y) for x, y in line.coords[:-1]) for line in rings)
    return Patch(parts, float(piece.area), tuple(outlines))


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
