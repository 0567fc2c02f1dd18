"""A DXF becomes a sheet, in metres: by the unit it states, the one given, or the one that fits what is known."""

from __future__ import annotations

import math
from collections import defaultdict

from ezdxf.document import Drawing

from ..domain.facts import Facts
from ..domain.finding import Point
from ..domain.layers import Role, is_outline
from ..domain.sheet import Label, Sheet
from .entities import Entities, Raw, Walk
from .outlines import outlines_of

# Metres of a unit of the drawing, by its number in DXF ($INSUNITS), the likely ones first.
METRES = {6: 1.0, 4: 0.001, 5: 0.01, 2: 0.3048, 1: 0.0254, 14: 0.1, 10: 0.9144, 7: 1000.0}
LIKELY = (6, 4, 5, 2, 1)
# How near what is known a unit has to come to be taken.
NEAR_AREA, NEAR_SIDE = 0.05, 0.02


def sheet_of(document: Drawing, facts: Facts) -> tuple[Sheet, Point]:
    """The sheet, and the point of the drawing its coordinates begin at, in units of the drawing. TooMuch."""
    results = Walk(document).results
    stated = _stated(document)
    origin = _origin(results)
    unit = stated or facts.unit or _unit_that_fits(results, facts, origin)
    metres = METRES.get(unit or 0)
    sheet = Sheet(names=list(results.names), taken_as=results.taken_as, stated=stated, skipped=results.skipped)
    sheet.metres = metres
    _fill(sheet, results, origin, metres or 1.0)
    if sheet.plot is None:
        # In the wrong unit a plot is a speck that nothing is left of once gaps are closed.
        sheet.metres_meant = METRES.get(_unit_that_fits(results, facts, origin) or 0)
    return sheet, origin


def _stated(document: Drawing) -> int:
    try:
        stated = int(document.header.get("$INSUNITS", 0) or 0)
    except (TypeError, ValueError):
        return 0
    return stated if stated in METRES else 0


def _origin(results: Entities) -> Point:
    """Near what is drawn, so that numbers of six digits before the point leave room for those behind it."""
    first = next((line.points[0] for line in results.lines if line.layer == Role.PLOT), None)
    first = first or next((line.points[0] for line in results.lines), (0.0, 0.0))
    return math.floor(first[0]), math.floor(first[1])


def _fill(sheet: Sheet, results: Entities, origin: Point, metres: float) -> None:
    def moved(point: Point) -> Point:
        return (point[0] - origin[0]) * metres, (point[1] - origin[1]) * metres

    by_layer: dict[str, list[Raw]] = defaultdict(list)
    for line in results.lines:
        by_layer[line.layer].append(line)
    for layer, lines in by_layer.items():
        if is_outline(layer):
            outlines, doubles = outlines_of(layer, [([*map(moved, raw.points)], raw.closed) for raw in lines])
            sheet.outlines += outlines
            sheet.doubles += doubles
        else:
            sheet.lines[layer] = [tuple(map(moved, raw.points)) for raw in lines]
    sheet.labels = [Label(label.layer, label.text, moved(label.at)) for label in results.labels]


def _unit_that_fits(results: Entities, facts: Facts, origin: Point) -> int | None:
    """The unit by which a known side or the area typed is right; None when none or several are."""
    plots = [raw for raw in results.lines if raw.layer == Role.PLOT]
    known_area = facts.plot_area or sum(facts.parts)
    if not plots or not (known_area or facts.known_side):
        return None
    fitting = []
    for unit in LIKELY:
        sheet = Sheet(metres=METRES[unit])
        _fill(sheet, Entities(lines=plots), origin, METRES[unit])
        plot = sheet.plot
        if plot is None:
            continue
        boundary = list(plot.exterior.simplify(0.001 * METRES[unit]).coords)
        lengths = [math.dist(boundary[at], boundary[at + 1]) for at in range(len(boundary) - 1)]
        known = facts.known_side
        by_area = known_area and abs(plot.area - known_area) <= NEAR_AREA * known_area
        by_side = known and any(abs(length - known) <= NEAR_SIDE * known for length in lengths)
        if by_side or (by_area and not known):
            fitting.append(unit)
    return fitting[0] if len(fitting) == 1 else None
