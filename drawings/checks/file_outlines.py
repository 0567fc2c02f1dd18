"""Outlines: there, closed, and not crossing themselves."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from ..domain.facts import Kind
from ..domain.finding import Finding
from ..domain.layers import Role
from . import BUILDINGS, DIVISIONS, Case, Check

# Below this the ends of an outline are one point that was not caught; it is closed and told.
TOLERANCE = 0.05
MOST = 40


def _open(case: Case) -> Iterable[Finding]:
    for outline in [outline for outline in case.sheet.outlines if outline.gap > TOLERANCE][:MOST]:
        yield Finding("outline-open", outline.layer, TOLERANCE, outline.gap, place=outline.gap_at)


def _crossing(case: Case) -> Iterable[Finding]:
    for outline in [outline for outline in case.sheet.outlines if outline.shape is None][:MOST]:
        yield Finding("outline-crosses", outline.layer, place=outline.crossings[:1] or outline.boundary[:1])


def _plot(case: Case) -> Iterable[Finding]:
    if not case.sheet.of(Role.PLOT):
        yield Finding("plot-missing", str(Role.PLOT))


def _several(case: Case) -> Iterable[Finding]:
    results = case.sheet.of(Role.PLOT)
    if len(results) > 1:
        smaller = sorted(results, key=lambda outline: outline.shape.area if outline.shape else 0.0)[0]
        yield Finding("plot-several", str(Role.PLOT), 1, len(results), place=smaller.boundary)


def _needed(case: Case) -> Iterable[Finding]:
    sheet = case.sheet
    if not sheet.of(Role.PLOT):
        return
    if not sheet.lines.get(Role.STREET):
        yield Finding("layer-empty", str(Role.STREET))
    needed = Role.GROUND if case.facts.kind == Kind.BUILDING else Role.PART
    if not sheet.of(needed):
        yield Finding("layer-empty", str(needed))


CHECKS = (
    Check(
        "outline-open",
        _("Outlines are closed"),
        _("An outline on %(subject)s is open by %(measured)s m. It was measured as if a straight line closed it."),
        _("Close the polyline, or join its ends."),
        _open,
        unit="m",
        measures=False,
    ),
    Check(
        "outline-crosses",
        _("Outlines do not cross themselves"),
        _("An outline on %(subject)s crosses itself, so nothing on this layer was measured."),
        _("Draw the corners in their order round the area."),
        _crossing,
        measures=False,
    ),
    Check(
        "plot-missing",
        _("Outline of the plot"),
        _("There is no outline on %(subject)s, so nothing was measured."),
        _("Draw the boundary of the plot as a closed polyline on this layer."),
        _plot,
        measures=False,
    ),
    Check(
        "plot-several",
        _("One plot"),
        _("There are %(measured)s outlines on %(subject)s. The largest was taken for the plot."),
        _("Draw the plot once, and the floors over each other on it."),
        _several,
        measures=False,
    ),
    Check(
        "layer-empty",
        _("Layers that are needed"),
        _("Nothing is drawn on %(subject)s."),
        _("Draw what belongs on this layer; the template shows it."),
        _needed,
        kinds=BUILDINGS | DIVISIONS,
        measures=False,
    ),
)
