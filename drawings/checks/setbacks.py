"""How far the building stands from the sides of the plot: what the checks of front, side and rear share."""

from __future__ import annotations

from collections.abc import Iterable

from shapely import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from ..domain.finding import Finding, Point
from ..domain.layers import MAX_FLOOR, Role
from ..domain.rules import Rule
from ..domain.sides import Faces, Side, sides_of
from . import Case

# Lines are drawn to the centimetre. Nearer than this to a boundary is on it.
AIM, ON_LINE = 0.01, 0.05


def sides_facing(case: Case, faces: Faces) -> list[Side]:
    """The sides that face a street, the rear or neighbours; none while nobody can say which faces a street."""
    plot, street = case.sheet.plot, case.sheet.lines.get(Role.STREET, ())
    return [side for side in sides_of(plot, street) if side.faces == faces] if plot is not None and street else []


def building_floors(case: Case) -> list[tuple[int, str, BaseGeometry]]:
    """Floors above the ground, as far as they lie inside the plot: what lies outside is told by itself."""
    plot = case.sheet.plot
    if plot is None:
        return []
    floors = [(order, layer, floor) for order, layer, floor in case.sheet.floors() if 0 <= order <= MAX_FLOOR + 1]
    return [(order, layer, floor) for order, layer, floor in floors if not floor.is_empty and plot.intersects(floor)]


def between(floor: BaseGeometry, side: Side) -> tuple[Point, ...]:
    """The shortest line from a side to a floor."""
    here, there = nearest_points(side.line, floor)
    line = LineString([here, there]) if here.distance(there) > 0 else here
    return tuple((x, y) for x, y in line.coords)


def neighbours(case: Case, code: str, faces: Faces) -> Iterable[Finding]:
    """Sides with neighbours. The ground floor may stand on as many of all of them as the rules say."""
    rule = case.rules.rule(case.group, "setback_neighbour_min_m")
    plot = case.sheet.plot
    if rule is None or plot is None:
        return
    on_line = _on_line(case)
    for side in sides_facing(case, faces):
        worst: Finding | None = None
        for order, layer, floor in building_floors(case):
            if (order == 0 and side.number in on_line) or not plot.buffer(AIM).contains(floor):
                continue
            measured = floor.distance(side.line)
            if measured < rule.value - AIM and (worst is None or measured < (worst.measured or 0.0) - AIM):
                worst = _short(code, layer, rule, measured, between(floor, side), side)
        if worst is not None:
            yield worst


def _short(code: str, layer: str, rule: Rule, measured: float, place: tuple[Point, ...], side: Side) -> Finding:
    return Finding(code, layer, rule.value, measured, rule.path, place, {"side": side.number})


def _on_line(case: Case) -> set[int]:
    """The sides with neighbours on whose boundary the ground floor may stand, and does."""
    allowed = case.rules.number(case.group, "zero_line_sides_max") or 0
    ground = case.sheet.floor(0)
    if ground is None or not allowed:
        return set()
    sides = [*sides_facing(case, Faces.SIDE), *sides_facing(case, Faces.REAR)]
    on_line = [side.number for side in sides if ground.distance(side.line) <= ON_LINE]
    return set(on_line[: int(allowed)])
