"""A plot as a picture: where its lines and words stand, in the picture's own units. North is up, in every language.

`Picture` is what a page or a paper draws; nothing here knows of either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .geometry import Outline, Patch, Point
from .grid import Box
from .ground import Sketched, sketch
from .words import metres

WIDTH, MIN_HEIGHT, MAX_HEIGHT, EDGE = 400, 190, 440, 44
# Sides shorter than this in the picture bear no length; corners nearer to the last numbered one, no number.
LABELLED_SIDE, LABELLED_CORNER = 34, 13
# What a length takes beside another word.
LABEL_WIDTH, LABEL_HEIGHT = 32, 13
# What a letter of a district's name takes.
LETTER_WIDTH = 5.5
# Around the plot, with neighbours, in parts of its own size.
AROUND = 0.6


@dataclass(frozen=True)
class Line:
    """A closed line. `kind` is plot, part, neighbour, district, gap, overlap or outside; several rings leave holes."""

    kind: str
    path: str


@dataclass(frozen=True)
class Label:
    """`kind` is side, corner, part, mark, neighbour or district."""

    kind: str
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Picture:
    """`bar` is the scale's bar: its length in the picture and in metres; `scale` is units a metre."""

    width: int
    height: int
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    dots: tuple[tuple[float, float], ...]
    bar: tuple[float, str]

    @property
    def bar_y(self) -> int:
        return self.height - 12

    @property
    def bar_end(self) -> float:
        return round(self.bar[0] + 18, 1)

    @property
    def north_x(self) -> int:
        return self.width - 18


@dataclass
class _Sheet:
    place: Callable[[Point], tuple[float, float]]
    lines: list[Line] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    dots: list[tuple[float, float]] = field(default_factory=list)

    def line(self, kind: str, rings: Iterable[Sequence[Point]]) -> None:
        paths = ["M" + "L".join(f"{x:g} {y:g}" for x, y in map(self.place, line)) + "Z" for line in rings]
        self.lines.append(Line(kind, "".join(paths)))

    def has_room(self, x: float, y: float) -> bool:
        """Is a length legible here, between the words that stand already?"""
        return all(abs(label.x - x) > LABEL_WIDTH or abs(label.y - y) > LABEL_HEIGHT for label in self.labels)

    def label(self, kind: str, at: tuple[float, float], text: str) -> None:
        self.labels.append(Label(kind, round(at[0], 1), round(at[1], 1), text))


def draw(
    plot: Outline | None,
    parts: Sequence[tuple[int, Outline]] = (),
    patches: Sequence[tuple[str, str, Patch]] = (),
    neighbours: Sequence[tuple[str, Outline]] = (),
    ground_in: Callable[[Box], Iterable[tuple[str, str]]] | None = None,
) -> Picture | None:
    """The plot with its sides' lengths and corners' numbers; parts with theirs; patches as (kind, mark, patch), and
    neighbours as (mark, outline). `ground_in` is asked for the districts under it, (name, shape). None when there is
    nothing to draw.
    """
    own = [plot] if plot else []
    own += [part for _number, part in parts]
    own = [outline for outline in own if len(outline.corners) > 1]
    if not own:
        return None
    place, scale, height, extent = _frame(own, around=AROUND if neighbours else 0.0)
    sheet = _Sheet(place)
    for _mark, outline in neighbours:
        sheet.line("neighbour", [outline.corners])
    if plot and plot in own:
        sheet.line("plot", [plot.corners])
    for _number, part in parts:
        sheet.line("part", [part.corners])
    sketched = _ground(sheet, extent, scale, ground_in(extent)) if ground_in else []
    for kind, _mark, patch in patches:
        sheet.line(kind, patch.rings)
    for _kind, mark, patch in patches:
        sheet.label("mark", place(patch.middle), mark)
    for mark, outline in neighbours:
        sheet.label("neighbour", place(centre_of(outline)), mark)
    for number, part in parts:
        sheet.label("part", place(centre_of(part)), str(number))
    if plot and plot in own:
        _corners(sheet, plot)
    # Lengths come last: they stand where there is room, and all of them in the table.
    for _number, part in parts:
        _sides(sheet, part, inwards=True)
    if plot and plot in own and not parts:
        _sides(sheet, plot, inwards=False)
    for drawn, name in sketched:
        _name_ground(sheet, scale, drawn, name)
    return Picture(WIDTH, height, tuple(sheet.lines), tuple(sheet.labels), tuple(sheet.dots), _bar(scale))


def _ground(sheet: _Sheet, extent: Box, scale: float, ground: Iterable[tuple[str, str]]) -> list[tuple[Sketched, str]]:
    """Draws the edges of districts in sight; each that is, with its name."""
    sketched = [(drawn, name) for name, shape in ground if (drawn := sketch(shape, extent, 0.7 / scale))]
    for drawn, _name in sketched:
        if not drawn.fills(extent):
            sheet.line("district", [[Point(x, y) for x, y in line] for line in drawn.lines])
    return sketched


def _name_ground(sheet: _Sheet, scale: float, drawn: Sketched, name: str) -> None:
    """On its own ground, where that has room between the words that stand already; else the page's words name it."""
    width = LETTER_WIDTH * len(name)

    def is_free(x: float, y: float) -> bool:
        across, down = sheet.place(Point(x, y))
        return all(abs(a.x - across) > width / 2 + 18 or abs(a.y - down) > LABEL_HEIGHT for a in sheet.labels)

    if at := drawn.place_for((width + 6) / scale, (LABEL_HEIGHT + 2) / scale, is_free):
        sheet.label("district", sheet.place(Point(*at)), name)


def _frame(own: Sequence[Outline], around: float) -> tuple[Callable[[Point], tuple[float, float]], float, int, Box]:
    """Where a point stands, units a metre, the picture's height, and the ground in sight."""
    west, south = min(o.box[0] for o in own), min(o.box[1] for o in own)
    east, north = max(o.box[2] for o in own), max(o.box[3] for o in own)
    room = around * max(east - west, north - south)
    west, south, east, north = west - room, south - room, east + room, north + room
    wide, high = max(east - west, 0.01), max(north - south, 0.01)
    scale = min((WIDTH - 2 * EDGE) / wide, (MAX_HEIGHT - 2 * EDGE) / high)
    height = round(max(MIN_HEIGHT, min(MAX_HEIGHT, high * scale + 2 * EDGE)))
    left, top = (WIDTH - wide * scale) / 2, (height - high * scale) / 2

    def place(point: Point) -> tuple[float, float]:
        return round(left + (point.x - west) * scale, 1), round(top + (north - point.y) * scale, 1)

    upper, leftmost = north + top / scale, west - left / scale
    return place, scale, height, (leftmost, upper - height / scale, leftmost + WIDTH / scale, upper)


def _is_against_the_clock(outline: Outline) -> bool:
    corners = outline.corners
    following = [*corners[1:], corners[0]]
    ox, oy = corners[0]
    return sum((a.x - ox) * (b.y - oy) - (b.x - ox) * (a.y - oy) for a, b in zip(corners, following, strict=True)) > 0


def _sides(sheet: _Sheet, outline: Outline, *, inwards: bool) -> None:
    outward = 1 if _is_against_the_clock(outline) else -1
    distance = -11 if inwards else 13
    for side in outline.sides:
        (ax, ay), (bx, by) = sheet.place(side.start), sheet.place(side.end)
        if (length := math.hypot(bx - ax, by - ay)) < LABELLED_SIDE:
            continue
        # The picture's y runs down, so that left of a side is right of it there.
        nx, ny = -(by - ay) / length * outward, (bx - ax) / length * outward
        reach = distance * (1 + 0.7 * abs(nx))
        x, y = (ax + bx) / 2 + nx * reach, (ay + by) / 2 + ny * reach
        if sheet.has_room(x, y):
            sheet.label("side", (x, y), metres(side.length))


def _corners(sheet: _Sheet, outline: Outline) -> None:
    cx, cy = sheet.place(centre_of(outline))
    last: tuple[float, float] | None = None
    for number, corner in zip(outline.numbers, outline.corners, strict=True):
        x, y = sheet.place(corner)
        sheet.dots.append((x, y))
        if last is not None and math.hypot(x - last[0], y - last[1]) < LABELLED_CORNER:
            continue
        last = (x, y)
        distance = math.hypot(x - cx, y - cy) or 1.0
        sheet.label("corner", (x + 12 * (x - cx) / distance, y + 12 * (y - cy) / distance), str(number))


def centre_of(outline: Outline) -> Point:
    """The centre of its area; of one that encloses none, the middle of its corners."""
    corners = outline.corners
    ox, oy = corners[0]
    total = sx = sy = 0.0
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        cross = (a.x - ox) * (b.y - oy) - (b.x - ox) * (a.y - oy)
        total, sx, sy = total + cross, sx + (a.x + b.x - 2 * ox) * cross, sy + (a.y + b.y - 2 * oy) * cross
    west, south, east, north = outline.box
    if abs(total) < 0.01:
        return Point((west + east) / 2, (south + north) / 2)
    return Point(min(max(ox + sx / (3 * total), west), east), min(max(oy + sy / (3 * total), south), north))


def bar_of(scale: float) -> tuple[float, float]:
    """The longest of 1, 2, 5, 10, … metres that takes at most a quarter of the picture: as long there, in metres."""
    most = WIDTH / 4 / scale
    size = 10.0 ** math.floor(math.log10(most))
    length = next(factor * size for factor in (5, 2, 1) if factor * size <= most)
    return round(length * scale, 1), length


def _bar(scale: float) -> tuple[float, str]:
    length, metres = bar_of(scale)
    return length, f"{metres:,g}"
