"""How the addresses of pages are asked: read by GET and HEAD, pressed by POST."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

require_GET_or_POST = require_http_methods(["GET", "HEAD", "POST"])


def post_only(redirect_to: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A press, sent by a button on `page`.

    Who comes by GET pressed while signed out, or reloads the address: they are led to the button, and press it anew.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        press = require_POST(view)

        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return redirect(redirect_to)
            return press(request, *args, **kwargs)

        return wrapped

    return decorate
