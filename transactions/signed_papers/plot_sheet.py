"""The plot on a sheet: its drawing as SVG, and its corners and sides in tables for paper.typ. No queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext as _

from plots.picture import Picture

from ..answers.plot_view import view_of
from ..domain.plots import shape_in

Pair = dict[str, Any]
_STROKES = {"plot": ("#dff0e6", "1.6"), "part": ("none", "1.1")}
_SIZES = {"corner": 10, "part": 15}


def plot_of(content: Mapping[str, Any], words: Callable[[Callable[[], str]], Pair]) -> dict[str, Any] | None:
    """What the sheet shows of the plot that a content holds; None when it holds none. `words` says a sentence of the
    sheet in both languages.
    """
    shape = shape_in(content.get("geometry"))
    if shape is None:
        return None
    view = view_of(shape, flagged=False)
    numbers = [0] * bool(shape.plot) + [number for number, _part in shape.given_parts]
    return {
        "title": words(lambda: _("The plot and its parts") if shape.given_parts else _("The plot")),
        "picture": svg_of(view.picture) if view.picture else "",
        "alt": words(lambda: _("North is up. Lengths are in metres, measured on the corners.")),
        "note": words(lambda: _("UTM zone 37 north, WGS 84, in metres")),
        "heads": [
            words(lambda: _("Corner")),
            words(lambda: _("Easting")),
            words(lambda: _("Northing")),
            words(lambda: _("Side")),
            words(lambda: _("Length")),
            words(lambda: _("Bearing")),
        ],
        "outlines": [
            {
                "title": _titled(number, words),
                "area": f"{outline.area} m²",
                "rows": [
                    [str(row.number), row.easting, row.northing, row.side, row.length, row.bearing]
                    for row in outline.rows
                ],
            }
            for number, outline in zip(numbers, view.measured, strict=True)
        ],
    }


def _titled(number: int, words: Callable[[Callable[[], str]], Pair]) -> Pair:
    return words(lambda: _("Part %(n)d") % {"n": number} if number else _("The plot"))


def svg_of(picture: Picture) -> str:
    """A picture as a file of its own, in black on white with pale green: it is printed."""
    marks = [
        f'<path d="{line.path}" fill-rule="evenodd" fill="{fill}" stroke="#1c211e" stroke-width="{width}"/>'
        for line in picture.lines
        for fill, width in [_STROKES.get(line.kind, ("none", "1"))]
    ]
    marks += [f'<circle cx="{x}" cy="{y}" r="2.2" fill="#1c211e"/>' for x, y in picture.dots]
    marks += [_text(label.x, label.y, label.text, _SIZES.get(label.kind, 11)) for label in picture.labels]
    bar, north = picture.bar_y, picture.north_x
    marks += [
        f'<path d="M12 {bar}v-5m0 5h{picture.bar[0]}v-5" fill="none" stroke="#1c211e" stroke-width="1.3"/>',
        _text(picture.bar_end + 14, bar - 2, f"{picture.bar[1]} m", 11),
        f'<path d="M{north} 10l6 18l-6 -5l-6 5z" fill="#1c211e"/>',
        _text(north, 40, "N", 11),
    ]
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(marks)}</svg>'


def _text(x: float, y: float, text: str, size: int) -> str:
    """A word around its middle; not every program that draws SVG knows of a central baseline."""
    place = f'x="{x}" y="{y + size * 0.35:.1f}" font-size="{size}" font-family="Amiri" text-anchor="middle"'
    return f'<text {place} fill="#1c211e">{escape(text)}</text>'
