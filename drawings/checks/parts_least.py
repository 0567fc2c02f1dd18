"""Each part large enough, with a frontage that is wide enough."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.layers import Role
from ..domain.sides import Faces, sides_of
from . import DIVISIONS, Case, Check
from .building_inside import ring_of


def _area(case: Case) -> Iterable[Finding]:
    rule = case.rules.rule(case.group, "part_area_min_m2")
    if rule is None:
        return
    for number, part in enumerate(case.sheet.shapes(Role.PART), start=1):
        if part.area < rule.value - 0.05:
            yield Finding("part-small", str(number), rule.value, part.area, rule.path, ring_of(part))


def _frontage(case: Case) -> Iterable[Finding]:
    rule, street = case.rules.rule(case.group, "part_frontage_min_m"), case.sheet.lines.get(Role.STREET, ())
    if rule is None or not street:
        return
    for number, part in enumerate(case.sheet.shapes(Role.PART), start=1):
        sides = [side for side in sides_of(part, street) if side.faces == Faces.STREET]
        longest = max(sides, key=lambda side: side.length, default=None)
        length = longest.length if longest else 0.0
        if length < rule.value - 0.005:
            place = longest.points if longest else ring_of(part)
            yield Finding("part-frontage", str(number), rule.value, length, rule.path, place)


CHECKS = (
    Check(
        "part-small",
        _("Least area of a part"),
        _("Part %(subject)s is %(measured)s m²; the minimum is %(required)s m²."),
        _("Move the boundary between the parts, or divide into fewer parts."),
        _area,
        kinds=DIVISIONS,
        unit="m²",
    ),
    Check(
        "part-frontage",
        _("Least frontage of a part"),
        _("Part %(subject)s has %(measured)s m on the street; the minimum is %(required)s m."),
        _("Move the boundary between the parts; check which sides are drawn on JM-STREET."),
        _frontage,
        kinds=DIVISIONS,
        unit="m",
    ),
)
