"""The number of a line in an office's register, as it is printed and as people type it. Pure.

It is printed with its Hijri year, 38/1448, and read so in either order, with the year beside it or in it, in the
digits of any script. Where both numbers could be the year, the later one is, as printed, unless the year beside says.
"""

from __future__ import annotations

import re

from core.text import plain_characters

MAX_DIGITS = 9
FIRST_YEAR, LAST_YEAR = 1343, 1500
_WORDS = r"(?:هـ|ه|هجري(?:ة|ا)?|للهجرة|ah|h|no\.?|number|رقم|وارد|صادر|قيد|سنة|عام|لعام|لسنة|of|for)"
_NUMBERS = re.compile(r"\d+")
_AROUND = re.compile(rf"(?:{_WORDS}|[\s/\-.,:،()#])*", re.IGNORECASE)


def read_line(number: str, year: str = "") -> tuple[int, int] | None:
    """(number, Hijri year) of a line; None when they are not understood or contradict each other."""
    numbers, beside = _numbers(number), _numbers(year)
    if numbers is None or beside is None or len(beside) > 1 or not 1 <= len(numbers) <= 2:
        return None
    years = [int(first) for first in beside]
    if len(numbers) == 1:
        return (numbers[0], years[0]) if years and _is_year(years[0]) else None
    readings = [(first, other) for first, other in (numbers, numbers[::-1]) if _is_year(other)]
    fitting = [reading for reading in readings if not years or reading[1] == years[0]]
    return fitting[0] if fitting else None


def _numbers(text: str) -> list[int] | None:
    plain = plain_characters(text)
    if not _AROUND.fullmatch(_NUMBERS.sub(" ", plain)) or plain.startswith("-"):
        return None
    digits = _NUMBERS.findall(plain)
    return None if any(len(part) > MAX_DIGITS for part in digits) else [int(part) for part in digits]


def _is_year(number: int) -> bool:
    return FIRST_YEAR <= number <= LAST_YEAR
