"""My queue, and the next file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act, User
from core.http import post_only
from core.text import one_line

from .. import access
from ..domain import references, service_types
from ..models import TransactionQuerySet
from ..queues import queue_of
from ..selectors.case_lists import QUEUE_SHOWS, CaseList, Place, read_list
from ..text.deadline_status import deadline_statuses
from ..transitions import moves
from ..turns import in_their_turn
from ..views.common import page_of
from . import bulk, case_table, location, saved_filters
from .site import staff_site
from .ways import here, way_back

ROWS = 40


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Who waited longest against the due date comes first. A whole number in the search leads straight to its case.

    Whoever works on no case (an administrator) has no queue, and begins with the reference data.
    """
    user, now = current_user(request), timezone.now()
    if not access.case_posts(user):
        return redirect("staff:reference")
    parsed = references.parse(one_line(request.GET.get("q", "")))
    if parsed and access.cases_of_staff(user).filter(reference=str(parsed)).exists():
        return redirect("staff:case", reference=str(parsed))
    listed = read_list(Place.QUEUE, request.GET, user, now)
    if listed is None:  # everybody with a post has a queue
        return redirect("staff:reference")
    if listed.text:
        access_log.record(Act.SEARCH, by=user, subject=listed.text, why="queue")
    counts = counts_of(listed)
    page = page_of(request, listed.rows.for_pages(), ROWS, counts[listed.show])
    rows = [(case, deadline_statuses(case, now)) for case in page]
    context: dict[str, Any] = staff_site.each_context(request) | {
        **here(request),
        "title": _("My queue"),
        "page": page,
        "rows": rows,
        "lines": [case_table.Line(case, case_table.one_date(case, due, listed.show)) for case, due in rows],
        "headings": case_table.headings(listed, request),
        "sort": str(listed.order) if request.GET.get("sort") else "",
        "in_turns": listed.turns is not None,
        "q": listed.text,
        "show": listed.show,
        "shows": [(name, label, counts[name]) for name, label in QUEUE_SHOWS.items()],
        "service": listed.service,
        "services": service_types.all_services(),
        "filtered": bool(listed.text or listed.service or listed.location.narrows or listed.show != "all"),
        "notes": _notes_waiting(user),
        **location.context(request, "queue"),
        **saved_filters.context(request, user, Place.QUEUE),
        **bulk.context(user),
    }
    return render(request, "staff/queue.html", context)


def counts_of(listed: CaseList) -> dict[str, int]:
    """How many each filter would show; one query."""
    return count_each(listed.every, listed.shows)


def count_each(rows: TransactionQuerySet, shows: dict[str, Q] | Any) -> dict[str, int]:
    """How many of these rows each condition holds for; one query."""
    counts = {name: Count("pk", filter=condition) if condition else Count("pk") for name, condition in shows.items()}
    return rows.order_by().aggregate(**counts)


def _notes_waiting(user: User) -> list[Any]:
    waiting = access.notes_waiting_for(user).select_related("transaction", "author")
    return list(waiting[:10])


@post_only("staff:index")
def take_next(request: HttpRequest) -> HttpResponse:
    """The first free file of my queue becomes mine. Two people pressing at once get two files."""
    user, back = current_user(request), way_back(request)
    listed = back.case_list(user, timezone.now())
    # The first free one of the list before oneself; of a list that is not one's queue, the queue's.
    own = in_their_turn(queue_of(user), user, timezone.now())
    waiting = listed.rows if listed is not None and listed.place is Place.QUEUE else own
    case = moves.take_next(waiting, by=user) or moves.take_next(own, by=user)
    if case is None:
        messages.info(request, _("No unassigned case is waiting for you."))
        return redirect(back.url)
    return redirect(back.ahead(reverse("staff:case", args=[case.reference])))
