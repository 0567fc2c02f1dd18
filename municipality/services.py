"""Writes of the ground floor, and the calendar everyone counts by."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import F

from .calendar import FIRST, LAST, WorkingCalendar
from .models import District, Holiday, Named, Office, OfficeKind
from .text import search_key

DATA = Path(__file__).parent / "data"
# A process may go on counting by what it has read for so long after somebody changed it elsewhere. Due dates are
# rows, the same for everybody at every moment; what may differ for so long is how many working days are left until one.
REMEMBERED_SECONDS = 5
_calendars: dict[frozenset[date], WorkingCalendar] = {}
_current: tuple[float, WorkingCalendar] | None = None
_offices: tuple[float, dict[int, Office]] | None = None
_districts: tuple[float, dict[str, District]] | None = None


def current_calendar() -> WorkingCalendar:
    """The working calendar by the holidays in the database; re-read every few seconds in each process."""
    global _current
    now = time.monotonic()
    if _current is None or now - _current[0] > REMEMBERED_SECONDS:
        days = frozenset(_holiday_days())
        calendar = _calendars.setdefault(days, WorkingCalendar(days))
        _current = (now, calendar)
    return _current[1]


def offices() -> dict[int, Office]:
    """Every office by its key, for names and codes; re-read every few seconds in each process."""
    global _offices
    now = time.monotonic()
    if _offices is None or now - _offices[0] > REMEMBERED_SECONDS:
        _offices = (now, Office.objects.in_bulk())
    return _offices[1]


def office(pk: int) -> Office:
    """One office by its key, also when it was entered since the last reading."""
    found = offices().get(pk)
    if found is None:
        forget()
        found = offices()[pk]
    return found


def office_by_code(code: str) -> Office | None:
    """One office by its code, also when it was entered since the last reading; None when there is none."""
    found = _of_code(code)
    if found is None and code:
        forget()
        found = _of_code(code)
    return found


def _of_code(code: str) -> Office | None:
    return next((found for found in offices().values() if found.code == code), None)


def districts_by_code() -> dict[str, District]:
    """Every district by its code; re-read every few seconds in each process."""
    global _districts
    now = time.monotonic()
    if _districts is None or now - _districts[0] > REMEMBERED_SECONDS:
        _districts = (now, {district.code: district for district in District.objects.order_by("code")})
    return _districts[1]


def forget() -> None:
    """Make the next call of current_calendar, offices and districts_by_code read the database."""
    global _current, _offices, _districts
    _current = _offices = _districts = None


def _holiday_days() -> list[date]:
    return _days_of(Holiday.objects.values_list("first_day", "last_day"))


def _days_of(periods: Iterable[tuple[date, date]]) -> list[date]:
    days = []
    for first, last in periods:
        first, last = max(first, FIRST), min(last, LAST)
        days += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return days


def calendar_with(holiday: Holiday, *, deleted: bool = False) -> WorkingCalendar:
    """The calendar as it would be with this holiday saved as it is, or deleted."""
    rows = Holiday.objects.exclude(pk=holiday.pk).values_list("first_day", "last_day")
    own = [] if deleted else [(holiday.first_day, holiday.last_day)]
    return WorkingCalendar(_days_of([*rows, *own]))


@transaction.atomic
def delete_reference(row: Named) -> None:
    """Delete a holiday that was entered by mistake; history keeps who did it. ProtectedError where rows refer to it."""
    row.delete()
    forget()


def save_reference(row: Named) -> None:
    """Check and save an office, district or holiday as an administrator edited it. History has who and when."""
    row.full_clean()
    with transaction.atomic():
        row.save()
    forget()
    cache.delete(DISTRICT_LIST)


DISTRICT_LIST = "municipality.districts.2"


def districts() -> list[dict[str, str]]:
    """Every district for pickers: code, name and sub-municipality in both languages; kept for a minute."""
    found = cache.get(DISTRICT_LIST)
    if found is None:
        home = {"home_ar": F("sub_municipality__name_ar"), "home_en": F("sub_municipality__name_en")}
        found = list(District.objects.values("code", "name_ar", "name_en", **home))
        cache.set(DISTRICT_LIST, found, 60)
    return found


@transaction.atomic
def load_reference_data() -> dict[str, int]:
    """Load the seed: offices, districts, holidays. Creates what is missing and leaves what is there as it is.

    Returns how many rows were created, by model.
    """
    created = {"offices": 0, "districts": 0, "holidays": 0}
    branches = _read("sub_municipalities.json")
    for row in _read("offices.json")["offices"]:
        created["offices"] += _office(**row)
    for branch in branches["sub_municipalities"]:
        created["offices"] += _office(
            code=branch["code"],
            kind=OfficeKind.SUB_MUNICIPALITY,
            name_ar=branch["name_ar"],
            name_en=branch["name_en"],
            certainty="reconstructed",
            capacity=25,
        )
        home = Office.objects.get(code=branch["code"])
        for number, row in enumerate(_unique(branch["districts"]), start=1):
            created["districts"] += _district(f"{home.code}-{number:02d}", row, home, row["certainty"])
    for row in _read("service_centres.json")["service_centres"]:
        created["offices"] += _office(
            code=row["code"],
            kind=OfficeKind.SERVICE_CENTRE,
            parent=Office.objects.get(code=row["sub_municipality"]),
            name_ar=row["name_ar"],
            name_en=row["name_en"],
            location_ar=row["location_ar"],
            certainty=row["certainty"],
            # Sample sizes: 8 to 16 files a day, the same at every installation.
            capacity=8 + (int(row["code"][2:]) * 5) % 9,
        )
    for prefix, key in (("UNA", "unassigned_districts"), ("ZON", "special_zones")):
        for number, row in enumerate(_unique(branches[key]), start=1):
            created["districts"] += _district(f"{prefix}-{number:02d}", row, None, "unknown")
    for row in _read("holidays.json")["holidays"]:
        created["holidays"] += Holiday.objects.get_or_create(
            name_en=row["name_en"], first_day=row["first_day"], defaults=row
        )[1]
    forget()
    return created


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def _unique(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The file names some districts twice in the same words; they cannot be told apart, so they are entered once."""
    return list({(row["name_ar"], row["name_en"]): row for row in rows}.values())


def _office(*, code: str, **fields: Any) -> bool:
    return Office.objects.get_or_create(code=code, defaults=fields)[1]


def _district(code: str, row: dict[str, str], home: Office | None, certainty: str) -> bool:
    defaults = {
        "name_ar": row["name_ar"],
        "name_en": row["name_en"],
        "sub_municipality": home,
        "certainty": certainty,
        "search": search_key(f"{row['name_ar']} {row['name_en']}"),
    }
    return District.objects.get_or_create(code=code, defaults=defaults)[1]
