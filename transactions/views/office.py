"""The workspace of an engineering office: what came back first, drafts, owners, all its cases."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import offices_of, signed_in
from accounts.models import Authorisation

from .. import references, service_types
from ..models import Draft, Transaction
from ..service_types import Filer
from ..workflow import CLOSED, OPEN, Status
from .common import page_of

FILTERS = {"open": OPEN, "returned": {Status.RETURNED}, "closed": CLOSED}


@login_required
@never_cache
@require_GET
def office(request: HttpRequest) -> HttpResponse:
    offices = offices_of(signed_in(request))
    if not offices:
        raise Http404
    live = Authorisation.objects.filter(office__in=offices, status="accepted").select_related("owner", "office")
    cases = Transaction.objects.filter(authorisation__in=live).for_pages()
    chosen = request.GET.get("show", "open")
    if chosen in FILTERS:
        cases = cases.filter(status__in=FILTERS[chosen])
    query = request.GET.get("q", "").strip()
    if query:
        parsed = references.parse(query)
        cases = cases.filter(Q(reference=str(parsed)) if parsed else Q(applicant__full_name__icontains=query))
    drafts = Draft.objects.filter(authorisation__in=live).exclude(stage=Draft.Stage.SUBMITTED)
    context = {
        "offices": offices,
        "returned": Transaction.objects.filter(authorisation__in=live, status=Status.RETURNED).for_pages()[:20],
        "drafts": drafts.select_related("applicant", "authorisation__office")[:50],
        "clients": live[:100],
        "waiting": Authorisation.objects.filter(office__in=offices, status="given").count(),
        "services": [service for service in service_types.every() if service.filer is Filer.ENGINEERING_OFFICE],
        "page": page_of(request, cases.order_by("-submitted_at"), 25),
        "show": chosen,
        "q": query,
        "now": timezone.now(),
    }
    return render(request, "transactions/office.html", context)
