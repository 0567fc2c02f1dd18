"""What was typed about the plot and the building, whoever asks for the check. Pure."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a drawing is of."""

    BUILDING = "building"
    DIVISION = "division"


@dataclass(frozen=True)
class Facts:
    """None or empty: not known. Metres and square metres. `building` is a group of rules (villa, apartment_building,
    townhouse); `villas` says what stands on the parts of a division (detached, attached).
    """

    kind: Kind = Kind.BUILDING
    building: str = "villa"
    villas: str = "detached"
    plot_area: float | None = None
    ground_area: float | None = None
    frontage: float | None = None
    street_width: float | None = None
    floors: int | None = None
    units: int | None = None
    parking: int | None = None
    parts: tuple[float, ...] = ()
    # The unit of a drawing that states none, by its number in DXF; and a side whoever asks knows.
    unit: int | None = None
    known_side: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"kind": str(self.kind), "parts": list(self.parts)}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Facts:
        """ValueError, TypeError for what is none."""
        known = {spec.name for spec in fields(cls)}
        words = {name: value for name, value in given.items() if name in known}
        words["kind"] = Kind(words.get("kind", Kind.BUILDING))
        words["parts"] = tuple(float(area) for area in words.get("parts", ()))
        for name in ("plot_area", "ground_area", "frontage", "street_width", "known_side"):
            if words.get(name) is not None and not math.isfinite(float(words[name])):
                raise ValueError(name)
        return cls(**words)
