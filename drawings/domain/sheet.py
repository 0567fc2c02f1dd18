"""A drawing as checks see it: outlines and labels by layer, in metres. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shapely import Polygon, union_all
from shapely.geometry.base import BaseGeometry

from .finding import Point
from .layers import MAX_FLOOR, Role, floor_order


@dataclass(frozen=True)
class Outline:
    """One closed outline. `shape` is None where its line crosses itself, and nothing can be measured by it. `gap` is
    how far it was open, in metres, before it was closed; `crossings` are the places where it crosses itself.
    """

    layer: str
    boundary: tuple[Point, ...]
    shape: Polygon | None
    gap: float = 0.0
    gap_at: tuple[Point, ...] = ()
    crossings: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Label:
    layer: str
    text: str
    at: Point


@dataclass
class Sheet:
    """What was read. `metres` of a unit of the drawing, None when it is not known; `stated` the unit the file states,
    by its number in DXF, 0 when it states none; `names` all layers that hold something. `metres_meant`: of the unit
    that what is known would fit, where no plot is to be seen in this one.
    """

    outlines: list[Outline] = field(default_factory=list)
    lines: dict[str, list[tuple[Point, ...]]] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    taken_as: dict[str, str] = field(default_factory=dict)
    stated: int = 0
    metres: float | None = None
    metres_meant: float | None = None
    doubles: int = 0
    skipped: int = 0

    def of(self, role: str) -> list[Outline]:
        return [outline for outline in self.outlines if outline.layer == role]

    def shapes(self, role: str) -> list[Polygon]:
        return [outline.shape for outline in self.of(role) if outline.shape is not None]

    def crosses(self, role: str) -> bool:
        """Does an outline of this layer cross itself, so that nothing on it can be measured?"""
        return any(outline.shape is None for outline in self.of(role))

    @property
    def plot(self) -> Polygon | None:
        """The plot: the largest outline of its layer; None when there is none that can be measured."""
        if self.crosses(Role.PLOT):
            return None
        return max(self.shapes(Role.PLOT), key=lambda shape: shape.area, default=None)

    def floors(self) -> Iterator[tuple[int, str, BaseGeometry]]:
        """(how high, layer, footprint) of each floor that can be measured, the lowest first. An outline inside another
        is a courtyard.
        """
        layers = {outline.layer for outline in self.outlines if floor_order(outline.layer) is not None}
        for layer in sorted(layers, key=lambda name: floor_order(name) or 0):
            if not self.crosses(layer):
                yield floor_order(layer) or 0, layer, footprint(self.shapes(layer))

    def floor(self, order: int) -> BaseGeometry | None:
        return next((shape for number, _layer, shape in self.floors() if number == order), None)

    @property
    def roof(self) -> BaseGeometry | None:
        return self.floor(MAX_FLOOR + 1)


def footprint(shapes: list[Polygon]) -> BaseGeometry:
    """What outlines of one floor cover: together, without those that lie inside another."""
    by_size = sorted(shapes, key=lambda shape: -shape.area)
    covered: BaseGeometry = Polygon()
    for shape in by_size:
        inside = covered.contains(shape.buffer(-1e-6))
        covered = covered.difference(shape) if inside else union_all([covered, shape])
    return covered
