"""Where offices stand: distances, and their places on a drawn map of the city. Pure.

The map shows the city itself; what lies beyond its frame stands at its edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_KM = 6371.0


class Position(NamedTuple):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


class Region(NamedTuple):
    """A rectangle of the globe."""

    south_west: Position
    north_east: Position

    def holds(self, position: Position) -> bool:
        """Is this inside?"""
        (south, west), (north, east) = self
        return south <= position.latitude <= north and west <= position.longitude <= east


# Where an office of the city can be, with room around the outermost sub-municipalities.
REGION = Region(Position(20.5, 38.5), Position(22.8, 40.0))


class Place(NamedTuple):
    """A point of the map, from its upper left corner; `outside` says that it stands at the edge in place of further."""

    x: int
    y: int
    outside: bool = False


SOUTH_WEST, NORTH_EAST = Position(21.25, 39.04), Position(21.8, 39.36)
# A degree of longitude is shorter than one of latitude by this, in Jeddah.
_SQUEEZE = cos(radians((SOUTH_WEST.latitude + NORTH_EAST.latitude) / 2))
WIDTH = 400
_SCALE = WIDTH / ((NORTH_EAST.longitude - SOUTH_WEST.longitude) * _SQUEEZE)
HEIGHT = round((NORTH_EAST.latitude - SOUTH_WEST.latitude) * _SCALE)
# Marks at the edge stay whole.
MARGIN = 14


def distance_km(first: Position, other: Position) -> float:
    """The distance over ground, as the crow flies."""
    north = radians(other.latitude - first.latitude) / 2
    east = radians(other.longitude - first.longitude) / 2
    part = sin(north) ** 2 + cos(radians(first.latitude)) * cos(radians(other.latitude)) * sin(east) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(part)))


def place_of(position: Position) -> Place:
    """Where a position is on the map."""
    x = (position.longitude - SOUTH_WEST.longitude) * _SQUEEZE * _SCALE
    y = (NORTH_EAST.latitude - position.latitude) * _SCALE
    inside_x = min(max(x, MARGIN), WIDTH - MARGIN)
    inside_y = min(max(y, MARGIN), HEIGHT - MARGIN)
    return Place(round(inside_x), round(inside_y), not (0 <= x <= WIDTH and 0 <= y <= HEIGHT))


def line_of(positions: Sequence[Position]) -> str:
    """A line over the map, as the `points` of an SVG polyline."""
    points = []
    for position in positions:
        x = (position.longitude - SOUTH_WEST.longitude) * _SQUEEZE * _SCALE
        y = (NORTH_EAST.latitude - position.latitude) * _SCALE
        points.append(f"{x:.1f},{y:.1f}")
    return " ".join(points)
