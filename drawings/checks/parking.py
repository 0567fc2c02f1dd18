"""Parking bays: enough of them, as many as typed, large enough."""

from __future__ import annotations

import math
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from shapely import Polygon

from ..domain.finding import Finding
from ..domain.layers import Role
from . import BUILDINGS, Case, Check
from .building_inside import ring_of

AIM = 0.01


def bays_needed(case: Case) -> tuple[int, str] | None:
    """How many bays the rules ask for, and the rule; None where they say nothing or the units are not known."""
    rules, group, plot = case.rules, case.group, case.sheet.plot
    by_plot = rules.rule(group, "parking_by_plot")
    if by_plot is not None and plot is not None:
        more = plot.area > by_plot.value["over_m2"]
        return int(by_plot.value["bays"] if more else by_plot.value["else"]), by_plot.path
    each, drawn = rules.rule(group, "parking_per_unit"), case.sheet.shapes(Role.UNIT)
    units = case.facts.units or len(drawn)
    if each is None or not units:
        return None
    large = rules.rule(group, "parking_large_unit")
    needed = each.value * units
    if large is not None:
        needed += sum(shape.area > large.value["over_m2"] for shape in drawn) * (large.value["bays"] - each.value)
    return math.ceil(needed), each.path


def _count(case: Case) -> Iterable[Finding]:
    needed, drawn = bays_needed(case), len(case.sheet.of(Role.PARKING))
    if needed is not None and drawn < needed[0]:
        yield Finding("parking-count", str(Role.PARKING), needed[0], drawn, needed[1])


def _typed(case: Case) -> Iterable[Finding]:
    typed, drawn = case.facts.parking, len(case.sheet.of(Role.PARKING))
    if typed is not None and drawn and typed != drawn:
        yield Finding("parking-typed", str(Role.PARKING), typed, drawn)


def bay_size(bay: Polygon) -> tuple[float, float]:
    """Width and length of the narrowest rectangle round a bay."""
    around = list(bay.minimum_rotated_rectangle.exterior.coords)
    width, length = sorted((math.dist(around[0], around[1]), math.dist(around[1], around[2])))
    return width, length


def _size(case: Case) -> Iterable[Finding]:
    rule = case.rules.rule(case.group, "parking_bay_m")
    if rule is None:
        return
    for number, bay in enumerate(case.sheet.shapes(Role.PARKING), start=1):
        width, length = bay_size(bay)
        if width < rule.value["width"] - AIM:
            yield Finding("parking-size", str(number), rule.value["width"], width, rule.path, ring_of(bay))
        elif length < rule.value["length"] - AIM:
            yield Finding("parking-size", str(number), rule.value["length"], length, rule.path, ring_of(bay))


CHECKS = (
    Check(
        "parking-count",
        _("Parking bays: number"),
        _("%(measured)s parking bays are drawn; %(required)s are needed."),
        _("Draw each bay as a closed outline on JM-PARKING."),
        _count,
        kinds=BUILDINGS,
    ),
    Check(
        "parking-typed",
        _("Parking bays as typed"),
        _("%(measured)s parking bays are drawn; %(required)s were typed."),
        _("Correct the number in the form, or draw the missing bays."),
        _typed,
        kinds=BUILDINGS,
    ),
    Check(
        "parking-size",
        _("Parking bays: size"),
        _("A side of parking bay %(subject)s is %(measured)s m; the minimum is %(required)s m."),
        _("Make the bay larger; it is measured inside its outline."),
        _size,
        kinds=BUILDINGS,
        unit="m",
    ),
)
