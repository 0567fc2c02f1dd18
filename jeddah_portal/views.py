"""Pages and probes that belong to no room."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from api.errors import MEDIA_TYPE, RETRY_SECONDS, not_open, problem, unavailable
from core import db as database
from core.db import replica
from journal.standing import Refused, reason_not_to_write
from transactions.attachments.services import StorageFull, StorageUnavailable
from transactions.domain.errors import OperationClosed
from transactions.incidents import memory
from transactions.models import Heartbeat
from transactions.outbox import heartbeat

from . import __version__, public
from .context import banners

# A gate is seldom opened sooner.
CLOSED_SECONDS = 60
CSRF_FIELD = "csrfmiddlewaretoken"


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers, and which version of the portal it runs. Asks nobody else."""
    return JsonResponse({"status": "ok", "version": __version__})


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Can this installation do its work: database, may it be written, broker if there is one, a worker that lives?"""
    if settings.SECOND_SITE:
        answers = _second_site_answers()
        return JsonResponse({"status": "ok" if answers else "failing"}, status=200 if answers else 503)
    checks = {"database": _database(), "worker": False, "writes": False}
    if checks["database"]:
        checks["worker"] = _worker()
        checks["writes"] = not reason_not_to_write()
    if settings.CELERY_BROKER_URL:
        checks["broker"] = _broker()
    good = all(checks.values())
    return JsonResponse({"status": "ok" if good else "failing", "checks": checks}, status=200 if good else 503)


def _second_site_answers() -> bool:
    """One of its two copies does; nothing is written here, and no worker belongs to it."""
    try:
        replica.ask(Heartbeat.objects.exists)
    except DatabaseError:
        return False
    return True


def _database() -> bool:
    try:
        # A table of ours: a server whose tables are gone answers too.
        Heartbeat.objects.exists()
    except DatabaseError:
        return False
    return True


def _worker() -> bool:
    try:
        return heartbeat.is_alive(timezone.now())
    except DatabaseError:
        return False


def _broker() -> bool:
    """Asked the way work is rung for, so that a change of master behind Sentinel is seen as well."""
    from .celery import app

    patience = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": 2}
    try:
        with app.connection_for_write(transport_options=patience) as link:
            link.connect()
    except Exception:  # whatever the broker's library raises, it means the same here
        return False
    return True


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of our own with a stale token (signed in anew in another tab) may be sent again; nothing typed is lost."""
    typed = [(name, value) for name, values in request.POST.lists() for value in values if name != CSRF_FIELD]
    ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if ours and typed and not any("password" in name for name, _value in typed):
        return render(request, "send_again.html", {"typed": typed, "files": len(request.FILES)}, status=403)
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    public.ask_nobody(request)
    too_long = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    status = 413 if too_long else 400
    if not request.path_info.startswith("/api/"):
        return render(request, f"{status}.html", status=status)
    if too_long:
        body = problem(
            "too_long", _("This request is too large. Send files one by one to the address for files."), status
        )
    else:
        body = problem("bad_request", _("The data received is incomplete or damaged."), status)
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    public.ask_nobody(request)
    return render(request, "404.html", status=404)


def takes_nothing(request: HttpRequest) -> HttpResponse:
    """503 in words: this database was put back to an earlier state and may not be written yet."""
    if request.path_info.startswith("/api/"):
        answer = JsonResponse(not_open(), status=503, content_type=MEDIA_TYPE)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    context = {"LANGUAGE_CODE": getattr(request, "LANGUAGE_CODE", "ar"), "takes_nothing": True}
    context["second_site"] = settings.SECOND_SITE
    context["incidents"] = banners(memory.last_known().notices, timezone.now())
    return render(None, "503.html", context, status=503)


def closed(request: HttpRequest, error: OperationClosed) -> HttpResponse:
    """503 in words: a gate keeps closed what was asked for."""
    answer = render(request, "closed.html", {"said": error.message}, status=503)
    answer["Retry-After"] = str(CLOSED_SECONDS)
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks neither database nor session: either may be what failed. Says 503 when it was."""
    error = sys.exc_info()[1]
    if isinstance(error, Refused):
        return takes_nothing(request)
    is_down = isinstance(error, (*database.DATABASE_UNAVAILABLE, StorageFull, StorageUnavailable))
    if request.path_info.startswith("/api/"):
        body = unavailable() if is_down else problem("error", _("Something went wrong on our side"), 500)
        answer: HttpResponse = JsonResponse(body, status=body["status"], content_type=MEDIA_TYPE)
    else:
        certain = request.method in ("GET", "HEAD") or database.is_uncommitted()
        context = {"LANGUAGE_CODE": getattr(request, "LANGUAGE_CODE", "ar"), "certain": certain}
        context["incidents"] = banners(memory.last_known().notices, timezone.now())
        answer = render(None, "503.html" if is_down else "500.html", context, status=503 if is_down else 500)
    if is_down:
        answer["Retry-After"] = str(RETRY_SECONDS)
    return answer
