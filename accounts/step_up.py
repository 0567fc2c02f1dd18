"""What opens an account or lets others act asks again who one is, by the strongest way the person has.

A national sign-on or a code of the second factor counts for STEP_UP_MINUTES, in the session it was shown in. While the
provider is away, those who have no second factor go on with their password, and that is on record. Whoever has
neither way (no provider, no second factor) is not asked: there is nothing stronger than what they signed in with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from . import sessions
from .access import current_user, has_second_factor
from .models import User
from .sign_on import flow, provider

AT = "stepped_up_at"
View = Callable[..., HttpResponse]


def mark(request: HttpRequest, user: User) -> None:
    """In this session this person has just shown who they are."""
    request.session[AT] = [user.pk, time.time()]


def is_fresh(request: HttpRequest) -> bool:
    """Did whoever is signed in show it within the last minutes, by sign-on or second factor?"""
    who, at = request.session.get(AT, [0, 0])
    shown = at if who == current_user(request).pk else 0
    last = max(shown, sessions.second_factor_at(request))
    return time.time() - last < settings.STEP_UP_MINUTES * 60


def has_way(user: User) -> bool:
    """Is there anything stronger than a password that this person could show?"""
    return (provider.is_configured() and flow.is_for(user.national_id)) or has_second_factor(user)


def is_needed(request: HttpRequest) -> bool:
    """Has whoever is signed in to show again who they are, before what asks for it?"""
    return not is_fresh(request) and has_way(current_user(request))


def address(request: HttpRequest, following: str) -> str:
    """Where they show it, to go on to `following`."""
    return f"{reverse('accounts:step_up')}?{next_in_query(following)}"


def next_in_query(following: str) -> str:
    return urlencode({"next": following}) if following else ""


def required(view: View) -> View:
    """A page that is only for who has just shown who they are; what was typed comes back (form_recovery)."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if is_needed(request):
            return redirect(address(request, request.get_full_path()))
        return view(request, *args, **kwargs)

    return wrapped
