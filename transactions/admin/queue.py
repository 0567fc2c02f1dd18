"""My queue, and the next file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import signed_in
from municipality.text import western_digits

from .. import access, references, service_types
from ..models import Movement
from ..queues import queue_of
from ..services import moves
from .site import staff_site

ROWS = 40


def queue(request: HttpRequest) -> HttpResponse:
    """Who waited longest against the due date comes first. A whole number in the search leads straight to its case."""
    now = timezone.now()
    query = request.GET.get("q", "").strip()
    parsed = references.parse(query)
    if parsed and access.at_work(signed_in(request)).filter(reference=str(parsed)).exists():
        return redirect("staff:case", reference=str(parsed))
    rows = queue_of(signed_in(request)).for_pages()
    if query:
        rows = rows.filter(_matches(query))
    chosen = request.GET.get("service", "")
    if chosen:
        rows = rows.filter(service=chosen)
    show = request.GET.get("show", "all")
    if show == "mine":
        rows = rows.filter(assignee=signed_in(request))
    elif show == "free":
        rows = rows.filter(assignee=None)
    elif show == "late":
        rows = rows.filter(Q(stage_due_at__lt=now) | Q(due_at__lt=now))
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context: dict[str, Any] = staff_site.each_context(request) | {
        "title": _("My queue"),
        "page": page,
        "now": now,
        "q": query,
        "show": show,
        "service": chosen,
        "services": service_types.every(),
    }
    return render(request, "staff/queue.html", context)


def _matches(query: str) -> Q:
    """Part of a number, an incoming number, an ID or a name."""
    text = western_digits(query)
    found = Q(reference__icontains=text) | Q(applicant__full_name__icontains=query)
    if text.isascii() and text.isdecimal():
        found |= Q(applicant__national_id=text)
        if len(text) < 9:
            found |= Q(pk__in=Movement.objects.filter(number=int(text)).values("transaction"))
    return found


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """The first free file of my queue becomes mine. Two people pressing at once get two files."""
    case = moves.take_next(queue_of(signed_in(request)), by=signed_in(request))
    if case is None:
        messages.info(request, _("No free file waits for you."))
        return redirect("staff:index")
    return redirect("staff:case", reference=case.reference)
