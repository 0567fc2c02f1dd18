"""The portal's own status page: what the status site says, as the portal knows it at this moment."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from . import document, pages

# As long as a process remembers gates and notices (transactions/incidents/memory.py).
SECONDS = 8


def probes_file() -> Path | None:
    return Path(settings.STATUS_PROBES) if settings.STATUS_PROBES else None


@require_safe
@cache_control(max_age=SECONDS)
def status(request: HttpRequest) -> HttpResponse:
    """What works, what does not and since when; whoever has no account can be told by mail."""
    known = document.from_database(timezone.now(), document.read_probes(probes_file()))
    context = pages.context_of(known, get_language() or "ar")
    return render(request, "pages/status.html", context | {"site": settings.STATUS_URL})
