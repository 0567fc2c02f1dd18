"""Where somebody goes on after a sign-in: to an address of ours that they came from, or to where their work is."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from .models import User


def home_of(person: User | AnonymousUser) -> str:
    """The workbench of staff, everybody else's own requests."""
    return reverse("staff:index" if person.is_staff else "transactions:requests")


def safe_next(request: HttpRequest, url: str, person: User | None = None) -> str:
    """`url` when it is one of this site, else the home of the person: of whoever is signed in, when none is given."""
    allowed = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if url and allowed else home_of(person or request.user)
