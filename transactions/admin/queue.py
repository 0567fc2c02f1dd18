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
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act, User
from core.http import post_only
from core.text import one_line

from .. import access
from ..domain import references, service_types
from ..domain.deadlines import Deadline, overdue
from ..models import TransactionQuerySet
from ..queues import queue_of, unassigned
from ..selectors import search
from ..text.deadline_status import deadline_statuses
from ..transitions import moves
from ..views.common import page_of
from .site import staff_site
from .ways import here, way_back

ROWS = 40
SHOWS = {
    "all": gettext_lazy("All"),
    "mine": gettext_lazy("Assigned to me"),
    "free": gettext_lazy("Not assigned"),
    "late": gettext_lazy("Late"),
    "stage_late": gettext_lazy("Late in this stage"),
}


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Who waited longest against the due date comes first. A whole number in the search leads straight to its case.

    Whoever works on no case (an administrator) has no queue, and begins with the reference data.
    """
    user, now = current_user(request), timezone.now()
    if not access.case_posts(user):
        return redirect("staff:reference")
    query = one_line(request.GET.get("q", ""))
    parsed = references.parse(query)
    if parsed and access.cases_of_staff(user).filter(reference=str(parsed)).exists():
        return redirect("staff:case", reference=str(parsed))
    rows = queue_of(user)
    if query:
        access_log.record(Act.SEARCH, by=current_user(request), subject=query, why="queue")
        rows = rows.filter(search.search_cases(query))
    service = request.GET.get("service", "")
    if service:
        rows = rows.filter(service=service)
    filters = {
        "all": Q(),
        "mine": Q(assignee=user),
        "free": unassigned(timezone.localdate(now)),
        "late": overdue(now),
        "stage_late": overdue(now, Deadline.STAGE),
    }
    show = request.GET.get("show", "")
    if show not in filters:
        show = "all"
    counts = _counts(rows, filters)
    page = page_of(request, rows.filter(filters[show]).for_pages(), ROWS, counts[show])
    context: dict[str, Any] = staff_site.each_context(request) | {
        **here(request),
        "title": _("My queue"),
        "page": page,
        "rows": [(case, deadline_statuses(case, now)) for case in page],
        "q": query,
        "show": show,
        "shows": [(name, label, counts[name]) for name, label in SHOWS.items()],
        "service": service,
        "services": service_types.all_services(),
        "filtered": bool(query or service or show != "all"),
        "notes": _notes_waiting(user),
    }
    return render(request, "staff/queue.html", context)


def _counts(rows: TransactionQuerySet, filters: dict[str, Q]) -> dict[str, int]:
    """How many each filter would show; one query."""
    return rows.order_by().aggregate(
        **{name: Count("pk", filter=condition) if condition else Count("pk") for name, condition in filters.items()}
    )


def _notes_waiting(user: User) -> list[Any]:
    waiting = access.notes_waiting_for(user).select_related("transaction", "author")
    return list(waiting[:10])


@post_only("staff:index")
def take_next(request: HttpRequest) -> HttpResponse:
    """The first free file of my queue becomes mine. Two people pressing at once get two files."""
    back, case = way_back(request), moves.take_next(queue_of(current_user(request)), by=current_user(request))
    if case is None:
        messages.info(request, _("No unassigned case is waiting for you."))
        return redirect(back.url)
    return redirect(back.ahead(reverse("staff:case", args=[case.reference])))
