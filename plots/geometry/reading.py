"""Corners as people give them: typed or pasted lines, CSV, GeoJSON, in metres or degrees, digits of every script.

One corner a line: easting and northing, with its number before them or not. What stands between them may be spaces, a
tab, a comma or a semicolon. Degrees are turned into metres; here longitude and latitude are never mistaken for each
other, whichever comes first. Metres stay as they are written, also where they lie elsewhere: `findings` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.numbers import canonical_number, read_number
from core.text import plain_characters, search_key

from .geojson_reading import GEOJSON_SLIPS as GEOJSON_SLIPS
from .geojson_reading import positions
from .outlines import Point
from .projection import is_degrees_here, to_plane

MAX_CORNERS = 200
MAX_TEXT = 20_000
# Two coordinates with their names and a note are shorter; patterns try a longer one in too many ways.
MAX_LINE = 200
# So much shows what a text begins like.
_MAX_START = 1000
MIN_CORNERS = 3
# Further than any coordinate of a UTM zone, and small enough to measure with.
_MAX_METRES = Decimal(100_000_000)


@dataclass(frozen=True)
class Slip:
    """Why a line was not understood. `line` is counted from one; 0 when it is about all of it."""

    code: str
    line: int = 0
    text: str = ""


@dataclass
class Unreadable(ValueError):
    """Every line that was not understood."""

    slips: list[Slip] = field(default_factory=list)


def read_corners(given: object) -> tuple[Point, ...]:
    """The corners of a text, or of a GeoJSON object. Unreadable names every line that is none."""
    if isinstance(given, str):
        if len(given) > MAX_TEXT:
            raise Unreadable([Slip("too_long")])
        if not _is_json(given):
            return _counted(_read_lines(given))
    try:
        pairs = [(0, (Decimal(repr(x)), Decimal(repr(y)))) for x, y in positions(given, MAX_CORNERS)]
    except ValueError as error:
        raise Unreadable([Slip(str(error))]) from error
    return _counted(_place(pairs))


def _is_json(text: str) -> bool:
    """GeoJSON, also broken; a line in square brackets that is no list of numbers is a line like any other."""
    start = re.sub(r"\s", "", text[:_MAX_START])
    if not start.startswith("["):
        return start.startswith("{")
    if start.startswith(("[[", "[{")):
        return True
    try:
        return isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def read_point(text: str) -> Point:
    """The one point of a text, in every form a corner may have. Unreadable where it is none, or more than one."""
    if len(text) > MAX_TEXT:
        raise Unreadable([Slip("too_long")])
    points = _read_lines(text)
    if len(points) != 1:
        raise Unreadable([Slip("one_point")])
    return points[0]


def written(corners: Iterable[Point]) -> str:
    """Corners as they are kept: one a line, easting and northing in metres to the millimetre. Read again, the same."""
    return "\n".join(" ".join(_metres(value) for value in corner) for corner in corners)


def _metres(value: float) -> str:
    return canonical_number(Decimal(repr(round(value, 3))))


def _counted(corners: list[Point]) -> tuple[Point, ...]:
    if len(corners) < MIN_CORNERS:
        raise Unreadable([Slip("too_few")])
    if len(corners) > MAX_CORNERS:
        raise Unreadable([Slip("too_many")])
    return tuple(corners)


def _read_lines(text: str) -> list[Point]:
    pairs: list[tuple[int, tuple[Decimal, Decimal]]] = []
    slips: list[Slip] = []
    order = (0, 1)
    lines = re.split("\r\n?|[\n\u0085\u2028\u2029]", text)
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE and line.strip():
            slips.append(Slip("line", number, line.strip()[:60]))
            continue
        plain = _plain(line)
        if not plain:
            continue
        if not pairs and not slips and (axes := _header(plain)):
            order = axes
            continue
        try:
            first, second = _read_line(plain)
        except ValueError:
            slips.append(Slip("line", number, line.strip()[:60]))
        else:
            pair = (first, second)
            pairs.append((number, (pair[order[0]], pair[order[1]])))
    if slips:
        raise Unreadable(slips)
    if len(pairs) > MAX_CORNERS:
        raise Unreadable([Slip("too_many")])
    return _place(pairs)


def _place(pairs: Sequence[tuple[int, tuple[Decimal, Decimal]]]) -> list[Point]:
    """Points on the plane. Numbers up to 180 are degrees: no plot of ours lies so near a zone's own zero."""
    points, slips = [], []
    for line, (first, second) in pairs:
        if not (abs(first) <= _MAX_METRES and abs(second) <= _MAX_METRES):
            slips.append(Slip("line", line, f"{first} {second}"[:60]))
        elif abs(first) <= 180 and abs(second) <= 180:
            longitude, latitude = float(first), float(second)
            if is_degrees_here(latitude, longitude):
                longitude, latitude = latitude, longitude
            if is_degrees_here(longitude, latitude):
                points.append(to_plane(longitude, latitude))
            else:
                slips.append(Slip("degrees_elsewhere", line, f"{first} {second}"))
        else:
            points.append(Point(round(float(first), 3), round(float(second), 3)))
    if slips:
        raise Unreadable(slips)
    return points


_PARTS = re.compile(r"[;؛|\t]")
_DEGREES = re.compile(
    r"(?P<before>[nsew])?\s*(?P<degrees>\d+)\s*[°ºd]\s*(?:(?P<minutes>\d+(?:[.,]\d+)?)\s*['′’]\s*)?"
    r"(?:(?P<seconds>\d+(?:[.,]\d+)?)\s*(?:[\"″”]|'')\s*)?(?P<after>[nsew])?",
    re.IGNORECASE,
)
# Letters and words for the two axes, folded as search_key folds them. Arabic survey tables write س for x and ص for y.
_EAST = {"e", "x", "east", "easting", "eastings", "lon", "long", "longitude", "س", "شرق", "شرقا", "شرقي", "الشرقي",
         "الاحداثي الشرقي", "احداثي شرقي", "شرقيات", "الشرقيات", "خط الطول", "طول"}  # fmt: skip
_NORTH = {"n", "y", "north", "northing", "northings", "lat", "latitude", "ص", "شمال", "شمالا", "شمالي", "الشمالي",
          "الاحداثي الشمالي", "احداثي شمالي", "شماليات", "الشماليات", "دائره العرض", "خط العرض", "عرض"}  # fmt: skip
# A height, which is left out.
_HEIGHT, _UP = {"z", "h", "elev", "elevation", "height", "ع", "ارتفاع", "الارتفاع", "منسوب", "المنسوب"}, 2
_AXES = {search_key(word): 0 for word in _EAST} | {search_key(word): 1 for word in _NORTH}
_AXES |= {search_key(word): _UP for word in _HEIGHT}
# The number of a corner as lists are numbered: "1) ", "2. ", "P3: ".
_NUMBERED = re.compile(r"^[(\[]?[a-z]{0,3}\d{1,3} ?[).\]:-] +(?=\D{0,12}\d)", re.IGNORECASE)
# What survey programs put around a corner: "37 Q 520000 m E 2380000 m N", "at point X = 520000", "(520000, 2380000)".
_ZONE = re.compile(r"^(?:utm\s*)?37 ?[qr]\b[\s,:]*", re.IGNORECASE)
_METRES_AFTER = re.compile(r"(?<=\d) ?(?:m|mt|metres?|meters?|متر|م)(?=\s*[ens]?\s*(?:[\s,،;؛)]|$))", re.IGNORECASE)
_AT_POINT = re.compile(r"^(?:at|id)? ?point[\s:]+(?=\D{0,4}[xe]\b)", re.IGNORECASE)
_BRACKETS = re.compile(r"[()\[\]{}]")
# Degrees with a decimal comma: no thousands are parted so.
_LONG_FRACTION = re.compile(r"([+-]?\d{1,3}),(\d{4,})")
_BESIDE = re.compile(r"^(?P<before>[^\d.,+-]*?)[\s:=]*(?P<number>[+-]?[\d.,٫٬']*\d)[\s:=]*(?P<after>[^\d]*)$")


def _plain(line: str) -> str:
    """One line in plain characters; tabs stay apart, since cells are pasted with them."""
    return "\t".join(plain_characters(part) for part in line.split("\t")).strip().strip(",،;؛").strip()


def _header(line: str) -> tuple[int, int] | None:
    """Which of the two numbers of a line is the easting and which the northing, as a line of titles says."""
    cells = [search_key(re.sub(r"\(.*?\)", "", cell)) for cell in re.split(r"[;؛|\t,،]", line)]
    if any(char.isdigit() for char in line) and not any(cell in _AXES for cell in cells):
        return None
    if len(cells) == 1:
        cells = [search_key(word) for word in line.split()]
    axes = [_AXES[cell] for cell in cells if _AXES.get(cell, _UP) != _UP]
    if sorted(axes) == [0, 1]:
        return (0, 1) if axes[0] == 0 else (1, 0)
    return None if any(char.isdigit() for char in line) else (0, 1)


def _read_line(line: str) -> tuple[Decimal, Decimal]:
    """The two numbers of a line, easting first where the line itself says which is which. ValueError if it has none."""
    if degrees := list(_DEGREES.finditer(line)):
        return _sexagesimal(degrees, line)
    cells = _cells(_BRACKETS.sub(" ", _METRES_AFTER.sub("", _AT_POINT.sub("", _ZONE.sub("", _NUMBERED.sub("", line))))))
    if not 2 <= len(cells) <= 4:
        raise ValueError(line)
    named: dict[int, Decimal] = {}
    numbers: list[Decimal | None] = []
    for cell in cells:
        axis, number = _cell(cell)
        numbers.append(number)
        if axis is not None and number is not None:
            named[axis] = number
    if 0 in named and 1 in named:
        return named[0], named[1]
    first, second = _without_label(numbers)
    return first, second


def _cells(line: str) -> list[str]:
    """What stands on a line, parted by whatever its writer used."""
    if _PARTS.search(line):
        first, *rest = [cell.strip() for cell in _PARTS.split(line) if cell.strip()] or [""]
        # The corner's own name may stand before its first number, a space between: "P3 (520000 ; 2380000)".
        name, _space, number = first.partition(" ")
        is_named = search_key(name) not in _AXES and _is_number(number.strip())
        return [name, number.strip(), *rest] if is_named else [first, *rest]
    line = re.sub(r"\s*[:=]\s*", "=", line)
    words = [word.strip(",،") for word in line.split()]
    words = [word for word in words if word]
    if len(words) > 1 and all(_is_number(word) for word in words[1:]):
        return words
    # A name before its number: "E 520000 N 2380000".
    joined = [f"{a} {b}" for a, b in zip(words[::2], words[1::2], strict=False)]
    if len(words) in (4, 6) and any(
        all(search_key(word) in _AXES for word in names) for names in (words[::2], words[1::2])
    ):
        return joined
    cells = [cell.strip() for cell in re.split(r"[,،]", line) if cell.strip()]
    if len(words) > 1 and all(_is_number(part) for cell in cells for part in cell.split()):
        return [part for cell in cells for part in cell.split()]
    return cells


def _is_number(word: str) -> bool:
    return _cell(word)[1] is not None


def _cell(cell: str) -> tuple[int | None, Decimal | None]:
    """(axis, number) of one cell; no axis where none is named, no number in a corner's name such as “P1”."""
    match = _BESIDE.match(cell)
    if match is None:
        return None, None
    beside = [search_key(match[name].strip(" .:=°")) for name in ("before", "after")]
    axes = [_AXES[word] for word in beside if word in _AXES]
    if any(word and word not in _AXES and word not in ("m", "م", "متر") for word in beside):
        return None, None
    try:
        return (axes[0] if axes else None), read_number(_LONG_FRACTION.sub(r"\1.\2", match["number"]))
    except ValueError:
        return None, None


def _without_label(numbers: Sequence[Decimal | None]) -> tuple[Decimal, Decimal]:
    """The coordinates among the numbers of a line: a corner's number may stand before them, its height behind."""
    labelled = len(numbers) > 2 and _is_label(numbers[0], numbers[1])
    if len(numbers) == 4 and not labelled:
        raise ValueError(numbers)
    first, second = numbers[1:3] if labelled else numbers[:2]
    if first is None or second is None or _is_cut_apart(first, second):
        raise ValueError(numbers)
    return first, second


def _is_label(first: Decimal | None, second: Decimal | None) -> bool:
    """Is this the number of a corner, and no coordinate? Beside metres a small one is; beside degrees a whole one."""
    if first is None:
        return True
    if second is not None and abs(second) > 1000:
        return abs(first) < 1000
    return first == first.to_integral_value()


def _is_cut_apart(first: Decimal, second: Decimal) -> bool:
    """A coordinate in metres beside a number that is none: decimal commas were taken for what parts two numbers."""
    return max(abs(first), abs(second)) > 180 and min(abs(first), abs(second)) < 1000


def _sexagesimal(matches: list[re.Match[str]], line: str) -> tuple[Decimal, Decimal]:
    """Degrees, minutes and seconds: 21°32'10.5"N 39°10'22"E."""
    rest = _DEGREES.sub(" ", line)
    if len(matches) != 2 or not re.fullmatch(
        r"[\s,،;؛.|]*(?:[a-z]?\d{1,3}[\s,،;؛.|]+)?[\s,،;؛.|]*", rest, re.IGNORECASE
    ):
        raise ValueError(line)
    values, letters = [], []
    for match in matches:
        minutes, seconds = (Decimal((match[name] or "0").replace(",", ".")) for name in ("minutes", "seconds"))
        if minutes >= 60 or seconds >= 60:
            raise ValueError(line)
        values.append(Decimal(match["degrees"]) + minutes / 60 + seconds / 3600)
        letters.append((match["before"] or match["after"] or "").lower())
    if "s" in letters or "w" in letters:
        raise ValueError(line)
    return (values[1], values[0]) if letters[0] == "n" or letters[1] == "e" else (values[0], values[1])
