"""What somebody was writing when their session ended: held until they have signed in again, then shown and saved."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from accounts.identity import caller

from .common import client_address

MOST_CHARACTERS = 64 * 1024
# Nobody knows yet who sends this, and each makes a session: a machine may not fill the disk with them.
MOST_AN_HOUR = 20
KEPT = "typed_before_sign_in"
# Buttons: what somebody pressed is pressed anew by them, never by us.
PRESSED = {"csrfmiddlewaretoken", "later", "attach", "add_row", "remove_row", "remove", "changes", "check", "discard"}


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Hold what was typed and ask the person to sign in."""
    if request.method == "POST":
        typed = {name: request.POST.getlist(name) for name in request.POST if name not in PRESSED}
        small = sum(len(name) + sum(map(len, values)) for name, values in typed.items()) <= MOST_CHARACTERS
        if small and _has_room(client_address(request)):
            request.session[KEPT] = {"path": request.path, "typed": typed, "files": len(request.FILES)}
            messages.warning(request, _("You were signed out. Sign in again: what you typed is kept for you."))
        else:
            messages.warning(
                request, _("You were signed out, and this could not be kept. Sign in, then type it again.")
            )
    return redirect_to_login(request.get_full_path())


def _has_room(address: str) -> bool:
    """Counted by each process for itself: a bound is wanted here, not an exact one."""
    key = f"kept:{caller(address)}"
    caches["tries"].add(key, 0, 3600)
    return caches["tries"].incr(key) <= MOST_AN_HOUR


def typed_before(request: HttpRequest) -> QueryDict | None:
    """What was held for this page, once; says so to the reader. None when there is nothing."""
    kept = request.session.get(KEPT)
    if request.method != "GET" or not kept or kept["path"] != request.path:
        return None
    del request.session[KEPT]
    data = QueryDict(mutable=True)
    for name, values in kept["typed"].items():
        data.setlist(name, values)
    if kept["typed"]:
        messages.info(request, _("You were signed out while writing. What you typed is here; nothing is lost."))
    if kept.get("files"):
        messages.warning(request, _("The files you had chosen did not come with it. Please choose them again."))
    return data
