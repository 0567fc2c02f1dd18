"""The service centres: where, when they are open, which is near. No appointment, no map of others, no script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.day_words import day_in_words
from core.text import isolated, one_line
from municipality.calendar import closing_time, in_ramadan, opening_time
from municipality.models import Certainty, District, Office, OfficeKind
from municipality.positions import HEIGHT, WIDTH, Place, distance_km, line_of, place_of
from municipality.services import coast, current_calendar, list_districts, offices_by_pk

from ..answers.cleaning import find_district

MAX_TYPED = 80
# Positions of these are told as they are.
SURE = frozenset({Certainty.CONFIRMED, Certainty.DOCUMENTED})


@dataclass(frozen=True)
class Centre:
    """A centre in the list and on the map; `near` says that it serves the district asked for."""

    number: int
    office: Office
    hours: str
    open_now: str
    is_open: bool
    place: Place | None
    kilometres: float | None
    near: bool

    @property
    def is_sample(self) -> bool:
        """Was the office itself made up for the demonstration?"""
        return self.office.certainty == Certainty.SAMPLE

    @property
    def is_placed_for_show(self) -> bool:
        return self.office.position_certainty not in SURE


@require_safe
def centres(request: HttpRequest) -> HttpResponse:
    """All centres; with ?district= those of its sub-municipality first, then the nearest to the first of these."""
    typed = one_line(request.GET.get("district", ""))[:MAX_TYPED]
    district, problem = find_district(typed) if typed else (None, "")
    now = timezone.localtime()
    listed = _listed(district, now)
    states = {centre.open_now for centre in listed}
    context = {
        "centres": listed,
        "at_once": states.pop() if len(states) == 1 else "",
        "district": district,
        "typed": typed,
        "problem": problem,
        "unserved": district is not None and not any(centre.near for centre in listed),
        "districts": list_districts(),
        "coast": line_of(coast()),
        "width": WIDTH,
        "height": HEIGHT,
        "samples": sum(centre.is_sample for centre in listed),
        "placed_for_show": sum(centre.is_placed_for_show for centre in listed),
        "ramadan": in_ramadan(now.date()),
    }
    return render(request, "pages/centres.html", context)


def _listed(district: District | None, now: datetime) -> list[Centre]:
    """Each with its number in the list, which its mark on the map bears."""
    offices = [office for office in offices_by_pk().values() if office.kind == OfficeKind.SERVICE_CENTRE]
    home = district.sub_municipality_id if district else None
    near = [office for office in offices if home is not None and office.parent_id == home]
    start = next((office.position for office in sorted(near, key=_code) if office.position), None)

    def far(office: Office) -> float:
        return distance_km(start, office.position) if start and office.position else 0.0

    ordered = sorted(offices, key=lambda office: (office not in near, far(office), office.code))
    return [
        Centre(
            number=number,
            office=office,
            hours=_hours(office, now.date()),
            open_now=_open_now(office, now),
            is_open=_is_open(office, now),
            place=place_of(office.position) if office.position else None,
            kilometres=round(far(office), 1) if start and office.position and office not in near else None,
            near=office in near,
        )
        for number, office in enumerate(ordered, 1)
    ]


def _code(office: Office) -> str:
    return office.code


def _span(office: Office, day: date) -> tuple[time, time]:
    """Its own hours, within the city's, which are shorter in Ramadan."""
    return max(office.opens_at, opening_time(day)), min(office.closes_at, closing_time(day))


def _hours(office: Office, day: date) -> str:
    opens, closes = _span(office, day)
    return isolated(f"{time_format(opens, 'H:i')}–{time_format(closes, 'H:i')}")


def _is_open(office: Office, now: datetime) -> bool:
    opens, closes = _span(office, now.date())
    working = current_calendar().is_working_day(now.date())
    return working and not office.suspended and opens <= now.time() < closes


def _open_now(office: Office, now: datetime) -> str:
    """Whether it is open at this moment, and until or from when."""
    if office.suspended:
        return _("Closed for now")
    opens, closes = _span(office, now.date())
    if _is_open(office, now):
        return _("Open now, until %(time)s") % {"time": isolated(time_format(closes, "H:i"))}
    if current_calendar().is_working_day(now.date()) and now.time() < opens:
        return _("Closed now; opens today at %(time)s") % {"time": isolated(time_format(opens, "H:i"))}
    following = current_calendar().next_working_day(now.date())
    opens, _closes = _span(office, following)
    words = {"day": day_in_words(following), "time": isolated(time_format(opens, "H:i"))}
    return _("Closed now; opens on %(day)s at %(time)s") % words
