"""A map of many plots: where outlines and counted squares stand, in the picture's own units. North is up, in every
language.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .geometry import Outline, Point
from .grid import Box
from .ground import Sketched, sketch
from .picture import WIDTH, bar_of, centre_of

MIN_HEIGHT, MAX_HEIGHT, EDGE = 240, 440, 34
# Ground shown at least, so that a single plot does not fill it.
MIN_GROUND_M = 150.0
MIN_RADIUS, MAX_RADIUS = 11.0, 19.0
# Letters of all outlines of ground on one picture; what one letter of a name takes, and its height.
MAX_PATHS, LETTER, NAME_HEIGHT = 60_000, 5.5, 13.0
# (how it is drawn, its name, its shape as plots.ground keeps it)
Ground = tuple[str, str, str]


@dataclass(frozen=True)
class Spot:
    """One thing on the map under the number of its row: an outline (`path`), or a circle (`radius`, in its units)."""

    number: int
    x: float
    y: float
    text: str
    path: str = ""
    radius: float = 0.0


@dataclass(frozen=True)
class Area:
    """Ground with a name, under everything else; `text` is its name where that has room. `kind` is how it is drawn."""

    kind: str
    path: str
    x: float
    y: float
    text: str = ""


@dataclass(frozen=True)
class MapPicture:
    """`bar` is the scale's: its length in the picture, and its words in metres or kilometres."""

    height: int
    spots: tuple[Spot, ...]
    bar: tuple[float, str, str]
    ground: tuple[Area, ...] = ()
    width: int = WIDTH

    @property
    def bar_y(self) -> int:
        return self.height - 12

    @property
    def bar_end(self) -> float:
        return round(self.bar[0] + 18, 1)

    @property
    def north_x(self) -> int:
        return self.width - 18


def draw_outlines(frame: Box, outlines: Sequence[Outline], ground: Iterable[Ground] = ()) -> MapPicture:
    """Each outline with its number where that has room; the tables behind it say all of them."""
    place, scale, height = _frame(frame)
    spots: list[Spot] = []
    for number, outline in enumerate(outlines, start=1):
        x, y = place(centre_of(outline))
        path = "M" + "L".join(f"{a:g} {b:g}" for a, b in map(place, outline.corners)) + "Z"
        free = all(abs(spot.x - x) > 9 + 4 * len(spot.text) or abs(spot.y - y) > 12 for spot in spots if spot.text)
        spots.append(Spot(number, x, y, str(number) if free else "", path))
    return MapPicture(height, tuple(spots), _bar(scale), areas_of(place, ground))


def draw_ground(frame: Box, ground: Iterable[Ground]) -> MapPicture:
    """Districts or parcels alone."""
    place, scale, height = _frame(frame)
    return MapPicture(height, (), _bar(scale), areas_of(place, ground))


def seen_in(frame: Box) -> Box:
    """The ground that a picture of this frame shows."""
    return _frame(frame)[0].extent


def areas_of(place: _Place, ground: Iterable[Ground]) -> tuple[Area, ...]:
    """What of them is in sight, as long as the page does not grow too heavy."""
    areas: list[Area] = []
    room = MAX_PATHS
    for kind, name, shape in ground:
        drawn = sketch(shape, place.extent, 0.7 / place.scale)
        if drawn is None:
            continue
        path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in map(place, map(Point._make, line))) + "Z"
                       for line in drawn.lines)  # fmt: skip
        room -= len(path)
        if room < 0:
            break
        areas.append(Area(kind, path, *_named(place, areas, drawn, name)))
    return tuple(areas)


def _named(place: _Place, areas: Sequence[Area], drawn: Sketched, name: str) -> tuple[float, float, str]:
    """Where a name stands on its own ground, between those that stand already; without it where it has no room."""
    width = LETTER * len(name)

    def is_free(x: float, y: float) -> bool:
        across, down = place(Point(x, y))
        return all(
            abs(area.x - across) > (width + LETTER * len(area.text)) / 2 + 4 or abs(area.y - down) > NAME_HEIGHT
            for area in areas
            if area.text
        )

    at = drawn.place_for(width / place.scale, NAME_HEIGHT / place.scale, is_free)
    return (*place(Point(*at)), name) if at else (0.0, 0.0, "")


def draw_counts(frame: Box, counted: Sequence[tuple[Point, int]], ground: Iterable[Ground] = ()) -> MapPicture:
    """A circle for each number of plots, larger where there are more."""
    place, scale, height = _frame(frame)
    most = max((count for _middle, count in counted), default=1)
    spots = []
    for number, (middle, count) in enumerate(counted, start=1):
        x, y = place(middle)
        radius = MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * math.sqrt(count / most)
        spots.append(Spot(number, x, y, in_short(count), radius=round(radius, 1)))
    return MapPicture(height, tuple(spots), _bar(scale), areas_of(place, ground))


def in_short(count: int) -> str:
    """A number in at most four characters: 940, 3.2k, 41k, 2M."""
    if count < 1000:
        return str(count)
    if count < 9_950:
        return f"{count / 1000:.1f}k"
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1_000_000:.0f}M"


def _frame(frame: Box) -> tuple[_Place, float, int]:
    """Where a point stands, units a metre, and the picture's height."""
    west, south, east, north = frame
    wide, high = max(east - west, MIN_GROUND_M), max(north - south, MIN_GROUND_M)
    middle = Point((west + east) / 2, (south + north) / 2)
    scale = min((WIDTH - 2 * EDGE) / wide, (MAX_HEIGHT - 2 * EDGE) / high)
    height = round(max(MIN_HEIGHT, min(MAX_HEIGHT, high * scale + 2 * EDGE)))
    return _Place(middle, scale, height), scale, height


@dataclass(frozen=True)
class _Place:
    middle: Point
    scale: float
    height: int

    @property
    def extent(self) -> Box:
        """The ground in sight: west, south, east, north."""
        across, up = WIDTH / 2 / self.scale, self.height / 2 / self.scale
        return self.middle.x - across, self.middle.y - up, self.middle.x + across, self.middle.y + up

    def __call__(self, point: Point) -> tuple[float, float]:
        x = WIDTH / 2 + (point.x - self.middle.x) * self.scale
        y = self.height / 2 - (point.y - self.middle.y) * self.scale
        return round(x, 1), round(y, 1)


def _bar(scale: float) -> tuple[float, str, str]:
    """Its length, the figure, and the unit: m or km."""
    length, metres = bar_of(scale)
    return (length, f"{metres / 1000:g}", "km") if metres >= 1000 else (length, f"{metres:g}", "m")
