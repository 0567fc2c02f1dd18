"""Pages that lead people to what they came for: all services, the search, where the municipality is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.text import one_line
from municipality.models import Office, OfficeKind

from ..domain import references, service_types
from ..domain.service_types import ServiceType
from ..intake import closures
from ..models import Closure
from ..text.help_topics import search_topics
from ..text.service_search import search_services
from .public import PinForm

LONGEST = 80


def _on_offer(services: list[ServiceType]) -> list[tuple[ServiceType, Closure | None]]:
    return [(service, closures.closure_of(service)) for service in services]


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Every service with its facts; with ?q= those that have all its words."""
    query = one_line(request.GET.get("q", ""))[:LONGEST]
    everything = list(service_types.offered_services())
    context = {
        "services": _on_offer(search_services(query) if query else everything),
        "all": len(everything),
        "q": query,
    }
    return render(request, "pages/services.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Services and answers that have all the words sought; whoever types a transaction number is asked for its PIN."""
    query = one_line(request.GET.get("q", ""))[:LONGEST]
    context: dict[str, Any] = {"q": query, "services": [], "topics": []}
    if query and references.looks_like_reference(query):
        context["form"] = PinForm(initial={"reference": references.normalise(query)})
    elif query:
        context |= {"services": _on_offer(search_services(query)), "topics": search_topics(query)}
    return render(request, "pages/search.html", context)


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Where to go and when: the service centres, as the offices' own records say."""
    centres = Office.objects.filter(kind=OfficeKind.SERVICE_CENTRE)
    return render(request, "pages/contact.html", {"centres": centres})
