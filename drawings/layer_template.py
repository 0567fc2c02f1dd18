"""The layer template: a DXF made of the same list of layers that drawings are read by, with a villa drawn on it."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from .domain.finding import Point
from .domain.layers import Role

GROUND, FIRST = str(Role.GROUND), "JM-FLOOR-1"
# Layer, colour (of the program that draws), outline or line.
PLOT: list[Point] = [(0, 0), (20, 0), (20, 30), (0, 30)]
RINGS: list[tuple[str, list[Point]]] = [
    (str(Role.PLOT), PLOT),
    (str(Role.BUILDING_LINE), [(2, 3), (18, 3), (18, 28), (2, 28)]),
    (GROUND, [(2.5, 9), (17.5, 9), (17.5, 27), (2.5, 27)]),
    (FIRST, [(2.5, 8.5), (17.5, 8.5), (17.5, 26), (2.5, 26)]),
    (str(Role.ROOF), [(5, 14), (14, 14), (14, 22), (5, 22)]),
    (str(Role.UNIT), [(2.8, 9.3), (17.2, 9.3), (17.2, 26.7), (2.8, 26.7)]),
    (str(Role.PARKING), [(3, 0.5), (5.6, 0.5), (5.6, 6.1), (3, 6.1)]),
    (str(Role.PARKING), [(6, 0.5), (8.6, 0.5), (8.6, 6.1), (6, 6.1)]),
]
LINES: list[tuple[str, list[Point]]] = [
    (str(Role.STREET), [(0, 0), (20, 0)]),
    (str(Role.NORTH), [(23, 22), (23, 28)]),
    (str(Role.NORTH), [(22.2, 26.6), (23, 28), (23.8, 26.6)]),
]
TEXTS: list[tuple[str, str, Point]] = [
    (str(Role.HEIGHT), "H = 10.50", (10, 18)),
    (str(Role.TEXT), "شارع عرض 15 م", (10, -1.5)),
]
COLOURS = {
    str(Role.PLOT): 1,
    str(Role.PART): 6,
    str(Role.STREET): 8,
    str(Role.BUILDING_LINE): 30,
    GROUND: 5,
    FIRST: 4,
    str(Role.ROOF): 140,
    str(Role.PARKING): 3,
    str(Role.UNIT): 2,
    str(Role.HEIGHT): 7,
    str(Role.NORTH): 7,
    str(Role.TEXT): 7,
}


@cache
def content() -> bytes:
    """The file, in metres, as programs since 2010 read it."""
    import ezdxf
    from ezdxf.enums import TextEntityAlignment

    document = ezdxf.new("R2010", units=6)
    for name, colour in COLOURS.items():
        document.layers.add(name, color=colour)
    model = document.modelspace()
    for name, boundary in RINGS:
        model.add_lwpolyline(boundary, close=True, dxfattribs={"layer": name})
    for name, line in LINES:
        model.add_lwpolyline(line, dxfattribs={"layer": name})
    for name, text, at in TEXTS:
        attributes: dict[str, Any] = {"layer": name, "height": 0.6}
        model.add_text(text, dxfattribs=attributes).set_placement(at, align=TextEntityAlignment.MIDDLE_CENTER)
    out = io.StringIO()
    document.write(out)
    return out.getvalue().encode(document.output_encoding)
