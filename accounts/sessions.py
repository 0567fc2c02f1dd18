"""What a session knows about itself: whether it was made strong, and when somebody last did something in it."""

from __future__ import annotations

import time
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core.several import address_several

from .access import engineering_offices_of
from .models import User

STRONG, SEEN = "second_factor_at", "seen_at"
# Whoever works in an engineering office is one of several, until they sign in again.
SEVERAL = "several"
# Kept by allauth: how this session was authenticated.
RECORDS = "account_authentication_methods"
# How often it is written down that somebody is still there.
STEP = 60


class KnownUserMiddleware(AuthenticationMiddleware):
    """Django's own, whose user also knows what their session is worth (`access.needs_second_factor`)."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = cast("User", SimpleLazyObject(lambda: _load_user(request)))


def _load_user(request: HttpRequest) -> User | AnonymousUser:
    user: Any = get_user(request)
    if not user.is_authenticated:
        return AnonymousUser()
    if _is_idle(request, user):
        request.session.flush()
        request.__dict__["_cached_user"] = AnonymousUser()
        return AnonymousUser()
    user._strong_at = second_factor_at(request)
    address_several(bool(request.session.get(SEVERAL)))
    return user


def _is_idle(request: HttpRequest, user: User) -> bool:
    """Was nothing done in this session for longer than it may lie? What a script asks by itself is nothing done."""
    now, seen = time.time(), request.session.get(SEEN)
    minutes = settings.STAFF_IDLE_MINUTES if user.is_staff else settings.PUBLIC_IDLE_MINUTES
    if seen is not None and now - seen > minutes * 60:
        return True
    by_itself = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"
    if seen is None or (now - seen > STEP and not by_itself):
        request.session[SEEN] = now
    return False


def begin_session(request: HttpRequest, user: User) -> None:
    """Somebody has signed in: the time begins anew, and it is known how to speak to them."""
    request.session[SEEN] = time.time()
    request.session[SEVERAL] = not user.is_staff and bool(engineering_offices_of(user))


def mark_second_factor(request: HttpRequest) -> None:
    """In this session, and in no other, somebody has shown the second factor they set up."""
    request.session[STRONG] = time.time()


def second_factor_at(request: HttpRequest) -> float:
    """When the second factor was last shown in this session, in seconds since 1970; 0 if it never was."""
    records = request.session.get(RECORDS)
    shown = [each.get("at", 0) for each in records if each.get("method") == "mfa"] if isinstance(records, list) else []
    return max([*shown, request.session.get(STRONG, 0)])
