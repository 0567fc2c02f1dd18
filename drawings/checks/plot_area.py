"""The area of the plot: as it was typed, and as large as it has to be."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from . import BUILDINGS, Case, Check


def tolerance(case: Case, area: float) -> tuple[float, str]:
    """How far two areas may differ, in square metres, and the rule that says so."""
    rule = case.rules.rule("common", "plot_area_tolerance")
    if rule is None:
        return 0.0, ""
    return max(rule.value["share"] * area, rule.value["least"]), rule.path


def _typed(case: Case) -> Iterable[Finding]:
    plot, typed = case.sheet.plot, case.facts.plot_area
    if plot is None or not typed or not 0.2 < plot.area / typed < 5:
        return
    most, rule = tolerance(case, typed)
    if abs(plot.area - typed) > most:
        yield Finding("plot-area", "", typed, plot.area, rule, tuple(plot.exterior.coords))


def _least(case: Case) -> Iterable[Finding]:
    plot, rule = case.sheet.plot, case.rules.rule(case.group, "plot_area_min_m2")
    if plot is not None and rule is not None and plot.area < rule.value - 0.05:
        yield Finding("plot-small", "", rule.value, plot.area, rule.path, tuple(plot.exterior.coords))


CHECKS = (
    Check(
        "plot-area",
        _("Area of the plot as typed"),
        _("The plot is %(measured)s m² on the drawing; %(required)s m² was typed."),
        _("Correct the area in the form, or the boundary on the drawing."),
        _typed,
        unit="m²",
    ),
    Check(
        "plot-small",
        _("Least area of the plot"),
        _("The plot is %(measured)s m²; the minimum is %(required)s m²."),
        _("Check the boundary; a smaller plot needs a word of explanation."),
        _least,
        kinds=BUILDINGS,
        unit="m²",
    ),
)
