"""The parts of a division fill the plot: no gap, no overlap, nothing beyond its boundary."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.utils.translation import gettext_lazy as _

from plots.geometry import gap_patches, outside_patches, overlap_patches

from ..domain.finding import Finding
from ..domain.layers import Role
from . import DIVISIONS, Case, Check
from .building_inside import ring_of

# Square metres: from a tenth on it is told; a little less, since areas are worked out and not exact.
LEAST = 0.098
MOST = 60


def _gaps(case: Case) -> Iterable[Finding]:
    plot, parts = case.sheet.plot, case.sheet.shapes(Role.PART)
    if plot is None or not parts or case.sheet.crosses(Role.PART):
        return
    for piece in islice(gap_patches(plot, parts, LEAST), MOST):
        yield Finding("parts-gap", "", 0, piece.area, place=ring_of(piece))


def _overlaps(case: Case) -> Iterable[Finding]:
    parts = case.sheet.shapes(Role.PART)
    if case.sheet.crosses(Role.PART):
        return
    for first, second, piece in islice(overlap_patches(parts, LEAST), MOST):
        yield Finding("parts-overlap", f"{first + 1} + {second + 1}", 0, piece.area, place=ring_of(piece))


def _beyond(case: Case) -> Iterable[Finding]:
    plot = case.sheet.plot
    if plot is None:
        return
    for at, piece in islice(outside_patches(plot, case.sheet.shapes(Role.PART), LEAST), MOST):
        yield Finding("part-outside", str(at + 1), 0, piece.area, place=ring_of(piece))


def _typed(case: Case) -> Iterable[Finding]:
    typed, drawn = len(case.facts.parts), len(case.sheet.of(Role.PART))
    if typed and drawn and typed != drawn:
        yield Finding("parts-typed", "", typed, drawn)


def _areas(case: Case) -> Iterable[Finding]:
    """Parts have no numbers on the drawing that bind: the largest typed stands for the largest drawn."""
    typed, parts = sorted(case.facts.parts, reverse=True), case.sheet.shapes(Role.PART)
    if len(typed) != len(parts):
        return
    for area, part in zip(typed, sorted(parts, key=lambda shape: -shape.area), strict=True):
        if abs(part.area - area) > max(1.0, 0.005 * area):
            number = str(parts.index(part) + 1)
            yield Finding("part-area-typed", number, area, part.area, place=ring_of(part))


CHECKS = (
    Check(
        "parts-gap",
        _("No gap between the parts"),
        _("No part covers %(measured)s m² of the plot."),
        _("Move the boundary of a part so that the parts meet."),
        _gaps,
        kinds=DIVISIONS,
        unit="m²",
    ),
    Check(
        "parts-overlap",
        _("Parts do not overlap"),
        _("Parts %(subject)s overlap by %(measured)s m²."),
        _("Let both parts share one boundary."),
        _overlaps,
        kinds=DIVISIONS,
        unit="m²",
    ),
    Check(
        "part-outside",
        _("Parts inside the plot"),
        _("%(measured)s m² of part %(subject)s lie outside the plot."),
        _("Move the part inside the boundary, or correct the boundary."),
        _beyond,
        kinds=DIVISIONS,
        unit="m²",
    ),
    Check(
        "parts-typed",
        _("Number of parts as typed"),
        _("%(measured)s parts are drawn; %(required)s were typed."),
        _("Draw each part as a closed outline on JM-PART, or correct the form."),
        _typed,
        kinds=DIVISIONS,
    ),
    Check(
        "part-area-typed",
        _("Area of a part as typed"),
        _("Part %(subject)s is %(measured)s m² on the drawing; %(required)s m² was typed."),
        _("Correct the area in the form, or the boundary on the drawing."),
        _areas,
        kinds=DIVISIONS,
        unit="m²",
    ),
)
