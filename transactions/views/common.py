"""What several pages need: who is asking, refusals as pages, lists in pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ..domain.errors import NotVisible

ROWS = 20
MAX_COUNTED = 1000
P = ParamSpec("P")
Answer = TypeVar("Answer", bound=HttpResponseBase)


def client_address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def public_address(request: HttpRequest, path: str) -> str:
    """Where whoever holds a paper opens this page: here, or at the portal for a paper of an office box."""
    return f"{settings.PORTAL_URL}{path}" if settings.OFFICE_BOX else request.build_absolute_uri(path)


def harden(response: HttpResponse | FileResponse) -> Any:
    """Of what strangers sent: a page of its own that may do nothing, never another kind of file, and never kept."""
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def hidden_is_404(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """What a person may not see is answered as if it were not there."""

    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return view(*args, **kwargs)
        except NotVisible as error:
            raise Http404 from error

    return wrapped


def count_up_to(rows: QuerySet[Any], most: int = MAX_COUNTED) -> int:
    """How many rows, counted no further than `most` + 1: an archive grows, and a tab needs no exact figure of it."""
    return rows.order_by()[: most + 1].count()


def page_of(request: HttpRequest, rows: Any, size: int = ROWS, count: int | None = None) -> Page[Any]:
    """The page that was asked for, of whatever can be counted and cut; `count` if it is known already."""
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count
    return paginator.get_page(request.GET.get("page"))


def is_read(request: HttpRequest) -> bool:
    """Does a person look at this page now? Not by HEAD, and not while a browser fetches it in case they will."""
    return request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", "")
