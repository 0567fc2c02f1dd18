"""Pictures of a few figures over time, worked out on the server as SVG coordinates. Pure; no script is needed.

`Chart` is what a view hands to components/picture.html, which draws it and puts the figures behind it in a table.
Coordinates are in the picture's own units: (0, 0) at the start of the line, top; the page mirrors it for Arabic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WIDTH, HEIGHT = 640, 160
GAP = 8


@dataclass(frozen=True)
class Series:
    """One row of figures, none negative; None where there is none to tell. At most two series share a picture; the
    second is the one that matters.
    """

    label: StrOrPromise
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Point:
    x: int
    y: int


def top_of(largest: int) -> int:
    """A round number at or above the largest figure, for the line at the top: 1, 2, 3, 4, 5, 6, 8, 10, 20, …"""
    step = 1
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if factor * step >= largest:
                return factor * step
        step *= 10


@dataclass(frozen=True)
class Chart:
    """`labels` name the places along the time axis (dates or words), oldest first; a series has one figure for each."""

    title: StrOrPromise
    label_head: StrOrPromise
    labels: Sequence[Any]
    series: tuple[Series, ...]

    width = WIDTH
    height = HEIGHT

    def __post_init__(self) -> None:
        if any(len(series.values) != len(self.labels) for series in self.series):
            raise ValueError("every series needs one figure for each label")

    @property
    def top(self) -> int:
        return top_of(max((value or 0 for series in self.series for value in series.values), default=0))

    @property
    def empty(self) -> bool:
        """Nothing to draw: no figures, or all of them zero."""
        return not any(value for series in self.series for value in series.values)

    @property
    def bars(self) -> list[list[Bar]]:
        """For each series its bars; those of one label stand side by side."""
        slot = WIDTH / max(1, len(self.labels))
        width = max(2, round((slot - GAP) / max(1, len(self.series))))
        return [
            [
                Bar(round(place * slot + GAP / 2) + index * width, HEIGHT - self._tall(value), width, self._tall(value))
                for place, value in enumerate(series.values)
            ]
            for index, series in enumerate(self.series)
        ]

    @property
    def lines(self) -> list[list[Point]]:
        """For each series the points its line goes through."""
        step = WIDTH / max(1, len(self.labels) - 1)
        return [
            [Point(round(place * step), HEIGHT - self._tall(value)) for place, value in enumerate(series.values)]
            for series in self.series
        ]

    @property
    def rows(self) -> list[tuple[Any, tuple[int | None, ...]]]:
        """The table behind the picture: a label and its figures."""
        return [(label, tuple(s.values[place] for s in self.series)) for place, label in enumerate(self.labels)]

    @property
    def ends(self) -> list[Any]:
        """The labels that stand under the picture: the first, the middle one of an odd number, the last."""
        count = len(self.labels)
        places = {0, count - 1} | ({count // 2} if count % 2 else set())
        return [self.labels[place] for place in sorted(places) if count]

    def _tall(self, value: int | None) -> int:
        return round((value or 0) * HEIGHT / self.top)
