"""What to have at hand before one begins a request: one sheet a service, to read or to print."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..domain import service_types
from ..domain.service_types import Field, Kind, ServiceType
from ..intake.assured import describe_levels
from ..text.wording import only_for


@require_safe
def checklist(request: HttpRequest, code: str) -> HttpResponse:
    """The documents, what has to be known, and what is asked of whoever applies, with boxes to tick on paper."""
    service = service_types.find(code)
    if service is None:
        raise Http404
    context = {
        "service": service,
        "submitted_by": service.submitted_by.value,
        "required": [(document, only_for(service, document.when)) for document in service.documents if document.least],
        "optional": [document for document in service.documents if not document.least],
        "known": _to_know(service),
        "proofs": describe_levels(service),
    }
    return render(request, "pages/checklist.html", context)


def _to_know(service: ServiceType) -> list[tuple[Field, str]]:
    """The questions that people look up beforehand: those that say where their answer is found, and for whom."""
    return [
        (spec, only_for(service, spec.when))
        for spec in service.fields()
        if isinstance(spec, Field) and spec.kind is not Kind.ACKNOWLEDGE and (spec.help or spec.sample)
    ]
