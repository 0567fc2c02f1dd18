"""The form that narrows a list to ground, the way from a list to its map, and the same as a filter of Django's list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..models import Transaction
from ..selectors.location import NAMES, Location, read_location

# The lists there is a map of, as its address names them.
MAPPED = {
    "queue": "staff:index",
    "supervision": "staff:supervision",
    "cases": "staff:transactions_transaction_changelist",
}
# What belongs to a page and to none of its lists.
_PAGES = ("page", "p")


def context(request: HttpRequest, name: str) -> dict[str, Any]:
    """What parts/location.html needs, for the list that MAPPED calls `name`."""
    others = request.GET.copy()
    for name_left in (*NAMES, *_PAGES):
        others.pop(name_left, None)
    return {
        "location": read_location(request.GET),
        "location_kept": [(key, value) for key, values in others.lists() for value in values],
        "location_cleared": f"?{others.urlencode()}",
        "map_url": map_url(name, request.GET),
    }


def map_url(name: str, asked: QueryDict) -> str:
    """The map of a list as it is asked for; of all cases those that are open, since no map shows others."""
    query = asked.copy()
    for name_left in _PAGES:
        query.pop(name_left, None)
    query["list"] = name
    return f"{reverse('staff:map')}?{query.urlencode()}"


class OpenFilter(admin.SimpleListFilter):
    title = _("progress")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Open"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Transaction]:
        rows: QuerySet[Transaction] = queryset.open() if self.value() == "yes" else queryset
        return rows


class LocationFilter(admin.ListFilter):
    title = _("location of the plot")
    template = "staff/parts/location_filter.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        asked: dict[str, str] = {name: params.pop(name)[-1] for name in NAMES if name in params}
        self.used_parameters.update(asked)
        self.location: Location = read_location(asked)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(NAMES)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        yield context(self.request, "cases")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.location.condition)
