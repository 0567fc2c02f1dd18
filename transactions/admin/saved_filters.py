"""Filters of a list that people come back to: saved under a name, for oneself or for everybody of an office."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.access import current_user
from accounts.models import User
from core.http import post_only
from core.text import one_line, parse_int

from .. import access
from ..models import SavedFilter
from ..selectors.case_lists import Place
from .ways import PLACES, WayBack, read_way, way_back

MAX_FILTERS = 30  # of one person
NAME = 60
QUERY = 500


def context(request: HttpRequest, user: User, place: Place) -> dict[str, Any]:
    """Those of this list that this person has: their own and those shared with an office of theirs; one query."""
    offices = {post.office_id: post.office for post in access.case_posts(user)}
    rows = SavedFilter.objects.filter(Q(owner=user) | Q(office__in=offices), place=place).select_related("owner")
    name = next(name for name, known in PLACES.items() if known == place)
    ways = [(row, WayBack(name, row.query)) for row in rows[: 2 * MAX_FILTERS]]
    now_shown = read_way(request.get_full_path()).url
    return {
        "saved": [(row, way.url, way.url == now_shown) for row, way in ways],
        "saved_shown": next((row.name for row, way in ways if way.url == now_shown), ""),
        "share_offices": list(offices.values()),
    }


@post_only("staff:index")
def save(request: HttpRequest) -> HttpResponse:
    """Keep the list one stands before under a name, which replaces what had it; shared with an office of one's own."""
    user, back = current_user(request), way_back(request)
    name = one_line(request.POST.get("name", ""))[:NAME]
    place = PLACES.get(back.name)
    if not name or place is None or len(back.query) > QUERY:
        messages.error(request, _("Give the filter a name."))
        return redirect(back.url)
    office = parse_int(request.POST.get("office", ""))
    if office is not None and office not in {post.office_id for post in access.case_posts(user)}:
        messages.error(request, _("Choose an office."))
        return redirect(back.url)
    mine = SavedFilter.objects.filter(owner=user)
    known = mine.filter(place=place, name=name).update(query=_without_page(back), office=office)
    if not known and mine.count() >= MAX_FILTERS:
        messages.error(request, _("You have saved as many filters as there may be. Delete one first."))
        return redirect(back.url)
    if not known:
        row = SavedFilter(owner=user, place=place, name=name, query=_without_page(back), office_id=office)
        with suppress(IntegrityError), transaction.atomic():  # pressed twice
            row.save()
    messages.success(request, _("The filter was saved."))
    return redirect(back.url)


@post_only("staff:index")
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a filter of one's own."""
    back = way_back(request)
    if SavedFilter.objects.filter(owner=current_user(request), pk=pk).delete()[0]:
        messages.success(request, _("The filter was deleted."))
    return redirect(back.url)


def _without_page(back: WayBack) -> str:
    asked = QueryDict(back.query, mutable=True)
    asked.pop("page", None)
    return asked.urlencode()
