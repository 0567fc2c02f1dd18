"""The building inside the plot, and its floors inside the building line."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from ..domain.finding import Finding, Point
from ..domain.layers import Role
from . import BUILDINGS, Case, Check
from .plot_frontage import street_sides

# Lines are drawn to the centimetre; less than this outside is how somebody aimed, in metres and square metres.
AIM, LEAST = 0.02, 0.05


def largest(area: BaseGeometry) -> Polygon | None:
    """The largest piece of what may have fallen into several."""
    fragments = [piece for piece in getattr(area, "geoms", [area]) if isinstance(piece, Polygon) and not piece.is_empty]
    return max(fragments, key=lambda piece: piece.area, default=None)


def ring_of(area: BaseGeometry) -> tuple[Point, ...]:
    piece = largest(area)
    return () if piece is None else tuple((x, y) for x, y in piece.exterior.coords)


def _plot(case: Case) -> Iterable[Finding]:
    plot = case.sheet.plot
    if plot is None:
        return
    for _order, layer, floor in case.sheet.floors():
        outside = floor.difference(plot.buffer(AIM, join_style="mitre"))
        if outside.area > LEAST:
            yield Finding("outside-plot", layer, 0, floor.difference(plot).area, place=ring_of(outside))


def _line(case: Case) -> Iterable[Finding]:
    sheet, plot = case.sheet, case.sheet.plot
    lines = sheet.shapes(Role.BUILDING_LINE)
    if plot is None or not lines or sheet.crosses(Role.BUILDING_LINE):
        return
    line = max(lines, key=lambda shape: shape.area)
    projection = case.rules.number(case.group, "street_projection_max_m") or 0.0
    allowed = line.buffer(AIM, join_style="mitre")
    towards_street = allowed
    for side in street_sides(case):
        strip = side.line.buffer(side.line.distance(line) + AIM, cap_style="flat")
        towards_street = towards_street.union(line.buffer(projection + AIM, join_style="mitre").intersection(strip))
    for order, layer, floor in sheet.floors():
        # What is outside the plot is told by itself.
        outside = floor.intersection(plot).difference(towards_street if order > 0 else allowed)
        if order >= 0 and outside.area > LEAST and largest(outside.buffer(-AIM / 2)) is not None:
            yield Finding("outside-line", layer, 0, outside.area, place=ring_of(outside))


CHECKS = (
    Check(
        "outside-plot",
        _("Building inside the plot"),
        _("%(measured)s m² of %(subject)s lie outside the plot."),
        _("Move the building inside the boundary, or correct the boundary."),
        _plot,
        kinds=BUILDINGS,
        unit="m²",
    ),
    Check(
        "outside-line",
        _("Floors inside the building line"),
        _("%(measured)s m² of %(subject)s lie outside the building line of the drawing."),
        _("Draw the floor inside the line on JM-SETBACK, or correct that line."),
        _line,
        kinds=BUILDINGS,
        unit="m²",
    ),
)
