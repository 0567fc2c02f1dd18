"""Lines of points become outlines: joined where their ends meet, closed, and looked at for crossings."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from shapely import LineString, MultiPoint, MultiPolygon, Polygon, make_valid, polygonize_full, union_all
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from ..domain.finding import Point
from ..domain.sheet import Outline
from .entities import TooMuch

# Ends this near are one point; ends this near are joined, and told; in metres.
SAME, JOINED, REACHED = 1e-6, 0.05, 1.0
# Lines that meet are put on a grid this fine, so that they do.
GRID = 0.001
MAX_OUTLINES, MAX_CORNERS, MAX_LINES = 500, 20_000, 800
# What crosses itself by less is a spike that encloses nothing, in square metres.
SPIKE = 0.01

# A line of points, its widest gap, and where that is.
Chain = tuple[list[Point], float, tuple[Point, ...]]


def outlines_of(layer: str, lines: Iterable[tuple[list[Point], bool]]) -> tuple[list[Outline], int]:
    """The outlines of one layer, in metres, and how many were drawn twice. TooMuch."""
    closed: list[list[Point]] = []
    open_: list[list[Point]] = []
    for points, closes in lines:
        (closed if closes else open_).append(points)
    if len(closed) + len(open_) > MAX_LINES:
        raise TooMuch
    results = [_outline(layer, boundary, 0.0, ()) for boundary in closed]
    results += _joined(layer, open_)
    return _once([outline for outline in results if outline is not None][:MAX_OUTLINES])


def _joined(layer: str, lines: list[list[Point]]) -> list[Outline | None]:
    """Lines are one ring after the other, or a network whose meshes are the outlines; where neither leaves nothing
    over, they are put end to end as they come.
    """
    chains: Iterable[Chain] = ()
    for reach in (GRID, JOINED):
        snapped = _snapped(lines, reach)
        chains = chains or _one_after_the_other(lines, snapped) or _meshes(snapped, reach)
    results = []
    for chain, gap, place in chains or _chains(lines):
        ends = math.dist(chain[0], chain[-1])
        if ends > gap:
            gap, place = ends, (chain[-1], chain[0])
        results.append(_outline(layer, chain, gap, place))
    return results


def _one_after_the_other(lines: list[list[Point]], snapped: list[list[Point]]) -> list[Chain]:
    """The rings, when each is closed before the next begins; none otherwise."""
    rings: list[Chain] = []
    group: list[list[Point]] = []
    met: dict[Point, int] = defaultdict(int)
    for line, ends in zip(lines, snapped, strict=True):
        group.append(line)
        met[ends[0]] += 1
        met[ends[-1]] += 1
        if all(times == 2 for times in met.values()):
            chains = list(_chains(group))
            if len(chains) != 1:
                return []
            rings += chains
            group = []
            met.clear()
    return [] if group else rings


def _meshes(snapped: list[list[Point]], reach: float) -> list[Chain]:
    """What a network of lines encloses, when no line is left over and none crosses another."""
    lines = [LineString(line) for line in snapped if len(set(line)) > 1]
    if len(lines) < 2:
        return []
    network = union_all(lines, grid_size=GRID)
    fragments = list(getattr(network, "geoms", [network]))
    rings, cuts, dangles, invalid = polygonize_full(fragments)
    if cuts.geoms or dangles.geoms or invalid.geoms or _cross(lines, fragments):
        return []
    reported = reach if reach > GRID else 0.0
    return [([(x, y) for x, y in boundary.exterior.coords], reported, ()) for boundary in rings.geoms]


def _cross(lines: list[LineString], fragments: list[BaseGeometry]) -> bool:
    """Do lines meet where none of them has a corner?"""
    corners = MultiPoint([point for line in lines for point in line.coords])
    ends = MultiPoint([point for piece in fragments for point in (piece.coords[0], piece.coords[-1])])
    return not ends.difference(corners.buffer(JOINED)).is_empty


def _snapped(lines: list[list[Point]], reach: float) -> list[list[Point]]:
    """The same lines with ends that are nearly one point made one."""
    known: dict[tuple[int, int], Point] = {}

    def snap(point: Point) -> Point:
        cell = round(point[0] / reach), round(point[1] / reach)
        for across in (0, -1, 1):
            for up in (0, -1, 1):
                there = known.get((cell[0] + across, cell[1] + up))
                if there is not None and math.dist(there, point) <= reach:
                    return there
        known[cell] = point
        return point

    return [[snap(line[0]), *line[1:-1], snap(line[-1])] for line in lines]


def _chains(lines: list[list[Point]]) -> Iterable[Chain]:
    """Lines put end to end, the nearest ends first: the chain, its widest gap, and where that is."""
    left = [list(line) for line in lines]
    while left:
        chain, gap = left.pop(0), 0.0
        place: tuple[Point, ...] = ()
        while left:
            at, turned, before, distance = _nearest(chain, left)
            if distance > REACHED or (distance >= math.dist(chain[0], chain[-1]) and len(chain) > 2):
                break
            line = left.pop(at)
            line = line[::-1] if turned else line
            ends = (line[-1], chain[0]) if before else (chain[-1], line[0])
            chain = [*line, *chain] if before else [*chain, *line]
            if distance > gap:
                gap, place = distance, ends
        if len(chain) > 2:
            yield chain, gap, place


def _nearest(chain: list[Point], lines: Sequence[list[Point]]) -> tuple[int, bool, bool, float]:
    """Which line goes on from the chain, whether it is turned, whether it comes before, and how far it is."""
    best = (0, False, False, math.inf)
    for at, line in enumerate(lines):
        for turned, near in ((False, line[0]), (True, line[-1])):
            if (distance := math.dist(chain[-1], near)) < best[3]:
                best = (at, turned, False, distance)
        for turned, near in ((False, line[-1]), (True, line[0])):
            if (distance := math.dist(chain[0], near)) < best[3]:
                best = (at, turned, True, distance)
        if best[3] <= SAME:
            break
    return best


def _outline(layer: str, points: list[Point], gap: float, place: tuple[Point, ...]) -> Outline | None:
    boundary = [point for at, point in enumerate(points) if at == 0 or math.dist(point, points[at - 1]) > SAME]
    while len(boundary) > 1 and math.dist(boundary[0], boundary[-1]) <= JOINED:
        boundary.pop()  # ends that were meant to meet are one corner
    if len(boundary) < 3 or len(boundary) > MAX_CORNERS:
        return None
    shape = Polygon(boundary)
    if shape.is_valid:
        return Outline(layer, tuple(boundary), shape, gap, place) if shape.area > SAME else None
    mended = max(_polygons(make_valid(shape)), key=lambda piece: piece.area, default=None)
    total = sum(piece.area for piece in _polygons(make_valid(shape)))
    if mended is not None and total - mended.area < SPIKE and abs(mended.area - _enclosed(boundary)) < SPIKE:
        return Outline(layer, tuple(boundary), mended, gap, place)
    if mended is None:
        return None
    return Outline(layer, tuple(boundary), None, gap, place, _crossing(shape))


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    fragments = getattr(shape, "geoms", [shape])
    flat = [inner for piece in fragments for inner in (piece.geoms if isinstance(piece, MultiPolygon) else [piece])]
    return [piece for piece in flat if isinstance(piece, Polygon) and not piece.is_empty]


def _enclosed(boundary: Sequence[Point]) -> float:
    turned = [*boundary[1:], boundary[0]]
    return abs(sum(x * up - across * y for (x, y), (across, up) in zip(boundary, turned, strict=True))) / 2


def _crossing(shape: Polygon) -> tuple[Point, ...]:
    """Where it crosses itself, as the library says it: “Self-intersection[12.5 40]”."""
    message = explain_validity(shape)
    try:
        across, up = message.partition("[")[2].rstrip("]").split()[:2]
        return ((float(across), float(up)),)
    except ValueError:
        return ()


def _once(outlines: list[Outline]) -> tuple[list[Outline], int]:
    """Outlines that lie on each other are one."""
    retained: list[Outline] = []
    by_size: dict[int, list[Outline]] = defaultdict(list)
    for outline in outlines:
        shape = outline.shape
        if shape is not None:
            size = round(shape.area)
            near = [other for step in (-1, 0, 1) for other in by_size[size + step]]
            if any(other.shape is not None and _same(shape, other.shape) for other in near):
                continue
            by_size[size].append(outline)
        retained.append(outline)
    return retained, len(outlines) - len(retained)


def _same(item: Polygon, other: Polygon) -> bool:
    apart = max(abs(a - b) for a, b in zip(item.bounds, other.bounds, strict=True))
    return apart < JOINED and item.symmetric_difference(other).area < SPIKE
