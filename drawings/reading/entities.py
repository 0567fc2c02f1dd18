"""The entities of a DXF, as far as they lie on layers of the template: lines of points and labels, in its own units.

Blocks are opened only where something on those layers is in them, and so deep and so many as the limits say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ezdxf.document import Drawing
from ezdxf.lldxf.encoding import decode_dxf_unicode
from ezdxf.path import make_path

from ..domain.finding import Point
from ..domain.layers import PREFIX, WORDS, is_ours_misspelt, propose, role_of
from ..domain.sheet import Label

MAX_ENTITIES, MAX_POINTS, MAX_DEPTH = 30_000, 200_000, 8
# Of one line; an outline that somebody drew has dozens.
MAX_VERTICES = 20_000
MAX_LABELS, MAX_TEXT, MAX_NAMES = 2000, 500, 2000
FARTHEST = 1e10
# How finely curves are followed, in parts of their size: an area is right to a hundredth of a percent.
FINE = 1e-5
_LINES = frozenset({"LINE", "LWPOLYLINE", "POLYLINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE"})
_LABELS = frozenset({"TEXT", "MTEXT", "ATTRIB"})


class TooMuch(Exception):
    """There is more in the drawing than is read."""


@dataclass
class Raw:
    """A line of points; `closed` when the drawing says that it closes."""

    layer: str
    points: list[Point]
    closed: bool
    name: str = ""


@dataclass
class Entities:
    lines: list[Raw] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    taken_as: dict[str, str] = field(default_factory=dict)
    skipped: int = 0


class Walk:
    """One walk through a drawing, with what is left of its limits."""

    def __init__(self, document: Drawing) -> None:
        self.results = Entities()
        self._blocks = document.blocks
        self._holding: dict[str, bool] = {}
        self._entities, self._points = MAX_ENTITIES, MAX_POINTS
        for entity in document.modelspace():
            self._visit(entity, "", MAX_DEPTH)
        self._leave_out_others()

    def _leave_out_others(self) -> None:
        """An office's own layer that sounds like one of ours is none where ours is used."""
        used = {line.layer for line in self.results.lines if role_of(line.name)}
        others = {name for name, role in self.results.taken_as.items() if role in used and not is_ours_misspelt(name)}
        self.results.lines = [line for line in self.results.lines if line.name not in others]
        for name in others:
            del self.results.taken_as[name]
            self.results.names.pop(name, None)

    def _role(self, name: str) -> str:
        role = role_of(name) or propose(name)
        if role and len(self.results.names) < MAX_NAMES:
            self.results.names[name] = None
            if not role_of(name):
                self.results.taken_as[name] = role
        return role

    def _visit(self, entity: Any, outer: str, depth: int) -> None:
        kind = entity.dxftype()
        name = _layer(entity)
        if name == "0" and outer:
            name = outer
        if kind == "INSERT":
            self._open(entity, name, depth)
        elif kind in _LINES or kind in _LABELS:
            role = self._role(name)
            if role:
                self._spend()
                self._take(entity, kind, role, name)
        elif name.upper().startswith(PREFIX):
            self.results.names.setdefault(name)

    def _spend(self) -> None:
        self._entities -= 1
        if self._entities < 0:
            raise TooMuch

    def _open(self, insert: Any, name: str, depth: int) -> None:
        block = str(insert.dxf.get("name", ""))
        if not (self._holds(block, ()) or role_of(name) or propose(name)):
            return
        if depth <= 0:
            self.results.skipped += 1
            return
        self._spend()
        for attribute in insert.attribs:
            self._visit(attribute, name, depth - 1)
        try:
            for single in insert.multi_insert() if insert.mcount > 1 else (insert,):
                self._spend()
                for entity in single.virtual_entities():
                    self._visit(entity, name, depth - 1)
        except (ArithmeticError, ValueError, TypeError):
            self.results.skipped += 1

    def _holds(self, name: str, above: tuple[str, ...]) -> bool:
        """Is anything on a layer of the template in this block? A block that holds itself ends there."""
        if name in above or len(above) > MAX_DEPTH:
            return False
        if name not in self._holding:
            block = self._blocks.get(name)
            self._holding[name] = block is not None and any(
                self._holds(str(entity.dxf.get("name", "")), (*above, name))
                if entity.dxftype() == "INSERT"
                else bool(role_of(layer := _layer(entity)) or propose(layer))
                for entity in block
            )
        return self._holding[name]

    def _take(self, entity: Any, kind: str, role: str, name: str) -> None:
        if kind in _LABELS:
            self._label(entity, kind, role)
            return
        try:
            points = list(self._flat(entity, kind))
        except (ArithmeticError, ValueError, TypeError, IndexError):
            points = []
        if len(points) < 2 or not all(math.isfinite(x + y) and abs(x) + abs(y) < FARTHEST for x, y in points):
            self.results.skipped += 1
            return
        closed = (points[0] == points[-1] and len(points) > 3) or _says_closed(entity, kind)
        self.results.lines.append(Raw(role, points, closed, name))

    def _flat(self, entity: Any, kind: str) -> Iterator[Point]:
        if kind == "LINE":
            corners: Iterable[Any] = (entity.dxf.start, entity.dxf.end)
        else:
            if _vertices(entity, kind) > MAX_VERTICES:
                return
            path = make_path(entity)
            reach = [abs(value) for point in path.control_vertices() for value in (point.x, point.y)]
            if not reach or not math.isfinite(sum(reach)) or max(reach) > FARTHEST:
                return
            size = max(_extent(path.control_vertices()), 1e-9)
            corners = path.flattening(size * FINE, segments=8)
        for corner in corners:
            self._points -= 1
            if self._points < 0:
                raise TooMuch
            yield float(corner.x), float(corner.y)

    def _label(self, entity: Any, kind: str, role: str) -> None:
        if role not in WORDS or len(self.results.labels) >= MAX_LABELS:
            return
        text = entity.text if kind == "MTEXT" else entity.dxf.get("text", "")
        if len(text) <= MAX_TEXT:
            text = entity.plain_text()
        place = entity.dxf.get("insert")
        if place is not None and math.isfinite(place.x + place.y) and abs(place.x) + abs(place.y) < FARTHEST:
            text = " ".join(decode_dxf_unicode(str(text)).split())[:MAX_TEXT]
            self.results.labels.append(Label(role, text, (float(place.x), float(place.y))))


def _vertices(entity: Any, kind: str) -> int:
    if kind == "SPLINE":
        # Each becomes a curve that is followed by itself.
        return 10 * max(len(entity.control_points), len(entity.fit_points))
    return len(entity) if kind == "LWPOLYLINE" else len(entity.vertices) if kind == "POLYLINE" else 0


def _layer(entity: Any) -> str:
    """Older files write letters that are not Latin as codes."""
    return decode_dxf_unicode(str(entity.dxf.get("layer", "0")))[:MAX_TEXT]


def _extent(points: Iterable[Any]) -> float:
    places = list(points)
    across, up = [point.x for point in places], [point.y for point in places]
    return float(max(max(across) - min(across), max(up) - min(up)))


def _says_closed(entity: Any, kind: str) -> bool:
    if kind == "LWPOLYLINE":
        return bool(entity.closed)
    if kind == "POLYLINE":
        return bool(entity.is_closed)
    return kind == "CIRCLE" or (kind == "SPLINE" and bool(entity.closed))
