"""Dates as people write them: both calendars, numbers or names of months, in the digits of any script. Pure.

What could be read two ways is decided here, once:
- A year under 1700 is Hijri; years have four digits, so that nobody's century is guessed.
- With the year first it is year, month, day; with the year last it is day, month, year, never month, day, year.
- Eight digits in a row begin with the year unless they end in one: 14400315 and 15031440 are the same day.
- The name of a month says the calendar and may stand anywhere; a weekday is read over.
- A day told in both calendars, as our pages print it, has to be one day.
"""

from __future__ import annotations

import re
from datetime import date

from .hijri import OutsideCalendar, from_hijri, hijri_parts
from .month_names import ERAS, MONTHS, PASSED_OVER, month_key
from .text import plain_characters, search_key

MAX_CHARACTERS = 120
HIJRI_BEFORE = 1700
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u02bf\u02be\u2032`\u00b4]")
_BOTH = re.compile(r"\bالموافق(?:ه)?\b|\bcorresponding to\b|[()=]")
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_BETWEEN = re.compile(r"[\s/\-.,:;_|\u060c\u060d\u061b\u066b\u066c]*")
_COUNTED = re.compile(r"(ربيع|جمادي?|rabi|jumada|jumad) ?([12])(?!\d)")
# The first of a month has words of its own.
_FIRST = re.compile(r"\b(?:غره|مستهل|first)\b|^(?:يوم )?(?:ال)?اول(?: يوم)?(?: من)? ")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)\b")


class UnreadableDate(ValueError):
    """No date of ours: not that there is no such day."""


class NoSuchDay(ValueError):
    """A date, and the calendar has no such day."""


def read_date(text: str) -> date:
    """The day somebody wrote. Unreadable, NoSuchDay, or OutsideCalendar when the tables do not reach it."""
    plain = _APOSTROPHES.sub("", search_key(plain_characters(text)))
    if not plain or len(plain) > MAX_CHARACTERS:
        raise UnreadableDate(text)
    parts = [part for part in _BOTH.split(plain) if any(map(str.isdecimal, part))]
    if not 1 <= len(parts) <= 2:
        raise UnreadableDate(text)
    days = {_read(part) for part in parts}
    if len(days) > 1:
        raise UnreadableDate(text)
    return days.pop()


def _read(text: str) -> date:
    if not _BETWEEN.fullmatch(_PARTS.sub("", text)):
        raise UnreadableDate(text)
    numbered = _FIRST.sub(" 1 ", _ORDINAL.sub(" ", text), count=1)
    counted = _COUNTED.sub(lambda match: f"{match[1]} {'i' * int(match[2])} ", numbered)
    parts = _PARTS.findall(counted)
    numbers = [part for part in parts if part.isdecimal()]
    words = [part for part in parts if not part.isdecimal() and part not in PASSED_OVER]
    eras = {ERAS[word] for word in words if word in ERAS}
    named = month_key([word for word in words if word not in ERAS])
    if named:
        if named not in MONTHS:
            raise UnreadableDate(text)
        hijri, month = MONTHS[named]
        year, day = _year_and_day(numbers)
        eras.add(hijri)
    else:
        year, month, day = _in_order(numbers)
    if eras - {year < HIJRI_BEFORE}:
        raise UnreadableDate(text)
    return _day(year, month, day)


def _year_and_day(numbers: list[str]) -> tuple[int, int]:
    if sorted(map(len, numbers)) not in ([1, 4], [2, 4]):
        raise UnreadableDate(" ".join(numbers))
    day, year = sorted(numbers, key=len)
    return int(year), int(day)


def _in_order(numbers: list[str]) -> tuple[int, int, int]:
    """Year, month and day of a date in numbers alone."""
    if len(numbers) == 1 and len(numbers[0]) == 8:
        run = numbers[0]
        ends_in_a_year = run[4:6] in ("13", "14", "19", "20") or run[4:] == "1500"
        numbers = [run[:2], run[2:4], run[4:]] if ends_in_a_year else [run[:4], run[4:6], run[6:]]
    sizes = [len(number) for number in numbers]
    if len(sizes) != 3 or sizes[1] > 2:
        raise UnreadableDate(" ".join(numbers))
    if sizes[0] == 4 and sizes[2] <= 2:
        year, month, day = map(int, numbers)
    elif sizes[2] == 4 and sizes[0] <= 2:
        day, month, year = map(int, numbers)
    else:
        raise UnreadableDate(" ".join(numbers))
    return year, month, day


def _day(year: int, month: int, day: int) -> date:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise NoSuchDay(f"{year}/{month}/{day}")
    try:
        day_read = from_hijri(year, month, day) if year < HIJRI_BEFORE else date(year, month, day)
        hijri_parts(day_read)  # pages tell every date in both calendars
    except OutsideCalendar:
        raise
    except ValueError as error:
        raise NoSuchDay(f"{year}/{month}/{day}") from error
    return day_read
