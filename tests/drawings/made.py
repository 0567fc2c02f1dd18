"""Drawings made by chance, without a fault; what is true of each is worked out from how it was made, and not by what
checks it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any

Point = tuple[float, float]


@dataclass
class Drawn:
    """A drawing as it is made: rings and lines by layer in metres, texts, and what is typed beside it."""

    chance: Random
    facts: dict[str, Any]
    rings: list[tuple[str, list[Point]]] = field(default_factory=list)
    lines: list[tuple[str, list[Point]]] = field(default_factory=list)
    texts: list[tuple[str, str, Point]] = field(default_factory=list)
    unit: int = 6
    states_unit: bool = True
    open_ring: str = ""
    renamed: dict[str, str] = field(default_factory=dict)
    plot: list[Point] = field(default_factory=list)
    # The code that has to be found, and what follows of the same fault.
    fault: str = ""
    follows: frozenset[str] = frozenset()
    name: str = ""

    def ring(self, layer: str) -> list[Point]:
        return next(ring for name, ring in self.rings if name == layer)

    def replace(self, layer: str, ring: list[Point]) -> None:
        at = next(at for at, (name, _ring) in enumerate(self.rings) if name == layer)
        self.rings[at] = (layer, ring)


def area(ring: list[Point]) -> float:
    return abs(sum(x * b - a * y for (x, y), (a, b) in zip(ring, [*ring[1:], ring[0]], strict=True))) / 2


def inset(ring: list[Point], by: list[float]) -> list[Point]:
    """The ring, anticlockwise and convex, with each side moved inwards (or outwards) by so much."""
    lines = []
    for at, (x, y) in enumerate(ring):
        far_x, far_y = ring[(at + 1) % len(ring)]
        length = math.dist((x, y), (far_x, far_y))
        along = ((far_x - x) / length, (far_y - y) / length)
        inwards = (-along[1], along[0])
        lines.append(((x + inwards[0] * by[at], y + inwards[1] * by[at]), along))
    return [_meeting(lines[at - 1], lines[at]) for at in range(len(ring))]


def _meeting(one: tuple[Point, Point], other: tuple[Point, Point]) -> Point:
    ((x, y), (dx, dy)), ((u, v), (du, dv)) = one, other
    t = ((u - x) * dv - (v - y) * du) / (dx * dv - dy * du)
    return x + t * dx, y + t * dy


def between(one: Point, other: Point, share: float) -> Point:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def middle(ring: list[Point]) -> Point:
    return sum(x for x, _y in ring) / len(ring), sum(y for _x, y in ring) / len(ring)


def building(chance: Random, *, floors: int | None = None, zero: bool | None = None, deep: float = 0) -> Drawn:
    """A villa on a plot of four sides: the street below, neighbours at both sides and behind."""
    wide, far = chance.uniform(14, 26), chance.uniform(22, 34)
    lean = chance.uniform(-1.2, 1.2)
    plot = [(0.0, 0.0), (wide, 0.0), (wide + lean, far + chance.uniform(-1, 1)), (lean, far)]
    street = chance.choice((10, 12, 15, 20))
    front, zero = street / 5, chance.random() < 0.3 if zero is None else zero
    side = 0.0 if zero else 2.0
    line = [front, 2.0, 2.0, side]
    extra = [chance.uniform(0.1, 1.2), chance.uniform(0, 0.8), chance.uniform(0.2, 1.5), 0.0 if zero else 0.3]
    by = [least + more for least, more in zip(line, extra, strict=True)]
    floors = floors or chance.choice((1, 2, 2))
    most = {1: 0.68, 2: 0.55, 3: 0.38}[floors]
    while area(inset(plot, by)) > (deep or most) * area(plot):
        by[2] += 0.25
    drawn = Drawn(chance, {}, plot=plot)
    drawn.rings = [("JM-PLOT", plot), ("JM-SETBACK", inset(plot, line))]
    upper = [*by]
    upper[3] = max(upper[3], 2.2)
    if chance.random() < 0.4 and floors == 2:
        upper[0] = max(by[0] - 1.0, front - 1.15)
    for number in range(floors):
        drawn.rings.append((f"JM-FLOOR-{number}", inset(plot, upper if number else by)))
    if floors == 2 and chance.random() < 0.4:
        drawn.rings.append(("JM-FLOOR-ROOF", _share(drawn.ring("JM-FLOOR-1"), chance.uniform(0.1, 0.3))))
    if floors == 2:
        total = sum(area(ring) for name, ring in drawn.rings if name.startswith("JM-FLOOR"))
        if total > 1.19 * area(plot):
            return building(chance, floors=floors, zero=zero, deep=deep)
    units = chance.choice((1, 1, 2))
    bays = units + chance.choice((0, 0, 1))
    for number in range(bays):
        drawn.rings.append(("JM-PARKING", bay(0.4 + 2.9 * number, 0.3, 2.5 + chance.uniform(0, 0.2), 5.5)))
    drawn.lines = [("JM-STREET", [plot[0], plot[1]]), ("JM-NORTH", [(-3, 0), (-3, 4)])]
    height = chance.uniform(7, 12.3) if floors > 1 else chance.uniform(3.5, 6)
    drawn.texts = [
        ("JM-HEIGHT", chance.choice(("H = {:.2f}", "{:.2f} m", "الارتفاع {:.2f}")).format(height), (1, 1)),
        ("JM-TEXT", chance.choice(("فيلا سكنية", "Villa", "شارع عرض 15 م")), (wide / 2, -2)),
    ]
    ground = area(drawn.ring("JM-FLOOR-0"))
    drawn.facts = {
        "kind": "building",
        "building": "villa",
        "plot_area": round(area(plot) * chance.uniform(0.998, 1.002), 2),
        "ground_area": round(ground * chance.uniform(0.99, 1.01), 1),
        "frontage": round(wide, 1),
        "street_width": float(street),
        "floors": floors,
        "units": units,
        "parking": bays,
    }
    return drawn


def bay(left: float, low: float, width: float, length: float) -> list[Point]:
    return [(left, low), (left + width, low), (left + width, low + length), (left, low + length)]


def _share(ring: list[Point], share: float) -> list[Point]:
    """Smaller round its middle, to this share of its area."""
    return [between(middle(ring), point, math.sqrt(share)) for point in ring]


def division(chance: Random) -> Drawn:
    """A plot divided side by side along its street."""
    many, far, lean = chance.choice((2, 2, 3, 4)), chance.uniform(19, 30), chance.uniform(-1.5, 1.5)
    widths = [chance.uniform(12.2, 18) for _part in range(many)]
    wide = sum(widths)
    plot = [(0.0, 0.0), (wide, 0.0), (wide + lean, far), (lean, far)]
    drawn = Drawn(chance, {}, plot=plot, rings=[("JM-PLOT", plot)])
    left = 0.0
    for width in widths:
        right = left + width
        drawn.rings.append(("JM-PART", [(left, 0.0), (right, 0.0), (right + lean, far), (left + lean, far)]))
        left = right
    drawn.lines = [("JM-STREET", [plot[0], plot[1]]), ("JM-NORTH", [(-3, 0), (-3, 4)])]
    drawn.texts = [("JM-TEXT", f"قطعة {number + 1}", middle(ring)) for number, (_n, ring) in enumerate(drawn.rings[1:])]
    drawn.facts = {"kind": "division", "villas": "detached", "plot_area": round(area(plot), 2)}
    drawn.facts["parts"] = [round(area(ring), 2) for _name, ring in drawn.rings[1:]]
    return drawn
