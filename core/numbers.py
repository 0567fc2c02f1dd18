"""Numbers as people write them, with either separator, with their unit, in the digits of any script. Pure.

What could be read two ways is decided here, once:
- ٫ is always the decimal point and ٬ always parts thousands, as their names say.
- A single point is the decimal point: "1.250" is one and a quarter, as surveys write metres. Two points part thousands.
- A comma before exactly three digits parts thousands ("1,250"), unless what stands before it cannot be a first group
  ("0,500", "1250,500"); before one or two digits it is the decimal point ("625,5").
- With both, the later one is the decimal point: "1,250.5" and "1.250,5" are the same number.
- Spaces and apostrophes part thousands, in groups of three only.
Anything else is not a number: exponents ("1e3"), groups of other sizes ("1,25,000"), two decimal points.
"""

from __future__ import annotations

import re
from decimal import Decimal

from .text import plain_characters, search_key

MAX_CHARACTERS = 60
_GROUP = r"[1-9]\d{0,2}"
# Each with the group `point` where its decimal point stands, if it has one.
_SHAPES = [
    re.compile(shape, re.ASCII)
    for shape in (
        r"\d+",
        rf"{_GROUP}(?:(?P<apart>[٬' ])\d{{3}})(?:(?P=apart)\d{{3}})*(?:(?P<point>[.,٫])\d+)?",
        rf"{_GROUP}(?:,\d{{3}})+(?:(?P<point>[.٫])\d+)?",
        rf"{_GROUP}(?:\.\d{{3}})+(?P<point>[,٫])\d+",
        rf"{_GROUP}(?:\.\d{{3}}){{2,}}",
        r"\d*(?P<point>[.٫])\d+",
        r"\d*(?P<point>,)\d{1,2}",
        r"(?:0|\d{4,})?(?P<point>,)\d+",
    )
]
_TYPED = re.compile(
    r"(?P<before>[^\d.,٫+-]*)(?P<sign>[+-] ?)?(?P<number>[.,٫]?\d(?:[\d.,٫٬' ]*\d)?)[ .,]*(?P<after>\D.*)?", re.ASCII
)

# What people write after a number. An area in "metres" is one in square metres, as everybody says it.
_METRE = ("m", "م", "متر", "مترا", "أمتار", "متر طولي", "م.ط", "metre", "metres", "meter", "meters")
_SQUARE_METRE = (
    *("m²", "م²", "m^2", "م^2", "متر مربع", "مترا مربعا", "أمتار مربعة", "متر²", "م مربع", "sqm", "sq m", "sq. m."),
    *("square metre", "square metres", "square meter", "square meters"),
)
_KVA = ("kVA", "ك.ف.أ", "ك.ف.أ.", "كيلو فولت أمبير", "ك ف أ", "kilovolt-ampere", "kilovolt-amperes")
_RIYAL = ("SAR", "SR", "S.R.", "ريال", "ريالا", "ريالات", "ريال سعودي", "ر.س", "﷼", "\u20c1", "riyal", "riyals")


def _unit_key(unit: str) -> str:
    return re.sub(r"[\s.\-^]+", "", search_key(unit))


_SPELLINGS: dict[str, frozenset[str]] = {}
for _names, _also in ((_METRE, ()), (_SQUARE_METRE, _METRE), (_KVA, ()), (_RIYAL, ())):
    for _name in _names:
        _SPELLINGS[_unit_key(_name)] = frozenset(map(_unit_key, (*_names, *_also)))


def read_number(text: str, unit: str = "") -> Decimal:
    """The number somebody wrote, alone or with `unit` before or after it, however that is spelt; ValueError if none."""
    plain = plain_characters(text).replace("،", ",").replace("\u2019", "'").replace("`", "'").replace("\u02bc", "'")
    match = _TYPED.fullmatch(plain) if len(plain) <= MAX_CHARACTERS else None
    if match is None:
        raise ValueError(text)
    units = [_unit_key(part) for part in (match["before"], match["after"]) if part and part.strip()]
    if "" in units:  # strokes alone: a minus written behind the number, as Arabic keyboards show it
        raise ValueError(text)
    known = _SPELLINGS.get(_unit_key(unit), frozenset([_unit_key(unit)]))
    if len(units) > 1 or not known.issuperset(units):
        raise ValueError(text)
    for shape in _SHAPES:
        if grouped := shape.fullmatch(match["number"]):
            return Decimal((match["sign"] or "").strip() + _with_a_point(grouped))
    raise ValueError(text)


def _with_a_point(match: re.Match[str]) -> str:
    point = match.start("point") if "point" in match.re.groupindex and match["point"] else len(match.string)
    whole, rest = match.string[:point], match.string[point + 1 :]
    return f"{re.sub(r'[^0-9]', '', whole) or '0'}.{rest or '0'}"


def canonical_number(value: Decimal) -> str:
    """A number as it is kept and shown: digits 0-9, a point, no groups, no noughts at its end."""
    plain = format(value or abs(value), "f")  # there is no minus nought
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def money_in_words(amount: Decimal) -> str:
    """An amount as every page, message and document writes it: 12,345.60."""
    return f"{amount:,.2f}"
