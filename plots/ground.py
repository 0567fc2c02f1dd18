"""Ground with a name, a district or a parcel: its polygons out of a GeoJSON file, and what a plot shares with it.

Polygons are kept as text (WKT, in metres of UTM zone 37 north, to the centimetre). shapely and pyproj are loaded when
first needed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from core.text import is_storable, one_line

from .geometry import Outline, lies_here
from .geometry.projection import ZONE, is_degrees_here, is_here, to_plane_all
from .grid import Box

MAX_BYTES = 8_000_000
MAX_FEATURES, MAX_POINTS, MAX_POINTS_EACH, MAX_LINES = 5000, 250_000, 20_000, 500
MAX_NAME = 120
# Places along each axis that are tried for a name.
TRIED = 16
# Points of pairs whose boxes touch, for comparing them with each other.
MAX_COMPARED = 5_000_000
# What brackets a file within the limits can have: a pair each point, and what stands around them.
_MAX_BRACKETS, _MAX_BRACES = MAX_POINTS + 4 * MAX_FEATURES + MAX_LINES * 10, 20 * MAX_FEATURES
# Less shared ground comes of two surveys of one line (assumed).
MIN_SHARED_M2 = 1.0
# Nothing smaller is a parcel or a district.
MIN_AREA_M2 = 10.0
# The names of the frames in which a file may be, as GIS programs write them.
_DEGREES = re.compile(r"(?:CRS:?84|EPSG:{1,2}(?:[\d.]*:)?4326)$", re.IGNORECASE)
_METRES = re.compile(rf"EPSG:{{1,2}}(?:[\d.]*:)?326{ZONE}$", re.IGNORECASE)


class NotAFile(ValueError):
    """The file as a whole cannot be read. `code` says why; `value` is the limit or the word it is about."""

    def __init__(self, code: str, value: str | int = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


@dataclass(frozen=True)
class Feature:
    """One shape of a file, counted from one. Either `shape` (WKT) with its box and area in m², or `slip`, why not, and
    `at`, the point it is about (easting, northing).
    """

    number: int
    words: Mapping[str, str]
    shape: str = ""
    box: Box = (0.0, 0.0, 0.0, 0.0)
    area: float = 0.0
    slip: str = ""
    at: tuple[float, float] | None = None


def read_features(content: bytes) -> list[Feature]:
    """Every feature of a GeoJSON file, in its order. NotAFile when it is none, or larger than is read."""
    if len(content) > MAX_BYTES:
        raise NotAFile("too_large", MAX_BYTES // 1_000_000)
    if content.count(b"[") > _MAX_BRACKETS or content.count(b"{") > _MAX_BRACES:
        raise NotAFile("too_many_points", MAX_POINTS)
    try:
        given = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotAFile("no_json") from error
    if not isinstance(given, dict) or given.get("type") != "FeatureCollection":
        raise NotAFile("no_collection")
    features = given.get("features")
    if not isinstance(features, list) or not features:
        raise NotAFile("empty")
    if len(features) > MAX_FEATURES:
        raise NotAFile("too_many_features", MAX_FEATURES)
    in_metres = _frame_of(given.get("crs"))
    budget = _Budget()
    return [_feature(number, feature, in_metres, budget) for number, feature in enumerate(features, start=1)]


@dataclass
class _Budget:
    points: int = MAX_POINTS

    def spend(self, points: int) -> None:
        self.points -= points
        if self.points < 0:
            raise NotAFile("too_many_points", MAX_POINTS)


def _frame_of(given: object) -> bool | None:
    """Whether the file says that it is in metres of our zone; None when it says nothing."""
    if given is None:
        return None
    name: Any = given
    for key in ("properties", "name"):
        name = name.get(key) if isinstance(name, dict) else None
    name = str(name or "")
    if _DEGREES.search(name):
        return False
    if _METRES.search(name):
        return True
    raise NotAFile("other_frame", one_line(name)[:60] or "?")


class _Slip(ValueError):
    def __init__(self, code: str, at: tuple[float, float] | None = None) -> None:
        super().__init__(code)
        self.code, self.at = code, at


def _feature(number: int, given: object, in_metres: bool | None, budget: _Budget) -> Feature:
    words: dict[str, str] = {}
    try:
        if not isinstance(given, dict) or given.get("type") != "Feature":
            raise _Slip("no_feature")
        words = _words(given.get("properties"))
        polygons = _polygons(given.get("geometry"), budget)
        return _measured(number, words, _on_the_plane(polygons, in_metres))
    except _Slip as slip:
        return Feature(number, words, slip=slip.code, at=slip.at)


def _words(given: object) -> dict[str, str]:
    """Its properties that are words or numbers, as texts."""
    if not isinstance(given, dict):
        return {}
    words = {}
    for name, value in list(given.items())[:100]:
        if isinstance(value, str | int) and not isinstance(value, bool) and is_storable(f"{name}{value}"):
            words[one_line(name)[:MAX_NAME]] = one_line(str(value))[:MAX_NAME]
        elif isinstance(value, float) and value.is_integer():
            words[one_line(name)[:MAX_NAME]] = str(int(value))
    return words


Line = list[tuple[float, float]]


def _polygons(given: object, budget: _Budget) -> list[list[Line]]:
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(given, dict) or kind not in ("Polygon", "MultiPolygon"):
        raise _Slip("no_polygon")
    coordinates = given.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons or not all(isinstance(each, list) and each for each in polygons):
        raise _Slip("no_polygon")
    lines = [line for polygon in polygons for line in polygon]
    if not all(isinstance(line, list) for line in lines):
        raise _Slip("no_polygon")
    if len(lines) > MAX_LINES or sum(map(len, lines)) > MAX_POINTS_EACH:
        raise _Slip("too_fine")
    budget.spend(sum(map(len, lines)))
    return [[_line(line) for line in polygon] for polygon in polygons]


def _line(given: list[Any]) -> Line:
    points: Line = []
    for position in given:
        if not isinstance(position, list) or not 2 <= len(position) <= 4:
            raise _Slip("no_numbers")
        try:
            x, y = (float(value) for value in position[:2] if type(value) in (int, float))
        except (ValueError, OverflowError) as error:
            raise _Slip("no_numbers") from error
        if not (math.isfinite(x) and math.isfinite(y)):
            raise _Slip("no_numbers")
        points.append((x, y))
    if len(set(points)) < 3:
        raise _Slip("too_few")
    return points


def _on_the_plane(polygons: list[list[Line]], in_metres: bool | None) -> list[list[Line]]:
    """In metres of our zone. A file that says nothing is in degrees, unless its numbers are metres of ours."""
    points = list(chain.from_iterable(chain.from_iterable(polygons)))
    if in_metres is None:
        in_metres = not all(abs(x) <= 180 and abs(y) <= 180 for x, y in points)
    if in_metres:
        _refuse_elsewhere(points, is_here)
        return polygons
    _refuse_elsewhere(points, is_degrees_here)
    return [[_projected(line) for line in polygon] for polygon in polygons]


def _refuse_elsewhere(points: Line, lies: Any) -> None:
    if all(lies(x, y) for x, y in points):
        return
    raise _Slip("swapped" if all(lies(y, x) for x, y in points) else "elsewhere")


def _projected(line: Line) -> Line:
    return to_plane_all([x for x, _y in line], [y for _x, y in line])


def _measured(number: int, words: dict[str, str], polygons: list[list[Line]]) -> Feature:
    import shapely
    from shapely.geometry import MultiPolygon, Polygon

    try:
        drawn = [Polygon(outer, holes) for outer, *holes in polygons]
        shape: Any = drawn[0] if len(drawn) == 1 else MultiPolygon(drawn)
        shape = shapely.set_precision(shape, 0.01, mode="pointwise")
    except (ValueError, shapely.errors.GEOSException) as error:
        raise _Slip("no_polygon") from error
    if not shape.is_valid:
        raise _Slip("crosses", _place_in(shapely.is_valid_reason(shape)))
    if shape.area < MIN_AREA_M2:
        raise _Slip("no_area")
    west, south, east, north = shape.bounds
    return Feature(number, words, shapely.to_wkt(shape, rounding_precision=2), (west, south, east, north), shape.area)


def _place_in(message: str) -> tuple[float, float] | None:
    """The point of “Self-intersection[520000 2380000]”."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", message.partition("[")[2])
    return (float(numbers[0]), float(numbers[1])) if len(numbers) >= 2 else None


@lru_cache(maxsize=512)
def shape_of(text: str) -> Any:
    """The shape that a text is of, read once; prepared, since many plots are compared with few districts."""
    import shapely

    shape = shapely.from_wkt(text)
    shapely.prepare(shape)
    return shape


def shared_with(plot: Outline, text: str) -> float:
    """Square metres of a plot, which must be simple, that lie in this ground."""
    from shapely.geometry import Polygon

    drawn = Polygon(plot.corners)
    return float(drawn.intersection(shape_of(text)).area) if drawn.is_valid else 0.0


def can_be_compared(plot: Outline | None) -> bool:
    """Does it bound one area, here?"""
    return plot is not None and plot.is_simple and lies_here(plot.corners)


def overlaps(shapes: Sequence[str]) -> list[tuple[int, int, float]]:
    """The pairs that share ground, by their places in the list, and how many square metres, the most first. NotAFile
    when so much lies on each other that comparing it would take minutes.
    """
    import shapely

    drawn = [shapely.from_wkt(text) for text in shapes]
    tree = shapely.STRtree(drawn)
    shared, room = [], MAX_COMPARED
    for first, shape in enumerate(drawn):
        for second in map(int, tree.query(shape)):
            if second <= first:
                continue
            room -= shapely.count_coordinates(shape) + shapely.count_coordinates(drawn[second])
            if room < 0:
                raise NotAFile("too_much_overlap")
            if (area := shape.intersection(drawn[second]).area) >= MIN_SHARED_M2:
                shared.append((first, second, float(area)))
    return sorted(shared, key=lambda pair: -pair[2])


@dataclass(frozen=True)
class Sketched:
    """Ground inside a frame, as lines in metres; `largest` is the largest of its polygons there."""

    lines: tuple[tuple[tuple[float, float], ...], ...]
    largest: Any
    area: float

    def fills(self, frame: Box) -> bool:
        """Is nothing else in the frame? Then its line is the frame's."""
        west, south, east, north = frame
        return self.area >= 0.999 * (east - west) * (north - south)

    def place_for(
        self, width: float, height: float, is_free: Callable[[float, float], bool]
    ) -> tuple[float, float] | None:
        """The middle of a place where words of so many metres lie wholly in this ground and in the way of nothing;
        None where there is none. In its own middle rather than near its edges.
        """
        from shapely.geometry import box

        left, low, right, high = self.largest.bounds
        middle = self.largest.representative_point()
        points = [(middle.x, middle.y)]
        points += [
            (left + (right - left) * (across + 0.5) / TRIED, high - (high - low) * (down + 0.5) / TRIED)
            for down in range(TRIED)
            for across in range(TRIED)
        ]
        for x, y in points:
            words = box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            if is_free(x, y) and self.largest.contains(words):
                return x, y
        return None


def sketch(text: str, frame: Box, fine: float) -> Sketched | None:
    """What of this ground lies in a frame, its lines no finer than so many metres; None when nothing does."""
    import shapely

    west, south, east, north = frame
    if west >= east or south >= north:
        return None
    seen = shapely.clip_by_rect(shape_of(text), west, south, east, north)
    seen = seen.simplify(fine, preserve_topology=True)
    parts = getattr(seen, "geoms", [seen])
    polygons = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
    if not polygons:
        return None
    largest = max(polygons, key=lambda polygon: polygon.area)
    drawn = [line for polygon in polygons for line in (polygon.exterior, *polygon.interiors)]
    lines = tuple(tuple((x, y) for x, y in line.coords[:-1]) for line in drawn)
    shapely.prepare(largest)
    return Sketched(lines, largest, seen.area)
