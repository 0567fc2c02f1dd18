"""How much of the plot is built on, floor by floor and in all."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.layers import MAX_FLOOR
from . import BUILDINGS, Case, Check
from .building_inside import ring_of

# A tenth of a percent of the plot: what areas are told to.
AIM = 0.001
ROOF = MAX_FLOOR + 1


def _floors(case: Case) -> Iterable[Finding]:
    plot = case.sheet.plot
    if plot is None:
        return
    for order, layer, floor in case.sheet.floors():
        if not 0 <= order < ROOF:
            continue
        rule = case.rules.rule(case.group, "first_floor_coverage_max" if order else "ground_coverage_max")
        share = floor.area / plot.area
        if rule is not None and share > rule.value + AIM:
            yield Finding("coverage", layer, rule.value * 100, share * 100, rule.path, ring_of(floor))


def _roof(case: Case) -> Iterable[Finding]:
    rule, roof = case.rules.rule(case.group, "roof_share_max"), case.sheet.roof
    below = [(layer, floor) for order, layer, floor in case.sheet.floors() if 0 < order < ROOF]
    if rule is None or roof is None or not below or not below[-1][1].area:
        return
    share = roof.area / below[-1][1].area
    if share > rule.value + AIM:
        yield Finding("roof-share", below[-1][0], rule.value * 100, share * 100, rule.path, ring_of(roof))


def _ratio(case: Case) -> Iterable[Finding]:
    plot, rule = case.sheet.plot, case.rules.rule(case.group, "floor_area_ratio_max")
    if plot is None or rule is None:
        return
    ratio = sum(floor.area for order, _layer, floor in case.sheet.floors() if order >= 0) / plot.area
    if ratio > rule.value + AIM:
        yield Finding("floor-area-ratio", "", rule.value, ratio, rule.path, tuple(plot.exterior.coords))


CHECKS = (
    Check(
        "coverage",
        _("Coverage"),
        _("%(subject)s covers %(measured)s %% of the plot; the maximum is %(required)s %%."),
        _("Make this floor smaller."),
        _floors,
        kinds=BUILDINGS,
        unit="%",
    ),
    Check(
        "roof-share",
        _("Upper annex"),
        _("The upper annex is %(measured)s %% of %(subject)s; the maximum is %(required)s %%."),
        _("Make the upper annex smaller."),
        _roof,
        kinds=BUILDINGS,
        unit="%",
    ),
    Check(
        "floor-area-ratio",
        _("Floor area ratio"),
        _("All floors together are %(measured)s times the plot; the maximum is %(required)s times."),
        _("Make floors smaller."),
        _ratio,
        kinds=BUILDINGS,
        unit="times",
    ),
)
