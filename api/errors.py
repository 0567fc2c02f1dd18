"""Every refusal as application/problem+json (RFC 9457): type, title, status, detail, code, and errors by path."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.errors import AccountError
from core import db as database
from journal.standing import Refused
from transactions.domain.errors import DomainError, Invalid, NotVisible

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
# What a domain refusal means to a client; whatever is not named here is a conflict with the present state.
STATUS_BY_CODE = {
    "invalid": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "key_reused": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "content_range": status.HTTP_400_BAD_REQUEST,
    "not_found": status.HTTP_404_NOT_FOUND,
    "receipt_not_here": status.HTTP_404_NOT_FOUND,
    "over_quota": status.HTTP_429_TOO_MANY_REQUESTS,
    "too_many_tries": status.HTTP_429_TOO_MANY_REQUESTS,
    "empty": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "too_large": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "busy": status.HTTP_503_SERVICE_UNAVAILABLE,
    "operation_closed": status.HTTP_503_SERVICE_UNAVAILABLE,
    "no_room": status.HTTP_503_SERVICE_UNAVAILABLE,
    "not_the_applicant": status.HTTP_403_FORBIDDEN,
    "not_at_this_counter": status.HTTP_403_FORBIDDEN,
    "not_your_office": status.HTTP_403_FORBIDDEN,
    "owners_pin": status.HTTP_403_FORBIDDEN,
    "office_needed": status.HTTP_403_FORBIDDEN,
    "not_your_delegation": status.HTTP_403_FORBIDDEN,
}


def problem(code: str, detail: object, status_code: int, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    body = {
        "type": "about:blank",
        "title": str(detail).split(". ")[0].rstrip("."),
        "status": status_code,
        "detail": str(detail),
        "code": code,
    }
    return body | ({"errors": errors} if errors else {})


def unavailable() -> dict[str, Any]:
    """The database is away: what that means for what was sent."""
    if database.is_uncommitted():
        return problem("unavailable", _("The service is paused for a moment. Nothing was received."), 503)
    message = _("We cannot tell whether this was received. Send it again with the same key: nothing is received twice.")
    return problem("outcome_unknown", message, 503)


def not_open() -> dict[str, Any]:
    """The database was put back to an earlier state, and its letter and key are not new yet (journal/standing.py)."""
    message = _("This portal was restored from an earlier copy and is not open yet. Nothing was received.")
    return problem("not_open", message, 503)


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None lets a bug propagate."""
    set_rollback()
    headers: dict[str, str] = {}
    if isinstance(error, Invalid):
        errors = [{"path": p.path, "message": str(p.message), "code": p.code} for p in error.problems]
        body = problem(error.code, error.message, status.HTTP_422_UNPROCESSABLE_ENTITY, errors)
    elif isinstance(error, DomainError | AccountError):
        body = problem(error.code, error.message, STATUS_BY_CODE.get(error.code, status.HTTP_409_CONFLICT))
    elif isinstance(error, Http404):
        body = problem("not_found", NotVisible().message, status.HTTP_404_NOT_FOUND)
    elif isinstance(error, PermissionDenied):
        body = problem("forbidden", _("You do not have access to this page."), status.HTTP_403_FORBIDDEN)
    elif isinstance(error, database.DATABASE_UNAVAILABLE):
        logger.exception("database unavailable", exc_info=error)
        body = not_open() if isinstance(error, Refused) else unavailable()
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif isinstance(error, exceptions.APIException):
        body = _of_framework(error)
        if header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = header
    else:
        return None
    # Whatever was asked for: a refusal is JSON, also of an address that answers with something else.
    context["request"].accepted_renderer = JSONRenderer()
    context["request"].accepted_media_type = JSONRenderer.media_type
    # Ours and the framework's say so alike.
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    elif body["status"] in (status.HTTP_429_TOO_MANY_REQUESTS, status.HTTP_503_SERVICE_UNAVAILABLE):
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def _of_framework(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(error.detail, ""))
        return problem("invalid", _("Some values are not valid."), error.status_code, errors)
    code = error.get_codes()
    return problem(code if isinstance(code, str) else "error", error.detail, error.status_code)


def _flatten(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flatten(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for item in detail:
            yield from _flatten(item, path)
    else:
        yield {"path": path, "message": str(detail), "code": getattr(detail, "code", "invalid")}


@csrf_exempt
def not_found(request: HttpRequest, **rest: object) -> JsonResponse:
    """The answer to an address under /api/ that leads nowhere."""
    return JsonResponse(problem("not_found", _("There is no such address."), 404), status=404, content_type=MEDIA_TYPE)
