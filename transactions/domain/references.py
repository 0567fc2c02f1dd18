"""The number of a transaction: node, incarnation letter, Hijri year, serial, check character. Pure.

For example C1A-1448-000123-X; the check character is ISO 7064 mod 37,36 over everything before it. Whoever
prints, dictates or types it may drop hyphens, use small letters or the digits of any script. Numbers given after a
restore carry four letters drawn by lot behind the letter, C1BKRTW-1448-000001-X: two copies of one backup never
give the same number, even under one letter and key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum.iso7064 import mod_37_36

from core.text import compact, written_code

_SHAPE = re.compile(r"([A-Z][0-9A-Z])([A-Z])([A-Z]{4})?(1[0-9]{3})([0-9]{6,9})([0-9A-Z])")


# Nodes that begin with one of these are office boxes (boxes/); all others are portals.
BOX_LETTERS = "BD"


def is_of_box(reference: str) -> bool:
    """Did an office box give this number?"""
    return reference[:1] in BOX_LETTERS and looks_like_reference(reference)


@dataclass(frozen=True)
class Reference:
    node: str
    incarnation: str
    hijri_year: int
    serial: int
    lot: str = ""

    def __str__(self) -> str:
        place = f"{self.node}{self.incarnation}{self.lot}"
        check = mod_37_36.calc_check_digit(f"{place}{self.hijri_year}{self.serial:06d}")
        return f"{place}-{self.hijri_year}-{self.serial:06d}-{check}"


def parse(text: str) -> Reference | None:
    """Read a reference as people type it; None when it is not one or its check character is wrong."""
    bare = compact(text).upper()
    match = _SHAPE.fullmatch(bare)
    if not match or not mod_37_36.is_valid(bare):
        return None
    return Reference(match[1], match[2], int(match[4]), int(match[5]), match[3] or "")


def normalise(text: str) -> str:
    """A reference, or another number of ours, in the writing it is kept in, however it is typed."""
    parsed = parse(text)
    return str(parsed) if parsed else written_code(text).upper()


def looks_like_reference(text: str) -> bool:
    """Has it the shape of a reference, whatever its check character says?"""
    return _SHAPE.fullmatch(compact(text).upper()) is not None
