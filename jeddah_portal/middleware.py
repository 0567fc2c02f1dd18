"""Nine small middlewares, kept cheap because every inquiry passes through them."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts.access_log import Origin, origin
from core.metering import count
from core.several import address_several
from core.tracing import request_id
from journal import standing
from transactions.domain.errors import OperationClosed

from .views import bad_request, closed, takes_nothing

logger = logging.getLogger(__name__)
_WELL_FORMED = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_API_GOES_BY = ["Accept-Language", "Cookie"]
_LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)
Handler = Callable[[HttpRequest], HttpResponse]


class MeteringMiddleware:
    """Counts and times every request (core/metering.py). Outermost, so that what it times is the whole."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = self.get_response(request)
        count(request, response, perf_counter() - began)
        return response


class RequestIdMiddleware:
    """One id for a request: in its log lines, in the outbox rows it writes, in its answer's X-Request-ID."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        identity = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        # Never reset: Django logs an answer after the last middleware; the next request sets its own.
        request_id.set(identity)
        response = self.get_response(request)
        response["X-Request-ID"] = identity
        return response


class ClientAddressMiddleware:
    """Behind TRUSTED_PROXIES proxies of ours, the caller is the address the outermost of them saw."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = settings.TRUSTED_PROXIES
        seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if proxies and len(seen) >= proxies and seen[-proxies]:
            request.META["REMOTE_ADDR"] = _address(seen[-proxies])
        origin.set(Origin(request.META.get("REMOTE_ADDR", ""), request_id.get()))
        return self.get_response(request)


def _address(text: str) -> str:
    """Without the port some proxies add, which would make every connection a caller of its own."""
    host = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host


class LanguageMiddleware:
    """Arabic unless the reader chose otherwise. Pages go by the cookie; the API by Accept-Language.

    Browsers here are often set to English by their makers, so their header says little about the reader.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen, goes_by = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""), ["Cookie"]
        if _is_api(request):
            chosen, goes_by = _asked_for(request.META.get("HTTP_ACCEPT_LANGUAGE", "")) or chosen, _API_GOES_BY
        language = chosen if chosen in _LANGUAGES else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        try:
            response = self.get_response(request)
        finally:
            address_several(False)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, goes_by)
        return response


def _asked_for(header: str) -> str:
    """The language of ours a program likes best, by the weights it gives; none where it names none of ours."""
    liked = (code.partition("-")[0] for code, weight in parse_accept_lang_header(header) if weight)
    return next((code for code in liked if code in _LANGUAGES), "")


class PrivacyMiddleware:
    """Answers to whoever is signed in are kept by no cache, unless the view said otherwise itself.

    On a shared computer the way back after signing out shows nothing. Who brings a session or a token counts as signed
    in: asking the database would not be possible where a copy answers without it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or "HTTP_AUTHORIZATION" in request.META:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class TakesNothingMiddleware:
    """While the database may not be written, whatever is sent is refused in words before anything is done with it.

    What slips past here is refused by the database itself (core/db); asking after a request goes on.
    """

    ASKS = frozenset({"transactions:inquiry", "inquiries", "set_language"})

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if request.method in ("GET", "HEAD", "OPTIONS") or (match and match.view_name in self.ASKS):
            return None
        if why := standing.reason_not_to_write():
            logger.error("nothing is taken: %s", why)
            return takes_nothing(request)
        return None


class ClosedMiddleware:
    """What a gate keeps closed is answered in words wherever a page did not say so itself. The API answers as ever."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return closed(request, exception) if isinstance(exception, OperationClosed) else None


class WrittenTextMiddleware:
    """Refuses a NUL with 400: PostgreSQL can neither store nor compare one.

    Bytes that are not UTF-8 are read as U+FFFD by Django. JSON bodies are the API's own to judge. Stands before the
    session, whose key comes out of a cookie and goes into a query.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        cookie = meta.get("HTTP_COOKIE", "")
        # A quoted cookie may write any byte in octal.
        if (
            "\0" in request.path_info
            or "%00" in meta.get("QUERY_STRING", "")
            or (cookie and ("\0" in cookie or "\\000" in cookie))
        ):
            # The page that says so must not trip over it again.
            meta["QUERY_STRING"] = ""
            request.COOKIES = {}
            return bad_request(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Forms: read by the CSRF check a moment ago, or in a moment; nobody's upload is read here first."""
        if request.method == "POST" and "form" in request.META.get("CONTENT_TYPE", "") and not _is_api(request):
            try:
                typed = request.POST.lists()
            except UnreadablePostError:
                return bad_request(request)
            if any("\0" in text for name, values in typed for text in (name, *values)):
                return bad_request(request)
        return None


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


class CompressPages(GZipMiddleware):
    """Pages and the words of their scripts go out compressed.

    Files do not, being compressed already, nor does the API, whose answers are small.
    What an attacker would guess from the length (BREACH) changes anyway: Django masks the CSRF token anew in each page
    and pads the compressed bytes by a random length.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # type: ignore[override]
        if response.streaming or not response.get("Content-Type", "").startswith(("text/html", "text/javascript")):
            return response
        return super().process_response(request, response)  # type: ignore[return-value]
