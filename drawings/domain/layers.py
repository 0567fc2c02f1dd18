"""The layers of the template: what each is for, and which one somebody meant by another name. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache

PREFIX = "JM-"


class Role(StrEnum):
    PLOT = "JM-PLOT"
    PART = "JM-PART"
    STREET = "JM-STREET"
    BUILDING_LINE = "JM-SETBACK"
    GROUND = "JM-FLOOR-0"
    ROOF = "JM-FLOOR-ROOF"
    PARKING = "JM-PARKING"
    UNIT = "JM-UNIT"
    HEIGHT = "JM-HEIGHT"
    NORTH = "JM-NORTH"
    TEXT = "JM-TEXT"


FLOOR = "JM-FLOOR-"
MAX_FLOOR = 60
_FLOORS = re.compile(rf"{FLOOR}(?P<name>0|[1-9]\d?|B[1-9]|ROOF)")
# What the layer holds: outlines that close, lines, or words.
OUTLINES = frozenset({Role.PLOT, Role.PART, Role.BUILDING_LINE, Role.PARKING, Role.UNIT})
WORDS = frozenset({Role.HEIGHT, Role.TEXT})
# Names offices give these layers on their own, as `_key` leaves them.
_ALIASES = {
    Role.PLOT: "plot plotline plotboundary siteboundary propertyline parcel boundary حدودالارض الارض حدودالقطعه القطعه",
    Role.PART: "part parts subplot subplots lots الاجزاء القطع",
    Role.STREET: "street streetside streets streetline الشارع الشوارع",
    Role.BUILDING_LINE: "setback setbacks setbackline buildingline الارتداد الارتدادات خطالبناء",
    Role.GROUND: "floor0 ground groundfloor floorground floorgf gf الارضي الدورالارضي",
    "JM-FLOOR-1": "floor1 firstfloor floorfirst floor01 الاول الدورالاول",
    Role.ROOF: "floorroof roof roofannex upperannex الملحق الملحقالعلوي",
    Role.PARKING: "parking parkings park carparking المواقف مواقف",
    Role.UNIT: "unit units flats الوحدات",
}
# These only with our prefix: an office's own texts and arrows are none of ours.
_ALIASES_OF_OURS = {
    Role.HEIGHT: "height heights الارتفاع الارتفاعات",
    Role.NORTH: "north northarrow الشمال",
    Role.TEXT: "text texts النصوص",
}
_ARABIC = str.maketrans("أإآةى", "اااهي")
# From here on a name is so like one of ours that it is a slip of the pen.
_LIKE = 0.84


def role_of(name: str) -> str:
    """The layer of the template that has this name, in whatever case; empty when there is none."""
    upper = name.strip().upper()
    if upper in Role._value2member_map_:
        return upper
    return upper if _FLOORS.fullmatch(upper) else ""


@lru_cache(maxsize=4096)
def propose(name: str) -> str:
    """The layer of the template that was meant by a name that is none of it; empty when nobody can tell."""
    if role_of(name):
        return ""
    key = _key(name)
    ours = key.startswith("jm")
    bare = key.removeprefix("jm")
    for role, names in (_ALIASES | _ALIASES_OF_OURS if ours else _ALIASES).items():
        if bare in names.split():
            return str(role)
    if not ours:
        return ""
    if results := re.fullmatch(r"fl(?:oo|o)?r?(\d{1,2})", bare):
        return role_of(f"{FLOOR}{int(results[1])}")
    likeness = {role: SequenceMatcher(None, bare, _key(role).removeprefix("jm")).ratio() for role in _known()}
    best = max(likeness, key=lambda role: likeness[role])
    second = max(value for role, value in likeness.items() if role != best)
    return best if likeness[best] >= _LIKE and likeness[best] > second else ""


def is_ours_misspelt(name: str) -> bool:
    """Does it look like a layer of the template and is none?"""
    return not role_of(name) and name.strip().upper().startswith(PREFIX)


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    return (*map(str, Role), *(f"{FLOOR}{number}" for number in range(1, 10)), f"{FLOOR}B1")


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.translate(_ARABIC).lower())


def floor_order(role: str) -> int | None:
    """How high a floor lies: 0 the ground floor, below it negative, the upper annex above all; None for no floor."""
    results = _FLOORS.fullmatch(role)
    if results is None:
        return None
    name = results["name"]
    if name == "ROOF":
        return MAX_FLOOR + 1
    return -int(name[1:]) if name.startswith("B") else int(name)


def is_outline(role: str) -> bool:
    return role in OUTLINES or floor_order(role) is not None
