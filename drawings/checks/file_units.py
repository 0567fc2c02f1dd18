"""The unit of the drawing: stated, and the one that was drawn in."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.sides import sides_of
from . import Case, Check

# How far a known side may be from the one drawn, as a share; and how far an area, for another unit to be meant.
NEAR, SAME_AREA = 0.02, 0.05


def _missing(case: Case) -> Iterable[Finding]:
    if not case.sheet.stated:
        yield Finding("unit-missing")


def _unlike(case: Case) -> Iterable[Finding]:
    plot, known = case.sheet.plot, case.facts.known_side
    metres, meant = case.sheet.metres, case.sheet.metres_meant
    if not metres:
        return
    if plot is None:
        if meant and metres != meant:
            required = known or (case.facts.plot_area or sum(case.facts.parts)) ** 0.5
            yield Finding("unit-unlike", required=required, measured=required * metres / meant)
        return
    if known:
        lengths = [side.length for side in sides_of(plot, ())]
        nearest = min(lengths, key=lambda length: abs(length - known))
        if abs(nearest - known) > NEAR * known:
            yield Finding("unit-unlike", required=known, measured=nearest)
            return
    typed = case.facts.plot_area
    if typed and not 0.2 < plot.area / typed < 5:
        yield Finding("unit-unlike", required=typed**0.5, measured=plot.area**0.5)


CHECKS = (
    Check(
        "unit-missing",
        _("Unit of the drawing"),
        _("The file does not state the unit it is drawn in."),
        _("Set the drawing's units (in most programs: the command UNITS, “insertion scale”), then save it again."),
        _missing,
        measures=False,
    ),
    Check(
        "unit-unlike",
        _("Unit fits a known length"),
        _("With the unit of the file a length is %(measured)s m that should be %(required)s m."),
        _("Check the unit that the file states; if it is right, check the length you gave."),
        _unlike,
        unit="m",
        measures=False,
    ),
)
