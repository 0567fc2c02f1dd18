"""What the checks of drawings are told of a building permit and a subdivision: the answers as they measure them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.numbers import read_number
from drawings.domain.facts import Facts, Kind
from drawings.registry import Drawings, register

# A commercial building is measured by no set we have.
GROUPS = {"villa": "villa", "apartments": "apartment_building", "townhouse": "townhouse"}


def _number(answers: Mapping[str, Any], name: str) -> float | None:
    """What is not written yet, or no number yet, is not known."""
    try:
        return float(read_number(str(answers[name])))
    except (KeyError, ValueError):
        return None


def _count(answers: Mapping[str, Any], name: str) -> int | None:
    number = _number(answers, name)
    return None if number is None else int(number)


def building(answers: Mapping[str, Any]) -> Facts:
    return Facts(
        Kind.BUILDING,
        building=GROUPS.get(answers.get("building_type", ""), "other"),
        plot_area=_number(answers, "plot_area_m2"),
        ground_area=_number(answers, "ground_area_m2"),
        frontage=_number(answers, "frontage_m"),
        street_width=_number(answers, "street_width_m"),
        floors=_count(answers, "floors"),
        units=_count(answers, "units"),
        parking=_count(answers, "parking"),
    )


def division(answers: Mapping[str, Any]) -> Facts:
    areas = [_number(part, "area_m2") for part in answers.get("parts") or () if isinstance(part, Mapping)]
    return Facts(
        Kind.DIVISION,
        villas="attached" if answers.get("villas") == "attached" else "detached",
        plot_area=_number(answers, "area_m2"),
        parts=tuple(area for area in areas if area),
    )


def register_all() -> None:
    register("building-permit", Drawings(frozenset({"arch_drawings", "site_plan"}), building))
    register("land-subdivision", Drawings(frozenset({"division_drawing"}), division))
