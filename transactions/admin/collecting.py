"""The counter, for whoever collects documents: their ID, what is handed out, a slip to sign, the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from core.http import require_GET_or_POST
from core.text import parse_int

from ..domain.errors import DomainError, Invalid, NotVisible, Problem
from ..models import CounterVisit, Transaction
from ..text.rights_words import items_of
from ..transitions import handing_out
from ..views.common import hidden_is_404
from ..views.desk import Desk
from ..views.form_recovery import typed_before
from ..visits import permissions as visits
from .site import staff_site
from .visits import begin_page

COLLECT = CounterVisit.Purpose.COLLECT


@require_GET_or_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Who comes to collect: on to the list of what can be handed out."""
    title = _("Hand out documents")
    return begin_page(request, COLLECT, page="staff/collect.html", title=title, then="staff:collect_items")


@hidden_is_404
@require_GET_or_POST
def items(request: HttpRequest, reference: str) -> HttpResponse:
    """Choose what is handed out; look at the slip, print and have it signed; record it."""
    begun = visits.latest_visit_about(current_user(request), reference, COLLECT)
    case = begun.transaction
    if begun.event is not None:
        return redirect("staff:collected", key=begun.key)
    if not begun.is_open(timezone.now()):
        messages.warning(request, _("The visit has ended. Check the ID again to continue."))
        return redirect(f"{reverse('staff:collect')}?reference={case.reference}")
    typed = typed_before(request) or request.POST
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and "record" in request.POST:
        try:
            handing_out.hand_out(
                case,
                visit=begun,
                papers=request.POST.getlist("papers"),
                originals=request.POST.get("originals", ""),
                signed="signed" in request.POST,
                by=current_user(request),
                version=parse_int(request.POST.get("version", "")),
            )
        except Invalid as error:
            problems = error.problems
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("staff:collect_items", reference=case.reference)
        else:
            messages.success(request, _("What was handed out is recorded, and the applicant was notified."))
            return redirect("staff:collected", key=begun.key)
    context = staff_site.each_context(request) | {
        "title": case.reference,
        "case": case,
        "visit": begun,
        "service": case.service_type,
        "issued": list(case.issued_documents.order_by("pk")),
        "papers": typed.getlist("papers"),
        "originals": typed.get("originals", ""),
        "problems": problems,
        "slip": _slip(case, begun, typed) if "show" in typed or problems else None,
    }
    return render(request, "staff/collect_items.html", context, status=422 if problems else 200)


def _slip(case: Transaction, visit: CounterVisit, typed: Any) -> dict[str, Any]:
    """What the person signs for."""
    numbers = case.issued_documents.filter(number__in=typed.getlist("papers")).values_list("number", flat=True)
    papers = [f"{case.service_type.output.title} {number}" for number in numbers]
    lines = [line.strip() for line in typed.get("originals", "").splitlines() if line.strip()]
    return {"lines": [*papers, *lines], "visit": visit, "at": timezone.now()}


@hidden_is_404
@require_safe
def collected(request: HttpRequest, key: UUID) -> HttpResponse:
    """The slip of what was handed out, the same however often it is printed."""
    begun = visits.get_visit(current_user(request), key)
    if begun.event is None or begun.purpose != COLLECT:
        raise NotVisible
    begun.event.transaction = begun.transaction
    context = staff_site.each_context(request) | {
        "desk": Desk(reverse("staff:counter"), _("Counter")),
        "case": begun.transaction,
        "slip": {"lines": items_of(begun.event), "visit": begun, "at": begun.event.at},
    }
    return render(request, "staff/collected.html", context)
