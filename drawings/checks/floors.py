"""How many floors, how high, and as many as typed."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.finding import Finding
from ..domain.heights import height_in
from ..domain.layers import MAX_FLOOR, Role
from . import BUILDINGS, Case, Check
from .building_inside import ring_of


def _most(case: Case) -> Iterable[Finding]:
    rule = case.rules.rule(case.group, "floors_max")
    full = [(layer, floor) for order, layer, floor in case.sheet.floors() if 0 <= order <= MAX_FLOOR]
    if rule is not None and len(full) > rule.value:
        yield Finding("floors-most", full[-1][0], rule.value, len(full), rule.path, ring_of(full[-1][1]))


def _typed(case: Case) -> Iterable[Finding]:
    """An upper annex and a basement count or not: people write it both ways."""
    orders = [order for order, _layer, _floor in case.sheet.floors()]
    full = sum(0 <= order <= MAX_FLOOR for order in orders)
    typed = case.facts.floors
    if typed is not None and full and not full <= typed <= len(orders):
        yield Finding("floors-typed", "", typed, full)


def _height(case: Case) -> Iterable[Finding]:
    rule = case.rules.rule(case.group, "height_max_m")
    heights = [(height_in(label.text), label) for label in case.sheet.labels if label.layer == Role.HEIGHT]
    given = [(height, label) for height, label in heights if height is not None]
    if rule is None or not given:
        return
    highest, label = max(given, key=lambda item: item[0])
    if highest > rule.value + 0.005:
        yield Finding("height", label.text[:40], rule.value, highest, rule.path, (label.at,))


CHECKS = (
    Check(
        "floors-most",
        _("Number of floors"),
        _("%(measured)s full floors are drawn; the maximum is %(required)s."),
        _("Leave out a floor; an upper annex belongs on JM-FLOOR-ROOF."),
        _most,
        kinds=BUILDINGS,
    ),
    Check(
        "floors-typed",
        _("Number of floors as typed"),
        _("%(measured)s floors are drawn; %(required)s were typed."),
        _("Draw every floor on its own layer, or correct the number in the form."),
        _typed,
        kinds=BUILDINGS,
    ),
    Check(
        "height",
        _("Height"),
        _("The height written on the drawing is %(measured)s m; the maximum is %(required)s m."),
        _("Make the building lower, or correct the text on JM-HEIGHT."),
        _height,
        kinds=BUILDINGS,
        unit="m",
    ),
)
