"""Hijri dates (Umm al-Qura), through the library hijridate. Pure.

The calendar is tabulated for 1343–1500 AH (1924–2077); outside it the functions raise OutsideCalendar.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from hijridate import Gregorian, Hijri

RIYADH = ZoneInfo("Asia/Riyadh")
RAMADAN = 9
# What the table holds: 1 Muharram 1343 to 30 Dhu al-Hijjah 1500.
FIRST_DAY, LAST_DAY = date(1924, 8, 1), date(2077, 11, 16)
MONTHS_AR = (
    "محرم",
    "صفر",
    "ربيع الأول",
    "ربيع الآخر",
    "جمادى الأولى",
    "جمادى الآخرة",
    "رجب",
    "شعبان",
    "رمضان",
    "شوال",
    "ذو القعدة",
    "ذو الحجة",
)
MONTHS_EN = (
    "Muharram",
    "Safar",
    "Rabi al-Awwal",
    "Rabi al-Akhir",
    "Jumada al-Ula",
    "Jumada al-Akhirah",
    "Rajab",
    "Shaban",
    "Ramadan",
    "Shawwal",
    "Dhu al-Qidah",
    "Dhu al-Hijjah",
)


class OutsideCalendar(ValueError):
    """A day the tables do not hold."""


def in_calendar(day: date) -> bool:
    """Does the table hold this day?"""
    return FIRST_DAY <= day <= LAST_DAY


def riyadh_time(moment: datetime) -> datetime:
    """An aware moment as clocks in Jeddah show it; in the first and last hours there are, as it is."""
    try:
        return moment.astimezone(RIYADH)
    except OverflowError:
        return moment.replace(tzinfo=RIYADH)


def riyadh_day(moment: datetime) -> date:
    """The day of an aware moment in Jeddah."""
    return riyadh_time(moment).date()


def days_between(earlier: datetime, later: datetime) -> int:
    """Days of the calendar in Jeddah from one aware moment to another: 0 on the same day, 1 from yesterday evening."""
    return (riyadh_day(later) - riyadh_day(earlier)).days


@lru_cache(maxsize=4096)
def hijri_parts(day: date) -> tuple[int, int, int]:
    """(year, month, day) in the Hijri calendar."""
    try:
        return Gregorian(day.year, day.month, day.day).to_hijri().datetuple()
    except OverflowError as error:
        raise OutsideCalendar(f"outside the tabulated Hijri calendar: {day}") from error


def hijri_year(moment: datetime | date) -> int:
    """The Hijri year of a moment (aware) or day, as registers and references count it."""
    day = riyadh_day(moment) if isinstance(moment, datetime) else moment
    return hijri_parts(day)[0]


def format_hijri(day: date, language: str) -> str:
    """For example "14 جمادى الآخرة 1448هـ" or "14 Jumada al-Akhirah 1448 AH"."""
    year, month, number = hijri_parts(day)
    if language == "ar":
        return f"{number} {MONTHS_AR[month - 1]} {year}هـ"
    return f"{number} {MONTHS_EN[month - 1]} {year} AH"


def from_hijri(year: int, month: int, day: int) -> date:
    """The Gregorian date of a Hijri one; ValueError when there is no such day."""
    try:
        return date(*Hijri(year, month, day).to_gregorian().datetuple())
    except OverflowError as error:
        raise OutsideCalendar(f"outside the tabulated Hijri calendar: {year}/{month}/{day}") from error
