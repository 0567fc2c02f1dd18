"""What the corners of a plot and its parts say beside what was typed. Advisory: each is told, none refuses. Pure.

Areas and lengths may differ by a surveyor's rounding (assumed). Least sizes are those of checks/parts.py (Riyadh's).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from plots.geometry import Division, Outline, straight_lines
from plots.words import metres, patch_words, sentences
from transactions.domain.plots import PlotQuestions, PlotShape, shape_of
from transactions.domain.service_types import Answers, Flag, RuleSet

from .areas import ASSUMED, TOLERANCE_M2, TOLERANCE_SHARE
from .parts import MIN_AREA_M2, MIN_FRONTAGE_M, RULE_SET

MEASURED = RuleSet("geometry", gettext_lazy("Measured on the corners"))
# A length on a drawing and one on a survey are rounded each by itself (assumed).
TOLERANCE_M = 0.10


def with_flags(
    asked: PlotQuestions, others: Callable[[Answers], Iterable[Flag]]
) -> Callable[[Answers], Iterable[Flag]]:
    """The flags of another check, and then those of the corners."""
    return lambda answers: chain(others(answers), flags(asked, answers))


def flags(asked: PlotQuestions, answers: Answers) -> Iterator[Flag]:
    """Everything odd about the corners in these answers."""
    shape = shape_of(asked, answers)
    if shape is None:
        return
    yield from _odd(shape, asked)
    if shape.plot and shape.plot.is_simple:
        yield from _area(shape.plot, answers.get(asked.area), asked.corners, 0)
        yield from _frontage_of_plot(shape.plot, answers.get(asked.frontage), asked)
    rows = [row if isinstance(row, dict) else {} for row in answers.get(asked.parts) or ()]
    for number, part in shape.given_parts:
        if part.is_simple:
            path = f"{asked.parts}.{number - 1}.{asked.part_corners}"
            yield from _area(part, rows[number - 1].get(asked.part_area), path, number)
            yield from _least_area(part, path, number)
    if shape.division is not None:
        yield from _division(shape.division, asked)
        yield from _sum(shape)
        least = float(MIN_FRONTAGE_M[answers.get("villas", "detached")])
        for number, part in shape.given_parts:
            if part.is_simple:
                yield from _frontage(shape.division, number, rows[number - 1].get(asked.part_frontage), least, asked)


def _odd(shape: PlotShape, asked: PlotQuestions) -> Iterator[Flag]:
    for sentence in sentences(shape.findings):
        yield Flag("corners", sentence, MEASURED, asked.corners)
    for number, findings in shape.part_findings:
        path = f"{asked.parts}.{number - 1}.{asked.part_corners}"
        for sentence in sentences(findings):
            words = _("Part %(n)d: %(sentence)s") % {"n": number, "sentence": sentence}
            yield Flag("part-corners", words, MEASURED, path)


def _area(outline: Outline, typed: Any, path: str, part: int) -> Iterator[Flag]:
    """Compared with what was typed, which is the deed's for a plot and the surveyor's for a part."""
    area = _number(typed)
    if area is None or abs(outline.area - area) <= max(area * float(TOLERANCE_SHARE), float(TOLERANCE_M2)):
        return
    words = {"n": part, "measured": metres(outline.area), "area": metres(area)}
    text = (
        _("By its corners, part %(n)d has %(measured)s m²; you wrote %(area)s m².")
        if part
        else _("By its corners, the plot has %(measured)s m²; the deed has %(area)s m².")
    )
    yield Flag("part-area-measured" if part else "area-measured", text % words, ASSUMED, path)


def _least_area(part: Outline, path: str, number: int) -> Iterator[Flag]:
    if part.area < float(MIN_AREA_M2) - 0.005:
        words = {"n": number, "measured": metres(part.area), "least": MIN_AREA_M2}
        text = _("By its corners, part %(n)d has %(measured)s m²; the minimum is %(least)s m².")
        yield Flag("part-area", text % words, RULE_SET, path)


def _division(division: Division, asked: PlotQuestions) -> Iterator[Flag]:
    for kind, patch in division.patches:
        yield Flag(f"parts-{kind}", patch_words(kind, patch), MEASURED, asked.parts)
    for number in division.left_out:
        words = _("Part %(n)d was not compared with the others: its outline encloses no single area.") % {"n": number}
        yield Flag("part-corners", words, MEASURED, f"{asked.parts}.{number - 1}.{asked.part_corners}")


def _sum(shape: PlotShape) -> Iterator[Flag]:
    """Told where no single patch explains it: many slivers, each too small to name."""
    division, plot = shape.division, shape.plot
    if division is None or plot is None or any((division.gaps, division.overlaps, division.outside)):
        return
    complete = len(shape.given_parts) == len(shape.parts) and not division.left_out
    tolerance = max(plot.area * float(TOLERANCE_SHARE), float(TOLERANCE_M2))
    if complete and abs(division.sum - plot.area) > tolerance:
        words = {"parts": metres(division.sum), "plot": metres(plot.area)}
        text = _("By their corners, the parts add up to %(parts)s m² of %(plot)s m².")
        yield Flag("parts-sum", text % words, ASSUMED, "parts")


def _frontage(division: Division, number: int, typed: Any, least: float, asked: PlotQuestions) -> Iterator[Flag]:
    """The frontage is a straight line along the plot's outline: the one as long as was typed, if there is one."""
    path = f"{asked.parts}.{number - 1}.{asked.part_corners}"
    lengths = sorted((frontage.length for frontage in division.frontages_of(number)), reverse=True)
    if not lengths:
        text = _("Part %(n)d has no side on the edge of the plot, so no street reaches it.")
        yield Flag("part-frontage", text % {"n": number}, MEASURED, path)
        return
    if lengths[0] < least - TOLERANCE_M / 2:
        text = _(
            "By its corners, the longest side of part %(n)d on the edge of the plot is %(length)s m; a frontage has at "
            "least %(least)s m."
        )
        words = {"n": number, "length": metres(lengths[0]), "least": f"{least:g}"}
        yield Flag("part-frontage", text % words, RULE_SET, path)
    yield from _no_such_side(typed, lengths, path, number)


def _frontage_of_plot(plot: Outline, typed: Any, asked: PlotQuestions) -> Iterator[Flag]:
    lengths = sorted((math.dist(*line) for line in straight_lines(plot)), reverse=True)
    yield from _no_such_side(typed, lengths, asked.corners, 0)


def _no_such_side(typed: Any, lengths: Sequence[float], path: str, part: int) -> Iterator[Flag]:
    frontage = _number(typed)
    if frontage is None or any(abs(length - frontage) <= TOLERANCE_M for length in lengths):
        return
    listed = _(", ").join(metres(length) for length in lengths[:6])
    words = {"n": part, "frontage": metres(frontage), "lengths": listed}
    text = (
        _("Part %(n)d has no side of %(frontage)s m on the edge of the plot: its sides there are %(lengths)s m.")
        if part
        else _("The plot has no side of %(frontage)s m, as its frontage is given: its sides are %(lengths)s m.")
    )
    yield Flag("part-frontage-measured" if part else "frontage-measured", text % words, MEASURED, path)


def _number(typed: Any) -> float | None:
    return None if typed in (None, "") else float(Decimal(typed))
