"""The setback: Setback at the rear."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.sides import Faces
from . import BUILDINGS, Case, Check
from .setbacks import neighbours


def _rear(case: Case) -> Iterable[Finding]:
    return neighbours(case, "setback-rear", Faces.REAR)


CHECKS = (
    Check(
        "setback-rear",
        _("Setback at the rear"),
        _("%(subject)s is %(measured)s m from the rear boundary; the minimum is %(required)s m."),
        _("Move this floor away from the boundary."),
        _rear,
        kinds=BUILDINGS,
        unit="m",
    ),
)
