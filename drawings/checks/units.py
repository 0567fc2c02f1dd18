"""Dwelling units: large enough, and not too many."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.layers import Role
from . import BUILDINGS, Case, Check
from .building_inside import ring_of


def _small(case: Case) -> Iterable[Finding]:
    rule = case.rules.rule(case.group, "unit_area_min_m2")
    if rule is None:
        return
    for number, unit in enumerate(case.sheet.shapes(Role.UNIT), start=1):
        if unit.area < rule.value - 0.05:
            yield Finding("unit-small", str(number), rule.value, unit.area, rule.path, ring_of(unit))


def _many(case: Case) -> Iterable[Finding]:
    rule = case.rules.rule(case.group, "units_max")
    units = case.facts.units or len(case.sheet.of(Role.UNIT))
    if rule is not None and units > rule.value:
        yield Finding("units-many", "", rule.value, units, rule.path)


CHECKS = (
    Check(
        "unit-small",
        _("Area of the dwelling units"),
        _("Dwelling unit %(subject)s is %(measured)s m²; the minimum is %(required)s m²."),
        _("Make the unit larger; it is measured inside its outline on JM-UNIT."),
        _small,
        kinds=BUILDINGS,
        unit="m²",
    ),
    Check(
        "units-many",
        _("Number of dwelling units"),
        _("There are %(measured)s dwelling units; the maximum is %(required)s."),
        _("Join units, or check the kind of building."),
        _many,
        kinds=BUILDINGS,
    ),
)
