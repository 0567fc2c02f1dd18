"""The supervisor's page: load, what is late and why, arrivals against decisions, handing files over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import current_user
from accounts.models import StaffPost, User
from core.charts import Chart, Series
from municipality.models import Office

from ..domain import service_types
from ..domain.deadlines import Deadline, overdue
from ..domain.forecasts import Forecast, forecast
from ..domain.workflow import OPEN
from ..models import Event, Transaction, TransactionQuerySet
from ..models.history import IS_DECISION
from ..queues import WORKERS
from ..selectors.case_lists import (
    AGE_BANDS,
    SUPERVISION_SHOWS,
    CaseList,
    Place,
    age_condition,
    read_list,
    supervision_shows,
)
from ..selectors.statistics import arrivals_at, count_by_week, week_start
from ..text.deadline_status import CAUSES, TAKEABLE, Cause, deadline_statuses, explain_lateness
from ..views.common import page_of
from . import bulk, case_table, location, saved_filters
from .queue import count_each
from .site import staff_site
from .ways import here

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WEEKS = 8
# What the page begins with: the filter each figure leads to, and its words.
TILES = {
    "everything": gettext_lazy("open cases"),
    "late": gettext_lazy("of which late"),
    "stage_late": gettext_lazy("late in their stage"),
    "free": gettext_lazy("free to be taken"),
    "answered": gettext_lazy("with new answers"),
    "waiting": gettext_lazy("waiting for the applicant"),
}
ROWS = 40
# What an address may narrow the list by, beside its tab; without any, the tab's figure is its length.
NARROWS = ("person", "office", "age", "service", "stage", "q", "at", "to")
LATE = ("late", "stage_late", *(f"late_{cause}" for cause in Cause))


@require_GET
def supervision(request: HttpRequest) -> HttpResponse:
    """Figures of the offices this person oversees; each is the way to its files."""
    user, now = current_user(request), timezone.now()
    listed = read_list(Place.SUPERVISION, request.GET, user, now)
    if listed is None:
        raise Http404
    offices, show = listed.offices, listed.show
    held = Transaction.objects.filter(held_by__in=offices, status__in=OPEN)
    workers, figures = _workers(offices, now), _figures(held, now, offices)
    loads, counted = _people(workers, held, now), _at_stages(held, now)
    picture = chart(offices, timezone.localdate(now))
    narrowed = _narrowing(request, listed, loads)
    whole = not any(request.GET.get(name) for name in NARROWS)
    page = page_of(request, listed.rows.for_pages(), ROWS, figures[show] if whole else None)
    rows = [
        (
            case,
            deadline_statuses(case, now),
            explain_lateness(case, now) if show in LATE else "",
            case.status in TAKEABLE,
        )
        for case in page
    ]
    context: dict[str, Any] = staff_site.each_context(request) | {
        **here(request),
        "title": _("Supervision"),
        "figures": figures,
        "tiles": [(label, name, figures[name]) for name, label in TILES.items()],
        "causes": [
            (label, f"late_{cause}", figures[f"late_{cause}"])
            for cause, label in CAUSES.items()
            if figures[f"late_{cause}"]
        ],
        "ages": [(band, _age_in_words(band), figures[f"age_{band}"]) for band in AGE_BANDS],
        "offices": _offices(offices, counted),
        "stages": _stages(counted),
        "people": loads,
        "workers": workers,
        "show": show,
        "says_why": show in LATE,
        "shows": [
            (name, label, figures[name])
            for name, label in SUPERVISION_SHOWS.items()
            if name != "pile" or figures[name] or show == name  # a tab for what may never be
        ],
        "person": request.GET.get("person", ""),
        "narrowed": narrowed,
        "page": page,
        "rows": rows,
        "lines": [case_table.Line(case, case_table.one_date(case, due, show), why) for case, due, why, _may in rows],
        "headings": case_table.headings(listed, request),
        "chart": picture,
        "outlook": outlook(picture, figures["open"]),
        **location.context(request, "supervision"),
        **saved_filters.context(request, user, Place.SUPERVISION),
        **bulk.context(user, workers),
    }
    return render(request, "staff/supervision.html", context)


def _narrowing(request: HttpRequest, listed: CaseList, loads: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """By what the list is narrowed beside its tab, in words; each with the address without it."""
    words = {
        "person": next((row["user"].full_name for row in loads if row["user"].pk == listed.person), ""),
        "stage": _stage_in_words(listed.service, request.GET.get("stage", "")),
        "office": next((office.name for office in listed.offices if office.code == request.GET.get("office")), ""),
        "age": _age_in_words(request.GET.get("age", "")),
        "service": str(service.title) if (service := service_types.find(listed.service)) else "",
        "q": listed.text,
    }
    links = []
    for name, word in words.items():
        if word:
            asked = request.GET.copy()
            asked.pop("page", None)
            asked.pop(name)
            links.append((word, f"?{asked.urlencode()}#files"))
    return links


def _stage_in_words(service: str, code: str) -> str:
    services = [service_types.get(service)] if service else service_types.all_services()
    return next((str(stage.title) for each in services for stage in each.stages if stage.code == code), "")


def _age_in_words(band: str) -> str:
    if band not in AGE_BANDS:
        return ""
    least, most = AGE_BANDS[band]
    if most is None:
        return _("%(least)d days and more") % {"least": least}
    return _("%(least)d to %(most)d days") % {"least": least, "most": most - 1}


def _figures(held: TransactionQuerySet, now: datetime, offices: list[Office]) -> dict[str, int]:
    """How many each filter shows, and each band of age; one query."""
    ages = {f"age_{band}": age_condition(band, now) for band in AGE_BANDS}
    figures = count_each(held, supervision_shows(now, offices) | ages)
    return figures | {"open": figures["everything"]}


def _late(now: datetime) -> dict[str, Count]:
    return {
        "late": Count("pk", filter=overdue(now)),
        "stage_late": Count("pk", filter=overdue(now, Deadline.STAGE)),
    }


@dataclass(frozen=True)
class Cell:
    """A count in a table of loads, and the list it counts."""

    label: StrOrPromise
    number: int
    url: str
    late: bool


# Column of a load → the filter that shows it, and its heading.
LOAD = {
    "open": ("everything", gettext_lazy("Open")),
    "late": ("late", gettext_lazy("Late")),
    "stage_late": ("stage_late", gettext_lazy("Late in this stage")),
}


def _with_cells(row: dict[str, Any], **narrowed: object) -> dict[str, Any]:
    cells = [
        Cell(label, row[name], f"?{urlencode({'show': show} | narrowed)}#files", late=name == "late")
        for name, (show, label) in LOAD.items()
    ]
    return row | {"cells": cells}


NONE = {"open": 0, "late": 0, "stage_late": 0}


def _at_stages(held: TransactionQuerySet, now: datetime) -> list[dict[str, Any]]:
    """Open cases by office, service and stage, with since when the oldest is there; one query."""
    counted = held.order_by().values("held_by", "service", "stage")
    return [dict(row) for row in counted.annotate(open=Count("pk"), oldest=Min("stage_started_at"), **_late(now))]


def _offices(offices: list[Office], counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for office in offices:
        own = [row for row in counted if row["held_by"] == office.pk]
        sums = {name: sum(row[name] for row in own) for name in LOAD}
        rows.append(_with_cells({"office": office} | sums, office=office.code))
    return rows


def _stages(counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stages where cases are, in the order of their services; all offices together."""
    places: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in counted:
        places.setdefault((row["service"], row["stage"]), []).append(row)
    rows = []
    for service in service_types.all_services():
        for stage in service.stages:
            if own := places.get((service.code, stage.code)):
                sums: dict[str, Any] = {name: sum(row[name] for row in own) for name in LOAD}
                about = {"service": service, "stage": stage, "oldest": min(row["oldest"] for row in own)}
                rows.append(_with_cells(about | sums, service=service.code, stage=stage.code))
    return rows


def outlook(picture: Chart, open_cases: int) -> Forecast | None:
    """From the full weeks of the picture; the one that goes on is left out."""
    arrived, decided = (series.values[:-1] for series in picture.series)
    return forecast(open_cases, [value or 0 for value in arrived], [value or 0 for value in decided])


def _workers(offices: list[Office], now: datetime) -> list[StaffPost]:
    """Those who work stages in these offices today, one line a person."""
    posts = StaffPost.objects.current(timezone.localdate(now)).filter(office__in=offices, role__in=WORKERS)
    workers = posts.filter(user__is_active=True).select_related("user", "office").order_by("user__full_name", "pk")
    return list({post.user_id: post for post in workers}.values())


def _people(workers: list[StaffPost], held: TransactionQuerySet, now: datetime) -> list[dict[str, Any]]:
    """Load per person, the heaviest first; whoever has nothing is there too, and whoever left and still has files."""
    counted = (
        held.exclude(assignee=None)
        .order_by()
        .values("assignee")
        .annotate(open=Count("pk"), oldest=Min("submitted_at"), **_late(now))
    )
    by_person = {row["assignee"]: row for row in counted}
    works = {post.user_id: post for post in workers}
    former = User.objects.in_bulk(set(by_person) - set(works)) if set(by_person) - set(works) else {}
    people = [post.user for post in workers] + list(former.values())
    rows = [
        _with_cells({"user": user, "post": works.get(user.pk), **NONE} | by_person.get(user.pk, {}), person=user.pk)
        for user in people
    ]
    return sorted(rows, key=lambda row: (-row["late"], -row["open"]))


def chart(offices: list[Office], today: date) -> Chart:
    """Arrivals against decisions by week (Sunday first), oldest first."""
    first = week_start(today) - timedelta(weeks=WEEKS - 1)
    received = count_by_week(arrivals_at([office.code for office in offices]), "at", first, WEEKS)
    decided = count_by_week(Event.objects.filter(IS_DECISION, office__in=offices), "at", first, WEEKS)
    return Chart(
        title=_("Cases arriving and decided, by week"),
        label_head=_("Week from"),
        labels=[first + timedelta(weeks=n) for n in range(WEEKS)],
        series=(
            Series(_("Arrived"), received),
            Series(_("Decided"), decided),
        ),
    )
