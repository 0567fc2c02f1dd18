"""Pages for which nobody has to be known: they ask no session and no person, and read from a copy where there is one.

So they stand while the centre is away, whatever cookie a browser brings: a live one, an old one, a forged one. Whether
somebody is signed in cannot be known without asking; the header goes by whether there is a cookie at all, and names
nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core import db as database
from core.db import replica
from transactions.domain.errors import OperationClosed

WORDS_ONLY = frozenset(
    {
        "transactions:help",
        "transactions:privacy",
        "transactions:terms",
        "transactions:accessibility",
        "api_docs",
    }
)
FIGURES = frozenset(
    {
        "transactions:home",
        "transactions:services",
        "transactions:service",
        "transactions:search",
        "transactions:contact",
        "journal:verify",
        "journal:verify_token",
        "journal:node_list",
        "journal:offline_verifier",
        "transactions:books",
        "transactions:books_of_day",
        "transactions:books_file",
        "transactions:figures",
        "transactions:figures_csv",
        "transactions:figures_json",
        "transactions:figures_of_month",
        "transactions:figures_of_month_csv",
        "transactions:figures_of_month_json",
    }
)
FROM_THE_COPY = FIGURES | {"transactions:inquiry"}
# A copy hears from the centre at least every half minute, by the heartbeat of its workers.
BEHIND = timedelta(minutes=5)
Handler = Callable[[HttpRequest], HttpResponse]


class PublicPages:
    """The last middleware: all others have had their say, and have asked nobody yet."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in WORDS_ONLY:
            ask_nobody(request)
        if name in FROM_THE_COPY:
            ask_nobody(request)
            try:
                return replica.ask(lambda: view(request, *args, **kwargs))
            except OperationClosed as error:  # no other middleware hears of what is raised here
                from .views import closed

                return closed(request, error)
        return None


def ask_nobody(request: HttpRequest) -> None:
    """From here on this request knows nobody: no session is read, and messages are those of its cookie alone."""
    request.user = AnonymousUser()
    request.asks_nobody = True  # type: ignore[attr-defined]
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]


def brings_a_session(request: HttpRequest) -> bool:
    """Does the browser say it is signed in? Nobody checks."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def from_an_old_copy(request: HttpRequest) -> bool:
    """Are the figures of this page from a copy that has not heard from the centre for a while?"""
    name = request.resolver_match.view_name if request.resolver_match else ""
    if name not in FIGURES or not replica.is_copy():
        return False
    try:
        return timezone.now() - replica.as_of() > BEHIND
    except database.DATABASE_UNAVAILABLE:
        return False
