"""“Was this page useful?”, at the end of the public's pages. Works without a script."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import get_resolver, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language

from core.http import require_GET_or_POST

from .. import feedback
from ..models import FeedbackReason
from ..quotas import OverQuota
from .common import client_address

ROOMS = ("transactions", "accounts", "journal")


@cache
def _pages() -> frozenset[str]:
    """The names of all addresses that may be asked about: whatever else is sent is no page of ours."""
    rooms = get_resolver().namespace_dict
    names = ((room, name) for room in ROOMS for name in rooms[room][1].reverse_dict if isinstance(name, str))
    return frozenset(f"{room}:{name}" for room, name in names) | {"account_login", "status", "api_docs"}


@require_GET_or_POST
def page_feedback(request: HttpRequest) -> HttpResponse:
    """Takes yes or no about a page, then thanks; whoever said no is asked why, from a list."""
    if request.method != "POST":
        return _thank(request, request.GET.get("t", ""))
    if token := request.POST.get("t", ""):
        feedback.give_reason(token=token, reason=request.POST.get("reason", ""))
        return redirect("transactions:feedback")
    page, useful = request.POST.get("page", ""), request.POST.get("useful", "")
    if page not in _pages() or useful not in ("yes", "no"):
        return HttpResponseBadRequest()
    try:
        token = feedback.give_feedback(
            page=page,
            language=get_language() or settings.LANGUAGE_CODE,
            useful=useful == "yes",
            address=client_address(request),
            now=timezone.now(),
        )
    except OverQuota as error:
        refused = render(request, "429.html", {"message": error.message}, status=429)
        refused["Retry-After"] = str(error.wait)
        return refused
    return redirect(reverse("transactions:feedback") + ("" if useful == "yes" else f"?{urlencode({'t': token})}"))


def _thank(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "pages/feedback.html", {"token": token, "reasons": FeedbackReason.choices if token else []})
