"""The frontage of the plot: long enough, and as it was typed."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.layers import Role
from ..domain.sides import Faces, Side, sides_of
from . import BUILDINGS, Case, Check

# A frontage is typed to the tenth of a metre.
NEAR, SHARE = 0.15, 0.01


def street_sides(case: Case) -> list[Side]:
    plot = case.sheet.plot
    if plot is None:
        return []
    return [side for side in sides_of(plot, case.sheet.lines.get(Role.STREET, ())) if side.faces == Faces.STREET]


def _least(case: Case) -> Iterable[Finding]:
    rule, sides = case.rules.rule(case.group, "frontage_min_m"), street_sides(case)
    if rule is None or not sides:
        return
    longest = max(sides, key=lambda side: side.length)
    if longest.length < rule.value - 0.005:
        yield Finding("plot-frontage", str(longest.number), rule.value, longest.length, rule.path, longest.points)


def _typed(case: Case) -> Iterable[Finding]:
    typed, sides = case.facts.frontage, street_sides(case)
    if not typed or not sides:
        return
    lengths = [side.length for side in sides]
    near = max(NEAR, SHARE * typed)
    if all(abs(length - typed) > near for length in (*lengths, sum(lengths))):
        nearest = min(sides, key=lambda side: abs(side.length - typed))
        yield Finding("frontage-typed", str(nearest.number), typed, nearest.length, place=nearest.points)


CHECKS = (
    Check(
        "plot-frontage",
        _("Least frontage of the plot"),
        _("The longest side on a street is %(measured)s m; the minimum is %(required)s m."),
        _("Check the boundary and which sides are drawn on JM-STREET."),
        _least,
        kinds=BUILDINGS,
        unit="m",
    ),
    Check(
        "frontage-typed",
        _("Frontage as typed"),
        _("The side on the street is %(measured)s m on the drawing; %(required)s m was typed."),
        _("Correct the frontage in the form, or the boundary on the drawing."),
        _typed,
        kinds=BUILDINGS,
        unit="m",
    ),
)
