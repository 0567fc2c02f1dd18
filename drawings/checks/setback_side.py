"""The setback: Setback at the sides."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.sides import Faces
from . import BUILDINGS, Case, Check
from .setbacks import neighbours


def _side(case: Case) -> Iterable[Finding]:
    return neighbours(case, "setback-side", Faces.SIDE)


CHECKS = (
    Check(
        "setback-side",
        _("Setback at the sides"),
        _("%(subject)s is %(measured)s m from a neighbour at the side; the minimum is %(required)s m."),
        _("Move this floor away from the boundary."),
        _side,
        kinds=BUILDINGS,
        unit="m",
    ),
)
