"""Made drawings as DXF: of some version, in some unit, turned and far from the origin, by the habits of an office."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from random import Random
from typing import Any

import ezdxf

from .made import Drawn, Point, between

METRES = {6: 1.0, 4: 0.001, 5: 0.01, 2: 0.3048, 1: 0.0254}
VERSIONS = ("R12", "R2000", "R2004", "R2007", "R2010", "R2013", "R2018")


def written(drawn: Drawn, *, hard: bool = True) -> bytes:
    """The file; `hard`: of any version, in any unit, turned and far from the origin, with what else offices draw."""
    chance = drawn.chance
    version = chance.choice(VERSIONS) if hard else "R2010"
    if drawn.states_unit:
        drawn.unit = chance.choice(tuple(METRES)) if hard else 6
        version = "R2000" if version == "R12" else version  # R12 has no place to state one
    else:
        drawn.unit = chance.choice((6, 4, 5))
    document = ezdxf.new(version)
    document.header["$INSUNITS"] = drawn.unit if drawn.states_unit else 0
    turn = chance.uniform(0, math.tau) if hard else 0.0
    east, north = (chance.uniform(480_000, 560_000), chance.uniform(2_350_000, 2_420_000)) if hard else (0.0, 0.0)

    def place(point: Point) -> Point:
        x, y = point
        across = x * math.cos(turn) - y * math.sin(turn) + east
        up = x * math.sin(turn) + y * math.cos(turn) + north
        return across / METRES[drawn.unit], up / METRES[drawn.unit]

    model = document.modelspace()
    for layer, ring in drawn.rings:
        name = drawn.renamed.get(layer, layer)
        points = [place(point) for point in (ring if chance.random() < 0.5 or not hard else _with_points(chance, ring))]
        _draw(chance, document, name, points, is_open=drawn.open_ring == layer, unit=METRES[drawn.unit], hard=hard)
    for layer, line in drawn.lines:
        attributes = {"layer": drawn.renamed.get(layer, layer)}
        model.add_line(place(line[0]), place(line[1]), dxfattribs=attributes)
    for layer, text, at in drawn.texts:
        attributes = {"layer": drawn.renamed.get(layer, layer), "insert": place(at)}
        if version != "R12" and chance.random() < 0.5:
            model.add_mtext(text, dxfattribs=attributes)
        else:
            model.add_text(text, dxfattribs=attributes)
    if hard:
        _clutter(chance, document, place)
    out: Any = io.BytesIO() if chance.random() < 0.2 and hard else io.StringIO()
    if isinstance(out, io.BytesIO):
        document.write(out, fmt="bin")
        return out.getvalue()
    document.write(out)
    return out.getvalue().encode(document.output_encoding, errors="dxfreplace")


def _with_points(chance: Random, ring: list[Point]) -> list[Point]:
    """With corners that are none, and beginning anywhere, in either direction."""
    out = []
    for at, point in enumerate(ring):
        out.append(point)
        if chance.random() < 0.3:
            out.append(between(point, ring[(at + 1) % len(ring)], chance.uniform(0.2, 0.8)))
    turn = chance.randrange(len(out))
    out = out[turn:] + out[:turn]
    return out[::-1] if chance.random() < 0.5 else out


def _draw(
    chance: Random, document: Any, layer: str, points: list[Point], *, is_open: bool, unit: float, hard: bool
) -> None:
    model, attributes = document.modelspace(), {"layer": layer}
    if is_open:
        far = between(points[-1], points[0], 1 - chance.uniform(0.3, 1.5) / unit / math.dist(points[-1], points[0]))
        _polyline(document, model, [*points, far], attributes)
        return
    way = chance.choice(("closed", "closed", "closed", "ended", "lines", "block", "nearly")) if hard else "closed"
    if way == "closed":
        _polyline(document, model, points, attributes, close=True)
    elif way == "ended":
        _polyline(document, model, [*points, points[0]], attributes)
    elif way == "nearly":
        x, y = points[0]
        _polyline(document, model, [*points, (x + 0.02 / unit, y)], attributes)
    elif way == "lines":
        edges = list(zip(points, [*points[1:], points[0]], strict=True))
        chance.shuffle(edges)
        for start, end in edges:
            turned = chance.random() < 0.5
            model.add_line(end if turned else start, start if turned else end, dxfattribs=attributes)
    else:
        name = f"B{len(document.blocks)}"
        x, y = points[0]
        block = document.blocks.new(name)
        inner = [(across - x, up - y) for across, up in points]
        _polyline(document, block, inner, {"layer": chance.choice(("0", layer))}, close=True)
        model.add_blockref(name, (x, y), dxfattribs=attributes)


def _polyline(document: Any, where: Any, points: list[Point], attributes: dict[str, str], close: bool = False) -> None:
    if document.dxfversion == "AC1009":
        where.add_polyline2d(points, close=close, dxfattribs=attributes)
    else:
        where.add_lwpolyline(points, close=close, dxfattribs=attributes)


def _clutter(chance: Random, document: Any, place: Callable[[Point], Point]) -> None:
    """What else is in an office's drawing: walls, doors, furniture, a frame, on layers of its own."""
    model = document.modelspace()
    for _wall in range(chance.randrange(5, 30)):
        start = (chance.uniform(0, 20), chance.uniform(0, 20))
        end = (start[0] + chance.uniform(-5, 5), start[1] + chance.uniform(-5, 5))
        model.add_line(place(start), place(end), dxfattribs={"layer": chance.choice(("A-WALL", "0", "TEXT", "DIM"))})
    chair = document.blocks.new("CHAIR")
    chair.add_circle((0, 0), 0.3, dxfattribs={"layer": "FURN"})
    for _chair in range(chance.randrange(10)):
        model.add_blockref("CHAIR", place((chance.uniform(0, 15), 5)), dxfattribs={"layer": "FURN"})
    model.add_text("?", dxfattribs={"layer": "A-NOTE", "insert": place((2, 2))})
