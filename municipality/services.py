"""Writes of the ground floor, and the calendar everyone counts by."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F

from core.cache import SHARED, Remembered
from core.text import search_key

from .calendar import FIRST, LAST, WorkingCalendar
from .models import Certainty, District, Holiday, Named, Office, OfficeKind
from .positions import Position

DATA = Path(__file__).parent / "data"
# A process may go on counting by what it has read for so long after somebody changed it elsewhere. Due dates are
# rows, the same for everybody at every moment; what may differ for so long is how many working days are left until one.
CACHE_SECONDS = 5
_calendars: dict[frozenset[date], WorkingCalendar] = {}


def _read_calendar() -> WorkingCalendar:
    days = frozenset(_holiday_days())
    return _calendars.setdefault(days, WorkingCalendar(days))


def _read_districts() -> dict[str, District]:
    """Each with what is known of its outline in force, without the shape (where.py)."""
    rows = District.objects.select_related("outline").defer("outline__shape").order_by("code")
    return {district.code: district for district in rows}


def _seconds() -> float:
    return CACHE_SECONDS


# Each is re-read every few seconds in each process: the working calendar by the holidays in the database, every office
# by its key, every district by its code.
current_calendar = Remembered(_read_calendar, _seconds)
offices_by_pk: Remembered[dict[int, Office]] = Remembered(Office.objects.in_bulk, _seconds)
districts_by_code = Remembered(_read_districts, _seconds)


def get_office(pk: int) -> Office:
    """One office by its key, also when it was entered since the last reading."""
    office_read = offices_by_pk().get(pk)
    if office_read is None:
        clear_caches()
        office_read = offices_by_pk()[pk]
    return office_read


def office_by_code(code: str) -> Office | None:
    """One office by its code, also when it was entered since the last reading; None when there is none."""
    office_read = _find_office(code)
    if office_read is None and code:
        clear_caches()
        office_read = _find_office(code)
    return office_read


def _find_office(code: str) -> Office | None:
    return next((office for office in offices_by_pk().values() if office.code == code), None)


def clear_caches() -> None:
    """Make the next call of current_calendar, offices and districts_by_code read the database."""
    for remembered in (current_calendar, offices_by_pk, districts_by_code):
        remembered.forget()


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
    clear_caches()


def save_reference(row: Named) -> None:
    """Check and save an office, district or holiday as an administrator edited it. History has who and when."""
    row.full_clean()
    with transaction.atomic():
        row.save()
    clear_caches()
    SHARED.forget(DISTRICT_LIST)


DISTRICT_LIST = "municipality.districts.2"


def list_districts() -> list[dict[str, str]]:
    """Every district for pickers: code, name and sub-municipality in both languages; kept for a minute."""
    return SHARED.get_or_make(DISTRICT_LIST, _list_districts, 60)


def _list_districts() -> list[dict[str, str]]:
    home = {"home_ar": F("sub_municipality__name_ar"), "home_en": F("sub_municipality__name_en")}
    rows: Any = District.objects.values("code", "name_ar", "name_en", **home)
    return list(rows)


@dataclass
class LoadResult:
    """What a load of the seed did: rows created by model; districts changed, and left because a person edited them."""

    created: dict[str, int]
    changed: list[str]
    left: list[str]


@transaction.atomic
def load_reference_data() -> LoadResult:
    """Load the seed: offices, districts, holidays. Creates what is missing.

    A district that the seed places or names otherwise than before is changed, unless an administrator ever edited it.
    Open requests stay where they are. Offices and holidays that exist are left alone.
    """
    done = LoadResult({"offices": 0, "districts": 0, "holidays": 0}, [], [])
    branches = _read("sub_municipalities.json")
    for row in _read("offices.json")["offices"]:
        done.created["offices"] += _office(**row)
    for branch in branches["sub_municipalities"]:
        done.created["offices"] += _office(
            code=branch["code"],
            kind=OfficeKind.SUB_MUNICIPALITY,
            name_ar=branch["name_ar"],
            name_en=branch["name_en"],
            certainty="reconstructed",
            capacity=25,
        )
        home = Office.objects.get(code=branch["code"])
        for row in branch["districts"]:
            _district(done, row, home, row["certainty"])
    for row in _read("service_centres.json")["service_centres"]:
        done.created["offices"] += _office(
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
    _positions()
    for row in (*branches["unassigned_districts"], *branches["special_zones"]):
        _district(done, row, None, "unknown")
    for row in _read("holidays.json")["holidays"]:
        done.created["holidays"] += Holiday.objects.get_or_create(
            name_en=row["name_en"], first_day=row["first_day"], defaults=row
        )[1]
    clear_caches()
    return done


def _positions() -> None:
    """Sample positions for offices that have none; what an administrator entered is left."""
    for code, (latitude, longitude) in _read("centre_positions.json")["positions"].items():
        unplaced = Office.objects.filter(code=code, latitude=None).first()
        if unplaced is not None:
            unplaced.latitude, unplaced.longitude = Decimal(str(latitude)), Decimal(str(longitude))
            unplaced.position_certainty = Certainty.SAMPLE
            unplaced.save()


def coast() -> list[Position]:
    """The coast of the city as a rough line."""
    return [Position(*point) for point in _read("centre_positions.json")["coast"]]


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def _office(*, code: str, **fields: Any) -> bool:
    return Office.objects.get_or_create(code=code, defaults=fields)[1]


def _district(done: LoadResult, row: dict[str, str], home: Office | None, certainty: str) -> None:
    fields = {
        "name_ar": row["name_ar"],
        "name_en": row["name_en"],
        "sub_municipality": home,
        "certainty": certainty,
    }
    key = search_key(f"{row['name_ar']} {row['name_en']}")
    district, created = District.objects.get_or_create(code=row["code"], defaults={**fields, "search": key})
    done.created["districts"] += created
    if all(getattr(district, name) == value for name, value in fields.items()):
        return
    if district.history.filter(history_user__isnull=False).exists():
        done.left.append(row["code"])
        return
    # The last is what the history reads the reason from (django-simple-history).
    for name, value in {**fields, "_change_reason": "The seed of this version places or names it so."}.items():
        setattr(district, name, value)
    save_reference(district)
    done.changed.append(row["code"])
