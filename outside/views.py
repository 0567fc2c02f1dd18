"""Where bodies tell us what became of a request: POST /outside/BODY/events/, signed, as often as they like."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import sms_gateway
from core.signatures import FROM_BODY, HEADER, check
from core.webhooks import NotTaken, Why, read_object
from transactions.domain.errors import DomainError, Invalid
from transactions.notifications import handovers, reports

from .answers import MAX_AHEAD, MAX_GIVEN, record_message
from .bodies import place_of
from .models import Channel

logger = logging.getLogger(__name__)
MAX_KEY, MAX_WORD = 100, 60
REFUSALS = {
    Why.TOO_LONG: (413, "too_long"),
    Why.NOT_SIGNED: (401, "bad_signature"),
    Why.NOT_READABLE: (422, "not_readable"),
}


class NotReadable(Exception):
    """The content is no message of this form; the text says what is missing."""


@csrf_exempt  # no browser comes here, and no cookie counts: whoever sends signs
@never_cache
@require_POST
def events(request: HttpRequest, body: str) -> HttpResponse:
    """Keep one message. 200: it is kept, now or before. 401, 409, 413 and 422 do not change by sending it again."""
    return _take(request, body, place_of(body).secret, _keep_event)


@csrf_exempt
@never_cache
@require_POST
def sms_reports(request: HttpRequest) -> HttpResponse:
    """Keep what the gateway of SMS reports of one message, as above."""
    return _take(request, sms_gateway.BODY, settings.SMS_GATEWAY.secret, _keep_report)


def _take(
    request: HttpRequest, body: str, secret: str, keep: Callable[[str, dict[str, Any], datetime], str]
) -> HttpResponse:
    if not secret:
        return _refuse(404, "unknown_body", "No such body is set up here.")
    now, header = timezone.now(), request.headers.get(HEADER, "")
    try:
        message = read_object(request, check=lambda content: check(secret, FROM_BODY, content, header, now.timestamp()))
        return JsonResponse({"status": keep(body, message, now)})
    except NotTaken as wrong:
        logger.warning("message of a body refused", extra={"body": body, "why": wrong.detail})
        return _refuse(*REFUSALS[wrong.why], wrong.detail)
    except NotReadable as wrong:
        return _refuse(422, "not_readable", str(wrong))
    except Invalid as error:
        return _refuse(422, "invalid", "; ".join(f"{problem.path}: {problem.code}" for problem in error.problems))
    except DomainError as error:
        return _refuse(409, error.code, "This id already stands for another message.")


def _keep_event(body: str, message: dict[str, Any], now: datetime) -> str:
    return record_message(body=body, channel=Channel.WEBHOOK, now=now, **_event(message)).taken.value


def _keep_report(body: str, message: dict[str, Any], now: datetime) -> str:
    """{"id", "message" (its own id, or our key), "state", "at"}."""
    state = _text(message, "state", 20, required=True)
    if state not in handovers.REPORTED:
        raise NotReadable(f"state: one of {', '.join(sorted(handovers.REPORTED))}.")
    happened_at = _moment(message.get("at"))
    if happened_at > now + MAX_AHEAD:
        raise NotReadable("at: this is still to come.")
    new = reports.record_report(
        key=_text(message, "id", MAX_KEY, required=True),
        message=_text(message, "message", 80, required=True),
        state=state,
        happened_at=happened_at,
        now=now,
    )
    return "recorded" if new else "known"


def _refuse(status: int, code: str, text: str) -> HttpResponse:
    return JsonResponse({"code": code, "detail": text}, status=status)


def _event(message: dict[str, Any]) -> dict[str, Any]:
    """{"id", "event", "reference" or "message", "at", "number", "reason", "given"}; others are left alone."""
    about = _text(message, "reference", MAX_WORD) or _text(message, "message", MAX_WORD)
    if not about:
        raise NotReadable("reference: say which request it is about.")
    given = message.get("given", [])
    if not isinstance(given, list) or len(given) > MAX_GIVEN:
        raise NotReadable(f"given: a list of at most {MAX_GIVEN} texts.")
    return {
        "key": _text(message, "id", MAX_KEY, required=True),
        "kind": _text(message, "event", 20, required=True),
        "about": about,
        "happened_at": _moment(message.get("at")),
        "number": _text(message, "number", MAX_WORD),
        "reason": _text(message, "reason", 2000),
        "given": [_text({"given": value}, "given", MAX_WORD, required=True) for value in given],
    }


def _text(message: dict[str, Any], name: str, most: int, *, required: bool = False) -> str:
    value = message.get(name, "")
    if not isinstance(value, str):
        raise NotReadable(f"{name}: a text.")
    value = value.strip()
    if len(value) > most or (required and not value):
        raise NotReadable(f"{name}: a text of 1 to {most} characters.")
    return value


def _moment(value: Any) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2016 <= moment.year <= 2076:
        raise NotReadable("at: a moment with its offset, as 2026-11-24T10:00:00+03:00.")
    return moment
