"""The door of the boxes: what they deliver, and what they ask. Who asks is known by the signature alone."""

from __future__ import annotations

import json
import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from transactions import quotas

from .. import bundle, words
from ..models import Box
from . import news as telling
from . import receiving, registering

logger = logging.getLogger(__name__)
MAX_QUESTION = 10_000
# The longest file, its frame, and some.
MAX_DELIVERY = bundle.MAX_SEALED_BYTES + (1 << 20)


@csrf_exempt
@require_POST
def deliveries(request: HttpRequest) -> HttpResponse:
    """The centre's signed word of what it has; 400 when nothing in it is of a box of ours, 413 for one too long to be
    of any, 429 for a network that sent too much that was of none.
    """
    now, address = timezone.now(), request.META.get("REMOTE_ADDR", "")
    if wait := quotas.seconds_until_read(address, now):
        return _refusal(429, "too much that is of no box", wait)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length[:20]) > MAX_DELIVERY:
        return _refusal(413, "longer than any delivery of a box")
    outcome = receiving.receive(request, by_stick=False, now=now)  # type: ignore[arg-type]
    if text := receiving.acknowledge(outcome, now):
        return HttpResponse(text, content_type="application/json")
    quotas.count_strange(address, now)
    return _refusal(400, "no delivery of a box")


@csrf_exempt
@require_POST
def news(request: HttpRequest) -> HttpResponse:
    """News sealed for the box that asks; 400 for whoever is no box in use, 429 for one that asks too often."""
    now, address = timezone.now(), request.META.get("REMOTE_ADDR", "")
    if wait := quotas.seconds_until_read(address, now):
        return _refusal(429, "too much that is of no box", wait)
    box = _who_asks(request.read(MAX_QUESTION))
    if box is None:
        quotas.count_strange(address, now)
        return _refusal(400, "no box in use")
    if not quotas.spend_box_news(box.node, address, now):
        return _refusal(429, "asked too often", 600)
    registering.note_heard(box, now)
    return HttpResponse(telling.sealed_for(box, now), content_type="application/octet-stream")


def _refusal(status: int, why: str, wait: int = 0) -> HttpResponse:
    headers = {"Retry-After": str(wait)} if wait else {}
    return HttpResponse(f"{why}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)


def _who_asks(text: bytes) -> Box | None:
    try:
        name = str(json.loads(text)["chain"])
        box = Box.objects.select_related("office").get(node=name[:2], letter=name[2:], state=Box.State.ACTIVE)
        words.read(words.ASKED, text, {name: bytes(box.public_key or b"")})
    except (ValueError, KeyError, TypeError, RecursionError, Box.DoesNotExist):
        return None
    return box
