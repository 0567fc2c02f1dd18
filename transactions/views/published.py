"""What the city publishes of itself: the books of each day, and open figures. Nobody has to be known for either."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from core.charts import Chart, Series
from municipality.services import office_by_code

from ..books import published
from ..books.reconcile import KINDS
from ..domain import service_types
from ..domain.withheld import ALL, SMALL
from ..incidents.memory import last_notices
from ..models import IncidentNotice, Reconciliation
from ..selectors import open_figures

KEPT_SECONDS = 300
# So many months are drawn: two years.
DRAWN = 24


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise Http404 from error


def office_name(code: str) -> str:
    """An office of the figures in words."""
    if code == ALL:
        return _("All offices")
    if code in ("", open_figures.NOWHERE):
        return _("Not yet with an office")
    row = office_by_code(code)
    return row.name if row else code


def service_name(code: str) -> str:
    if code == ALL:
        return _("All services")
    row = service_types.find(code)
    return str(row.title) if row else code


# -- the books -------------------------------------------------------------------------------------------------


@require_safe
@cache_control(max_age=KEPT_SECONDS)
def books(request: HttpRequest, day: str = "") -> HttpResponse:
    """The latest books, or those of a day; when they are overdue the page says so."""
    row = published.of_day(_day(day)) if day else published.latest()
    if day and row is None:
        raise Http404
    overdue = row is None or timezone.now() - row.at > published.OVERDUE
    context: dict[str, Any] = {"books": row, "days": published.days(), "overdue": overdue and not day}
    return render(request, "pages/books.html", context | (_books(row) if row else {}))


def _books(row: Reconciliation) -> dict[str, Any]:
    figures = row.figures
    known = [(KINDS[kind].title, counted) for kind, counted in figures["differences"].items() if kind in KINDS]
    return {
        "figures": figures,
        "as_of": datetime.fromisoformat(figures["as_of"]),
        "node_head": [_("Node"), *books_head()],
        "nodes": [(line["node"], "", cells_of(line)) for line in figures["nodes"]],
        "office_head": [_("Office"), *books_head()],
        "offices": [(office_name(line["office"]), "", cells_of(line)) for line in figures["offices"]],
        "difference_head": [_("What differs"), _("Found"), _("Explained"), _("Oldest since")],
        "differences": [_difference(title, each) for title, each in known if each is None or each["found"]],
        "unexplained": sum(each["found"] - each["explained"] for _title, each in known if each),
        "kinds": [title for title, _counted in known],
    }


def _difference(title: object, counted: Mapping[str, Any] | None) -> tuple[Any, str, list[Any]]:
    if counted is None:
        return _("%(what)s – could not be looked at") % {"what": title}, "", [None, None, None]
    return title, "", [counted["found"], counted["explained"], counted["oldest"]]


def books_head() -> list[str]:
    """The columns of the books, after the first."""
    return [
        pgettext("figures", "Received"),
        pgettext("figures", "Open"),
        pgettext("figures", "Closed"),
        pgettext("figures", "Withdrawn"),
        _("Linked"),
        _("Void"),
        _("Difference"),
    ]


def cells_of(line: Mapping[str, Any]) -> list[int]:
    """A line of the books in the order of these columns."""
    return [line[name] for name in ("received", "open", "closed", "withdrawn", "linked", "void", "difference")]


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
def books_file(request: HttpRequest, day: str) -> HttpResponse:
    row = published.of_day(_day(day))
    if row is None:
        raise Http404
    return JsonResponse(published.document(row), json_dumps_params={"ensure_ascii": False})


# -- open figures ----------------------------------------------------------------------------------------------


@require_safe
@cache_control(max_age=KEPT_SECONDS)
def figures(request: HttpRequest) -> HttpResponse:
    """One service at one office, or all of them, month by month."""
    rows = open_figures.every_row()
    services = list(dict.fromkeys([ALL, *(row["service"] for row in rows)]))
    places = list(dict.fromkeys([ALL, *(row["office"] for row in rows)]))
    service, office = (request.GET.get(name, ALL) for name in ("service", "office"))
    if service not in services or office not in places:
        raise Http404
    chosen = open_figures.along(rows, service, office)[-DRAWN:]
    context = {
        "service": service,
        "office": office,
        "services": [(code, service_name(code)) for code in services],
        "offices": [(code, office_name(code)) for code in places],
        "what": f"{service_name(service)} – {office_name(office)}",
        "charts": _charts(chosen) if chosen else [],
        "head": [_("Month"), *_figures_head()],
        "rows": [
            (
                date_format(_month(row["month"]), "F Y"),
                reverse("transactions:figures_of_month", args=[row["month"]]),
                _cells(row),
            )
            for row in reversed(chosen)
        ],
        "figure_incidents": _incidents(chosen),
        **_method(),
    }
    return render(request, "pages/figures.html", context)


def _method() -> dict[str, int]:
    """The figures that the words on the method name."""
    return {"small": SMALL, "median_of": open_figures.MEDIAN_OF, "p90_of": open_figures.NINE_IN_TEN_OF}


def _month(text: str) -> date:
    return _day(f"{text}-01")


def _figures_head() -> list[str]:
    return [
        pgettext("figures", "Received"),
        pgettext("figures", "Decided"),
        _("of these refused"),
        _("In time"),
        pgettext("figures", "Late"),
        _("Half within"),
        _("Nine in ten within"),
        _("Incidents"),
    ]


def _cells(row: Mapping[str, Any]) -> list[Any]:
    names = ("received", "decided", "refused", "in_time", "late", "median_days", "p90_days")
    cells = ["withheld" if name in row["withheld"] else row[name] for name in names]
    return [*cells, " ".join(map(str, row["incidents"])) or None]


def _incidents(rows: Iterable[Mapping[str, Any]]) -> list[IncidentNotice]:
    """What is so now of the incidents that are named in these rows."""
    named = {number for row in rows for number in row["incidents"]}
    return [notice for notice in last_notices() if notice.incident_id in named]


def _charts(rows: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Pictures of what is told of these months; none of what is withheld in all of them."""
    labels = [date_format(_month(row["month"]), "F Y") for row in rows]
    words = {
        "received": pgettext("figures", "Received"),
        "decided": pgettext("figures", "Decided"),
        "late": pgettext("figures", "Late"),
        "in_time": _("In time"),
        "p90_days": _("Nine in ten within"),
        "median_days": _("Half within"),
    }
    pictures = (
        (_("Received and decided, by month"), ("received", "decided")),
        (_("Decided in time and late, by month"), ("late", "in_time")),
        (_("Working days to the decision, by month"), ("p90_days", "median_days")),
    )
    charts = [
        Chart(title, _("Month"), labels, tuple(Series(words[n], tuple(row[n] for row in rows)) for n in names))
        for title, names in pictures
    ]
    return [chart for chart in charts if not chart.empty]


@require_safe
@cache_control(max_age=KEPT_SECONDS)
def figures_of_month(request: HttpRequest, month: str) -> HttpResponse:
    """All services and offices of one month; its address stays."""
    first = _month(month)
    rows = open_figures.of_month(first)
    if rows is None:
        raise Http404
    services = dict.fromkeys(row["service"] for row in rows)
    tables = [
        (service_name(code), [(office_name(row["office"]), "", _cells(row)) for row in rows if row["service"] == code])
        for code in services
    ]
    context = {"first": first, "month": month, "head": [_("Office"), *_figures_head()], "tables": tables}
    context["figure_incidents"] = _incidents(rows)
    return render(request, "pages/figures_of_month.html", context)


def _changed(_request: HttpRequest, **_address: Any) -> datetime | None:
    return open_figures.changed_at()


def _some(month: str) -> list[dict[str, Any]]:
    row = open_figures.of_month(_month(month)) if month else open_figures.every_row()
    if row is None:
        raise Http404
    return row


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
@condition(last_modified_func=_changed)
def figures_csv(request: HttpRequest, month: str = "") -> HttpResponse:
    """Every row, or those of a month. What is withheld says so; no median is an empty box."""
    out = io.StringIO()
    writer = csv.DictWriter(out, open_figures.COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in _some(month):
        extra = {"incidents": " ".join(map(str, row["incidents"]))}
        writer.writerow(row | dict.fromkeys(row["withheld"], "withheld") | extra)
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="figures{"-" if month else ""}{month}.csv"'
    return response


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
@condition(last_modified_func=_changed)
def figures_json(request: HttpRequest, month: str = "") -> HttpResponse:
    return JsonResponse({"rows": _some(month)})
