"""Where somebody goes on after a sign-in: to an address of ours that they came from, or to their requests."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest, url: str) -> str:
    """`url` when it is one of this site, else the page of one's own requests."""
    allowed = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if url and allowed else reverse("transactions:requests")
