"""What somebody was writing when their session ended: held until they have signed in again, then shown as they left it.

One mechanism for every page that needs a sign-in. A page whose boxes depend on what was typed (rows added, a second
look at mistakes) takes it by `typed_before`; into any other page the middleware puts it back (core/forms/refill.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from accounts import devices
from accounts.access import current_user, staff_posts_of
from accounts.identity import rate_limit_network
from core.cache import LOCAL_COUNTS
from core.forms.refill import refill

from .common import client_address

MAX_CHARACTERS = 64 * 1024
# Nobody knows yet who sends this, and each makes a session: a machine may not fill the disk with them.
MAX_AN_HOUR = 20
HELD = "typed_before_sign_in"
# Says that there is something in the session: pages that need no person do not ask it.
COOKIE = "held"
# The mark a form is sent with (static/js/forms.js), and the answers that show or have taken what was typed.
SENDING = "sending"
ANSWERED = {200, 302, 303, 409, 422}
# Buttons: what somebody pressed is pressed anew by them, never by us.
PRESSED = {
    SENDING,
    "csrfmiddlewaretoken",
    "later",
    "attach",
    "add_row",
    "remove_row",
    "remove",
    "changes",
    "check",
    "discard",
}
# A form that shows what was typed and saves it only after a question (templates/staff/confirm_save.html): its fields
# come along with the language button.
UNSAVED = "_unsaved"
SECRET = {"password", "password1", "password2", "oldpassword", "code", "pin", "secret", "token"}
# Where somebody is sent who has to show (again) who they are.
SIGN_IN = ("account_login", "account_reauthenticate", "mfa_reauthenticate", "accounts:step_up", "staff:login")


class FormRecoveryMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        waits = request.method == "GET" and COOKIE in request.COOKIES
        if waits:
            _drop_other_persons(request)
            _warn_of_held_form(request)
        response = self.get_response(request)
        if request.method == "POST" and UNSAVED in request.POST and request.path == resolve_url("set_language"):
            _keep_for_the_other_language(request, response)
        elif request.method == "POST" and _leads_to_sign_in(response) and not _is_sign_in(request.path):
            _hold_for_sign_in(request, response)
        elif request.method == "POST" and response.status_code in ANSWERED:
            _clear_sending_mark(request, response)
        elif waits:
            _restore_form(request, response)
        return response


def _clear_sending_mark(request: HttpRequest, response: HttpResponse) -> None:
    """Tell the window that its form was answered to, so that it keeps no longer what was typed in it."""
    mark = request.POST.get(SENDING, "")
    if mark.startswith(f"{SENDING}.") and mark in request.COOKIES:
        response.delete_cookie(mark)


def _leads_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and _is_sign_in(urlsplit(response["Location"]).path)


def _is_sign_in(path: str) -> bool:
    return any(path == resolve_url(name) for name in SIGN_IN)


def _hold_for_sign_in(request: HttpRequest, response: HttpResponse) -> None:
    """Keep what was typed in the session, which is a new one when the old has ended."""
    typed = _typed(request)
    if not any(map(str.strip, (value for values in typed.values() for value in values))) and not request.FILES:
        return
    if _is_small(typed) and _has_room(client_address(request)):
        _store_form(
            request, response, request.path, typed, by=devices.last_account_mark(request), files=len(request.FILES)
        )
        if _may_no_longer(request):
            return  # they are signed in: StaffSite.login says what is the case, and shows what was typed
        if urlsplit(response["Location"]).path == resolve_url("accounts:step_up"):
            request.session[HELD] |= {"warned": True}
            messages.info(request, _("Confirm that it is you. What you typed is kept for you."))
            return
        messages.warning(request, _("You were signed out. Sign in again: what you typed is kept for you."))
    else:
        messages.warning(request, _("You were signed out, and this could not be kept. Sign in, then type it again."))


def hold_form(request: HttpRequest, response: HttpResponse) -> bool:
    """For a page that asks whoever is signed in for something else first: keep what was typed for when they come back
    to this address, where `typed_before` gives it. False when there was nothing, or too much.
    """
    typed = _typed(request)
    if not any(value.strip() for values in typed.values() for value in values) or not _is_small(typed):
        return False
    _store_form(request, response, request.path, typed, warned=True)
    return True


def _keep_for_the_other_language(request: HttpRequest, response: HttpResponse) -> None:
    """What was typed goes back into the form it came from, in the language just chosen."""
    typed = {name: values for name, values in _typed(request).items() if name not in ("language", "next", UNSAVED)}
    if request.user.is_authenticated and _is_small(typed) and response.status_code == 302:
        _store_form(request, response, urlsplit(response["Location"]).path, typed, warned=True)


def _store_form(
    request: HttpRequest, response: HttpResponse, path: str, typed: dict[str, list[str]], **more: object
) -> None:
    request.session[HELD] = {"path": path, "target": path, "typed": typed, **more}
    response.set_cookie(COOKIE, "1", httponly=True, samesite="Lax", secure=request.is_secure())


def _typed(request: HttpRequest) -> dict[str, list[str]]:
    names = [name for name in request.POST if name not in PRESSED and SECRET.isdisjoint(re.split(r"[-_.]", name))]
    return {name: request.POST.getlist(name) for name in names}


def _is_small(typed: dict[str, list[str]]) -> bool:
    return sum(len(name) + sum(map(len, values)) for name, values in typed.items()) <= MAX_CHARACTERS


def _may_no_longer(request: HttpRequest) -> bool:
    """Did this press end at the sign-in page because its sender's posts have ended, not their session?"""
    return request.user.is_authenticated and not request.user.is_superuser and not staff_posts_of(current_user(request))


def _drop_other_persons(request: HttpRequest) -> None:
    """Whoever signs in on a device that several share does not see what the person before them was typing."""
    by = request.session.get(HELD, {}).get("by")
    if by and request.user.is_authenticated and not devices.matches_account_mark(request, by, current_user(request)):
        del request.session[HELD]


def _has_room(address: str) -> bool:
    """Counted by each process for itself: a bound is wanted here, not an exact one."""
    key = f"kept:{rate_limit_network(address)}"
    return LOCAL_COUNTS.count(key, 3600) <= MAX_AN_HOUR


def _warn_of_held_form(request: HttpRequest) -> None:
    """Before the page is made, which shows it."""
    held = request.session.get(HELD)
    if held and held["path"] == request.path and not held.get("warned") and request.user.is_authenticated:
        request.session[HELD] = held | {"warned": True}
        if held["typed"]:
            messages.info(request, _("You were signed out while writing. What you typed is here; nothing is lost."))
        if held.get("files"):
            warning = _("The files you had chosen were not carried over. Please choose them again.")
            messages.warning(request, warning)


def _restore_form(request: HttpRequest, response: HttpResponse) -> None:
    held = request.session.get(HELD)
    if held is None:
        response.delete_cookie(COOKIE)
    if held is None or held["path"] != request.path or response.streaming:
        return
    if response.status_code == 302:
        # The address takes presses only and leads to the page with its form.
        if not _leads_to_sign_in(response):
            request.session[HELD] = held | {"path": urlsplit(response["Location"]).path}
    elif response.status_code == 200 and response.get("Content-Type", "").startswith("text/html"):
        page = refill(response.content.decode(), request.path, held["target"], held["typed"])
        if page is not None:
            response.content = page
            del request.session[HELD]
            response.delete_cookie(COOKIE)


def typed_before(request: HttpRequest, path: str = "") -> QueryDict | None:
    """What was held for this page (or another), once. None when there is nothing."""
    held: dict[str, Any] | None = request.session.get(HELD)
    if request.method != "GET" or not held or held["path"] != (path or request.path):
        return None
    del request.session[HELD]
    data = QueryDict(mutable=True)
    for name, values in held["typed"].items():
        data.setlist(name, values)
    return data
