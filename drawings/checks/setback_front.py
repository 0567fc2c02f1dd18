"""The setback from the street."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.sides import Faces
from . import BUILDINGS, Case, Check
from .setbacks import AIM, between, building_floors, sides_facing


def _front(case: Case) -> Iterable[Finding]:
    """Upper floors may stand so much nearer as the rules let them project."""
    rule, street, plot = case.rules.rule(case.group, "setback_street"), case.facts.street_width, case.sheet.plot
    if rule is None or not street or plot is None:
        return
    required = max(street / rule.value["part_of_street"], rule.value["least"])
    projection = case.rules.number(case.group, "street_projection_max_m") or 0.0
    for side in sides_facing(case, Faces.STREET):
        worst: tuple[float, Finding] | None = None
        for order, layer, floor in building_floors(case):
            if not plot.buffer(AIM).contains(floor):
                continue
            least = required - (projection if order > 0 else 0.0)
            measured = floor.distance(side.line)
            short = least - measured
            if short > AIM and (worst is None or short > worst[0] + AIM):
                place = between(floor, side)
                extra = {"side": side.number}
                worst = short, Finding("setback-front", layer, least, measured, rule.path, place, extra)
        if worst is not None:
            yield worst[1]


CHECKS = (
    Check(
        "setback-front",
        _("Setback from the street"),
        _("%(subject)s is %(measured)s m from the street; the minimum is %(required)s m."),
        _("Move this floor back from the street; check the width of the street you gave."),
        _front,
        kinds=BUILDINGS,
        unit="m",
    ),
)
