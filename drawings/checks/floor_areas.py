"""The area of the ground floor, as it was typed."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.layers import Role
from . import BUILDINGS, Case, Check
from .building_inside import ring_of

# Floors are typed as they are sold: to the square metre, with or without the thickness of a wall.
SHARE, LEAST = 0.02, 2.0


def _ground(case: Case) -> Iterable[Finding]:
    typed, ground = case.facts.ground_area, case.sheet.floor(0)
    if typed and ground is not None and abs(ground.area - typed) > max(LEAST, SHARE * typed):
        yield Finding("ground-area", str(Role.GROUND), typed, ground.area, place=ring_of(ground))


CHECKS = (
    Check(
        "ground-area",
        _("Area of the ground floor as typed"),
        _("The ground floor is %(measured)s m² on the drawing; %(required)s m² was typed."),
        _("Correct the area in the form, or the outline on the drawing."),
        _ground,
        kinds=BUILDINGS,
        unit="m²",
    ),
)
