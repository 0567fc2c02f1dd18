"""The upper annex and the rear."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.sides import Faces
from . import BUILDINGS, Case, Check
from .setbacks import AIM, between, sides_facing


def _rear(case: Case) -> Iterable[Finding]:
    rule, roof = case.rules.rule(case.group, "roof_setback_rear_min_m"), case.sheet.roof
    if rule is None or roof is None:
        return
    for side in sides_facing(case, Faces.REAR):
        measured = roof.distance(side.line)
        if measured < rule.value - AIM:
            place, extra = between(roof, side), {"side": side.number}
            yield Finding("roof-rear", "JM-FLOOR-ROOF", rule.value, measured, rule.path, place, extra)


CHECKS = (
    Check(
        "roof-rear",
        _("Upper annex from the rear"),
        _("The upper annex is %(measured)s m from the rear boundary; the minimum is %(required)s m."),
        _("Move the upper annex towards the street."),
        _rear,
        kinds=BUILDINGS,
        unit="m",
    ),
)
