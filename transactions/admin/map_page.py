"""The map of a list's open cases: what the list shows this person, drawn on the ground, each leading to its files."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.access import current_user
from municipality.where import ground_in
from plots.geometry import Point
from plots.grid import Box
from plots.map_picture import MapPicture, Spot, draw_counts, draw_outlines, seen_in
from plots.picture import centre_of
from plots.regions import written_point

from .. import access
from ..domain import service_types
from ..models import Transaction, TransactionQuerySet
from ..selectors.case_lists import supervised_offices
from ..selectors.case_map import CaseMap, map_of
from ..selectors.location import NAMES
from . import location
from .site import staff_site
from .ways import WayBack

TITLES = {"queue": _("My queue"), "cases": _("Open cases of my offices"), "supervision": _("Supervision")}
# What a map of a list begins with where its address says no more.
BEGINS: dict[str, dict[str, str]] = {"queue": {}, "cases": {"open": "yes"}, "supervision": {"show": "everything"}}


@dataclass(frozen=True)
class MapRow:
    """A row of the table behind the map: what a number on it stands for, and where it leads."""

    spot: Spot
    url: str
    east: str
    north: str
    count: int = 0
    closer: str = ""
    reference: str = ""
    service: Any = ""

    @property
    def number(self) -> int:
        return self.spot.number


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The open cases with corners of the list in `list`, narrowed as its own address narrows it."""
    user = current_user(request)
    if not access.case_posts(user):
        raise Http404
    name = request.GET.get("list", "queue")
    if name not in TITLES:
        raise Http404
    asked = _asked(request, name)
    way = WayBack(location.MAPPED[name], asked.urlencode())
    rows = _rows(request, way)
    if rows is None:
        raise Http404
    drawn = map_of(rows)
    picture = _picture(drawn)
    supervises = bool(supervised_offices(user))
    context: dict[str, Any] = staff_site.each_context(request) | {
        "title": _("Map"),
        "shown": name,
        "lists": [(each, title) for each, title in TITLES.items() if each != "supervision" or supervises],
        "list_url": way.url,
        "map": drawn,
        "picture": picture,
        "rows": _map_rows(drawn, picture.spots if picture else (), way, request.GET),
        **location.context(request, name),
        "map_url": "",
    }
    return render(request, "staff/map.html", context)


def _asked(request: HttpRequest, name: str) -> QueryDict:
    """The address of the list itself; open cases only."""
    asked = request.GET.copy()
    for name_left in ("list", "page", "p"):
        asked.pop(name_left, None)
    for key, value in BEGINS[name].items():
        if name == "cases" or key not in asked:
            asked[key] = value
    return asked


def _rows(request: HttpRequest, way: WayBack) -> TransactionQuerySet | None:
    """What the list shows this person; None where it is not theirs, or asks for what no list has."""
    if way.walks:
        listed = way.case_list(current_user(request), timezone.now())
        return listed.rows if listed else None
    like_it = copy.copy(request)
    like_it.GET = QueryDict(way.query)
    try:
        shown = staff_site._registry[Transaction].get_changelist_instance(like_it)
    except IncorrectLookupParameters:
        return None
    return cast("TransactionQuerySet", shown.queryset)


def _picture(drawn: CaseMap) -> MapPicture | None:
    if drawn.frame is None:
        return None
    ground = [("district", name, shape) for name, shape in ground_in(seen_in(drawn.frame))]
    if drawn.squares:
        return draw_counts(drawn.frame, [(square.middle, square.count) for square in drawn.squares], ground)
    return draw_outlines(drawn.frame, [plot.outline for plot in drawn.plots], ground)


def _map_rows(drawn: CaseMap, spots: Sequence[Spot], way: WayBack, asked: QueryDict) -> list[MapRow]:
    if not drawn.squares:
        return [
            MapRow(
                spot,
                way.ahead(reverse("staff:case", args=[plot.reference])),
                *_figures(centre_of(plot.outline)),
                reference=plot.reference,
                service=service_types.get(plot.service).title,
            )
            for spot, plot in zip(spots, drawn.plots, strict=True)
        ]
    alone = len(drawn.squares) == 1
    return [
        MapRow(
            spot,
            _at(square.box, QueryDict(way.query), reverse(way.name)),
            *_figures(square.middle),
            count=square.count,
            closer="" if alone else _at(square.box, asked, reverse("staff:map")),
        )
        for spot, square in zip(spots, drawn.squares, strict=True)
    ]


def _at(box: Box, asked: QueryDict, path: str) -> str:
    """A list or a map, narrowed to what is counted in one square."""
    query = asked.copy()
    for name in NAMES:
        query.pop(name, None)
    west, south, east, north = box
    query["at"], query["to"] = written_point(Point(west, south)), written_point(Point(east, north))
    query["by"] = "middle"
    return f"{path}?{query.urlencode()}"


def _figures(point: Point) -> tuple[str, str]:
    return f"{point.x:.0f}", f"{point.y:.0f}"
