"""Devices that were signed in before: a stranger's guesses, even from the same network, do not make them wait.

A device brings a cookie of ours, signed; it opens nothing and is only counted by. It holds no name and no ID.
"""

from __future__ import annotations

import hmac
import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from .attempts import Source
from .identity import rate_limit_network
from .models import User

COOKIE = "device"
MAX_AGE_DAYS = 365
MAX_ACCOUNTS_A_DEVICE = 5
"""Accounts one device is known to; the latest stay."""


def source_of(request: HttpRequest, national_id: str) -> Source:
    """Where a try at this account comes from: the device, when it had the right secret before, else the network."""
    device, marks = _read_cookie(request)
    if device and any(hmac.compare_digest(mark, _account_mark(device, national_id)) for mark in marks):
        return Source(f"device:{device}", known=True)
    return Source(f"network:{rate_limit_network(request.META.get('REMOTE_ADDR', ''))}")


def last_account_mark(request: HttpRequest) -> str:
    """The mark of whoever was the last to sign in on this device; empty when nobody did."""
    _device, marks = _read_cookie(request)
    return marks[0] if marks else ""


def matches_account_mark(request: HttpRequest, mark: str, user: User) -> bool:
    """Is this what last_here said while this person was the last to sign in here?"""
    return hmac.compare_digest(mark, _account_mark(_read_cookie(request)[0], user.national_id))


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """This device has just had everything this account asks for."""
    device, marks = _read_cookie(request)
    device = device or secrets.token_urlsafe(12)
    mark = _account_mark(device, user.national_id)
    response.set_cookie(
        COOKIE,
        signing.dumps(
            [device, [mark, *(known_mark for known_mark in marks if known_mark != mark)][:MAX_ACCOUNTS_A_DEVICE]],
            salt=COOKIE,
        ),
        max_age=MAX_AGE_DAYS * 24 * 3600,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _read_cookie(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, marks = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=MAX_AGE_DAYS * 24 * 3600)
        return str(device), [str(mark) for mark in marks]
    except (signing.BadSignature, ValueError, TypeError):
        return "", []


def _account_mark(device: str, national_id: str) -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), f"{device}:{national_id}".encode(), "sha256").hex()[:24]
