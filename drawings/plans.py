"""A drawing with what was found on it, as lines to draw in a page (SVG)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .domain.layers import Role, floor_order

WIDTH, MARGIN, TALLEST = 1000.0, 50.0, 1400.0
# Which lines look alike.
LOOKS = {
    Role.PLOT: "plot",
    Role.PART: "part",
    Role.STREET: "street",
    Role.BUILDING_LINE: "line",
    Role.PARKING: "parking",
    Role.UNIT: "unit",
    Role.NORTH: "north",
}


@dataclass(frozen=True)
class Line:
    look: str
    points: str
    closed: bool


@dataclass(frozen=True)
class Spot:
    """Where a finding is: a line or an area, and its number beside it."""

    number: int
    points: str
    closed: bool
    x: float
    y: float


@dataclass(frozen=True)
class Plan:
    width: int
    height: int
    lines: Sequence[Line]
    spots: Sequence[Spot]
    # So many metres are so long.
    scale_metres: float
    scale_length: float


def plan_of(result: dict[str, Any], places: Iterable[tuple[int, Sequence[Sequence[float]]]]) -> Plan | None:
    """None where nothing was drawn that could be shown."""
    drawn = result.get("plan") or []
    marked = [(number, place) for number, place in places if place]
    everything = [point for line in drawn for point in line["points"]]
    if not everything:
        return None
    left, right = min(x for x, _y in everything), max(x for x, _y in everything)
    low, high = min(y for _x, y in everything), max(y for _x, y in everything)
    scale = min((WIDTH - 2 * MARGIN) / max(right - left, 1e-6), (TALLEST - 2 * MARGIN) / max(high - low, 1e-6))
    width, height = (right - left) * scale + 2 * MARGIN, (high - low) * scale + 2 * MARGIN

    def placed(point: Sequence[float]) -> tuple[float, float]:
        return (point[0] - left) * scale + MARGIN, height - (point[1] - low) * scale - MARGIN

    def written(points: Iterable[Sequence[float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(placed, points))

    lines = [Line(_look(item["layer"]), written(item["points"]), item["closed"]) for item in drawn]
    spots: list[Spot] = []
    for number, place in marked:
        x, y = _middle([placed(point) for point in place])
        x, y = min(max(x, 30.0), width - 30.0), min(max(y, 30.0), height - 30.0)
        spots.append(Spot(number, written(place), len(place) > 3, *_beside(x, y, spots)))
    metres = _round(((right - left) or 1.0) / 4)
    # In units nobody knows a scale says nothing.
    known = bool(result.get("metres"))
    return Plan(math.ceil(width), math.ceil(height), lines, spots, metres if known else 0.0, metres * scale)


def _look(layer: str) -> str:
    order = floor_order(layer)
    if order is None:
        return LOOKS.get(Role(layer), "other") if layer in Role._value2member_map_ else "other"
    return "ground" if order == 0 else "floor"


def _middle(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _y in points) / len(points), sum(y for _x, y in points) / len(points)


def _beside(x: float, y: float, spots: Sequence[Spot]) -> tuple[float, float]:
    """Moved aside while another number stands here."""
    for _try in range(12):
        if all(math.dist((x, y), (spot.x, spot.y)) > 52 for spot in spots):
            break
        x, y = x + 40, y + 30
    return round(x, 1), round(y, 1)


def _round(metres: float) -> float:
    """A length people count in: 1, 2, 5, 10, 20, 50 …"""
    power = 10 ** math.floor(math.log10(max(metres, 0.1)))
    return max(step * power for step in (1, 2, 5) if step * power <= max(metres, 0.1) * 1.0001)
