"""The plot of a request as geometry, out of its answers: which questions hold it, and what they come to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plots.geometry import (
    Division,
    Finding,
    Outline,
    Unreadable,
    compare_division,
    findings_of,
    outline_of,
    read_corners,
    written,
)

from .conditions import Answers


@dataclass(frozen=True)
class PlotQuestions:
    """The questions of a service that hold the plot: its corners and its area; where it is divided, the group of the
    parts, and in each row their corners, area and frontage. A name that is empty is not asked.
    """

    corners: str
    area: str
    frontage: str = ""
    parts: str = ""
    part_corners: str = ""
    part_area: str = ""
    part_frontage: str = ""


@dataclass(frozen=True)
class PlotShape:
    """`plot` is None while its corners are not given or not readable; so is each of `parts`."""

    plot: Outline | None
    parts: tuple[Outline | None, ...] = ()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is odd about the plot's corners."""
        return findings_of(self.plot) if self.plot else ()

    @cached_property
    def part_findings(self) -> tuple[tuple[int, tuple[Finding, ...]], ...]:
        """The same of each part that has corners, with its number."""
        return tuple((number, findings_of(part)) for number, part in self.given_parts)

    @property
    def given_parts(self) -> tuple[tuple[int, Outline], ...]:
        return tuple((number, part) for number, part in enumerate(self.parts, start=1) if part is not None)

    @cached_property
    def division(self) -> Division | None:
        """How the parts make up the plot; None where that cannot be compared."""
        if self.plot is None or not self.plot.is_simple or not self.given_parts:
            return None
        return compare_division(self.plot, self.parts)


def shape_of(asked: PlotQuestions | None, answers: Answers) -> PlotShape | None:
    """The plot in these answers, clean or as typed; None when neither it nor a part has corners."""
    if asked is None:
        return None
    plot = outline_in(answers.get(asked.corners))
    rows = answers.get(asked.parts) if asked.parts else None
    parts = tuple(
        outline_in(row.get(asked.part_corners)) if isinstance(row, dict) else None
        for row in (rows if isinstance(rows, list) else ())
    )
    return PlotShape(plot, parts) if plot or any(parts) else None


def frozen_shape(shape: PlotShape) -> dict[str, Any]:
    """A plot as contents of papers keep it: its corners, and those of its parts in their order."""
    outlines = [written(outline.given) if outline else "" for outline in (shape.plot, *shape.parts)]
    return {"plot": outlines[0], "parts": outlines[1:]}


def shape_in(frozen: Mapping[str, Any] | None) -> PlotShape | None:
    """The plot that `frozen_shape` wrote down; None of a paper without one."""
    if not frozen:
        return None
    return PlotShape(outline_in(frozen["plot"]), tuple(outline_in(part) for part in frozen["parts"]))


def outline_in(given: Any) -> Outline | None:
    """The outline in one answer; None while nothing readable is there."""
    if not given:
        return None
    try:
        return outline_of(read_corners(given))
    except Unreadable:
        return None
