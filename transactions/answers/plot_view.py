"""The plot of a request as pages show it: its picture, what is marked on it, and its corners and sides in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from municipality.where import districts_of, ground_in
from plots import picture
from plots.geometry import Outline, lies_here
from plots.words import bearing, metres, patch_words, sentences

from ..domain.plots import PlotShape, shape_of
from ..domain.service_types import Answers, ServiceType
from .corners import measures_in_words
from .ground import districts_in_words


@dataclass(frozen=True)
class CornerRow:
    """A corner, and the side from it to the next: all as texts, metres and degrees."""

    number: int
    easting: str
    northing: str
    side: str
    length: str
    bearing: str


@dataclass(frozen=True)
class Measured:
    """An outline in figures. `ground` is its area on the ellipsoid, `closing` its closing error where it has one."""

    title: str
    words: str
    area: str
    ground: str
    perimeter: str
    closing: str
    rows: tuple[CornerRow, ...]


@dataclass(frozen=True)
class Marked:
    """A place on the picture under its mark, in words."""

    mark: str
    kind: str
    words: str


@dataclass(frozen=True)
class PlotView:
    title: str
    picture: picture.Picture | None
    marked: tuple[Marked, ...]
    odd: tuple[str, ...]
    measured: tuple[Measured, ...]
    neighbours: tuple[tuple[str, str], ...] = ()
    districts: str = ""


def plot_view(service: ServiceType, answers: Answers) -> PlotView | None:
    """The plot in these answers; None when no corners are given."""
    shape = shape_of(service.plot, answers)
    return view_of(shape) if shape else None


def view_of(shape: PlotShape, *, flagged: bool = True, neighbours: Sequence[tuple[str, Outline]] = ()) -> PlotView:
    """A plot and, as (number of their request, outline), those beside it. Without `flagged` nothing is said of what is
    odd: a paper says what was decided.
    """
    patches = shape.division.patches if shape.division and flagged else ()
    marked = [Marked(_mark(n), kind, patch_words(kind, patch)) for n, (kind, patch) in enumerate(patches)]
    drawn = [(kind, _mark(n), patch) for n, (kind, patch) in enumerate(patches)]
    return PlotView(
        title=_("The plot and its parts") if shape.given_parts else _("The plot"),
        picture=picture.draw(
            shape.plot,
            shape.given_parts,
            drawn,
            [(_letter(n), outline) for n, (_reference, outline) in enumerate(neighbours)],
            ground_in if flagged else None,
        ),
        marked=tuple(marked),
        odd=tuple(_odd(shape)) if flagged else (),
        measured=tuple(_measured(shape)),
        neighbours=tuple((_letter(n), reference) for n, (reference, _outline) in enumerate(neighbours)),
        districts=districts_in_words(held) if flagged and (held := districts_of(shape.plot)) else "",
    )


def _letter(number: int) -> str:
    """A neighbour's mark: small letters, where parts have numbers and patches capitals."""
    return chr(ord("a") + number % 26)


def _mark(number: int) -> str:
    return chr(ord("A") + number % 26)


def _odd(shape: PlotShape) -> Sequence[str]:
    words = sentences(shape.findings)
    for number, findings in shape.part_findings:
        words += [_("Part %(n)d: %(sentence)s") % {"n": number, "sentence": each} for each in sentences(findings)]
    return words


def _measured(shape: PlotShape) -> list[Measured]:
    outlines = [(_("The plot"), shape.plot)] if shape.plot else []
    outlines += [(_("Part %(n)d") % {"n": number}, part) for number, part in shape.given_parts]
    return [measured(title, outline) for title, outline in outlines]


def measured(title: str, outline: Outline) -> Measured:
    """An outline in figures, every number as a text."""
    return Measured(
        title=title,
        words=measures_in_words(outline),
        area=metres(outline.area),
        ground=metres(outline.ground_area) if outline.is_simple and lies_here(outline.corners) else "",
        perimeter=metres(outline.perimeter),
        closing=metres(outline.closing_error) if outline.closing_error else "",
        rows=tuple(
            CornerRow(
                side.first,
                f"{side.start.x:.3f}",
                f"{side.start.y:.3f}",
                f"{side.first}–{side.last}",
                metres(side.length),
                bearing(side),
            )
            for side in outline.sides
        ),
    )
