"""Ground that a list is narrowed to, as people type it: a point and a radius, or opposite corners of a box. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from core.numbers import canonical_number, read_number
from core.text import plain_characters

from .geometry import Point, Unreadable, outline_of, read_point
from .geometry.findings import Finding, findings_of
from .grid import Box

# Metres around a point where none are given, and the most: further than from end to end of the city.
USUAL_RADIUS, MAX_RADIUS = 500, 50_000


@dataclass
class NotARegion(ValueError):
    """What was typed is no such ground. `name` is the field (at, to or radius); `reason` an Unreadable or a Finding, or
    one of: missing, both, radius.
    """

    name: str
    reason: Unreadable | Finding | str


@dataclass(frozen=True)
class Region:
    """A box (west, south, east, north), or a circle where `centre` is given; metres of UTM zone 37 north."""

    box: Box
    centre: Point | None = None
    radius: float = 0.0


def read_region(at: str, to: str = "", radius: str = "") -> Region | None:
    """The ground between the points `at` and `to`, or within `radius` metres of `at`; None when no point is given.

    NotARegion says what is wrong with which of them.
    """
    at, to, radius = (plain_characters(text).strip() for text in (at, to, radius))
    if not at:
        if to:
            raise NotARegion("at", "missing")
        return None
    first = _point("at", at)
    if to:
        if radius:
            raise NotARegion("radius", "both")
        second = _point("to", to)
        west, east = sorted((first.x, second.x))
        south, north = sorted((first.y, second.y))
        return Region((west, south, east, north))
    metres = _radius(radius) if radius else float(USUAL_RADIUS)
    box = (first.x - metres, first.y - metres, first.x + metres, first.y + metres)
    return Region(box, first, metres)


def written_point(point: Point) -> str:
    """A point as an address keeps it: easting and northing in metres."""
    return " ".join(canonical_number(Decimal(repr(round(value, 3)))) for value in point)


def _point(name: str, text: str) -> Point:
    try:
        point = read_point(text)
    except Unreadable as error:
        raise NotARegion(name, error) from error
    # Of a single point only what lies elsewhere is odd: swapped, of another zone, or far away.
    if elsewhere := next((each for each in findings_of(outline_of([point])) if each.at is not None), None):
        raise NotARegion(name, elsewhere)
    return point


def _radius(text: str) -> float:
    try:
        metres = read_number(text, "m")
    except ValueError as error:
        raise NotARegion("radius", "radius") from error
    if not 0 < metres <= MAX_RADIUS or not math.isfinite(metres):
        raise NotARegion("radius", "radius")
    return float(metres)
