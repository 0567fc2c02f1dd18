"""What a check found: numbers, a place on the drawing, and no words (drawings/words.py has those). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Point = tuple[float, float]
# What there is to say of a drawing as a whole.
CHECKED, NO_UNIT, NOT_BY_TEMPLATE = "checked", "no-unit", "not-by-template"


@dataclass(frozen=True)
class Finding:
    """Something the reviewer will ask about. `subject` says of what (a layer, a side, the number of a part); `rule` is
    the path of the rule in its set, empty for what needs none; `place` are points of the drawing, in metres.
    """

    code: str
    subject: str = ""
    required: float | None = None
    measured: float | None = None
    rule: str = ""
    place: Sequence[Point] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"place": [[round(x, 4), round(y, 4)] for x, y in self.place]}


@dataclass(frozen=True)
class Note:
    """Something that was taken one way, and is told."""

    code: str
    subject: str = ""
    figure: float | None = None
    place: Sequence[Point] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"place": [[round(x, 4), round(y, 4)] for x, y in self.place]}
