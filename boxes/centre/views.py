"""The door of the boxes: what they deliver, and what they ask. Who asks is known by the signature alone."""

from __future__ import annotations

import json
import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .. import words
from ..models import Box
from . import news as telling
from . import receiving, registering

logger = logging.getLogger(__name__)
MAX_QUESTION = 10_000


@csrf_exempt
@require_POST
def deliveries(request: HttpRequest) -> HttpResponse:
    """The centre's signed word of what it has; 400 when nothing in it is of a box of ours."""
    now = timezone.now()
    outcome = receiving.receive(request, by_stick=False, now=now)  # type: ignore[arg-type]
    if text := receiving.acknowledge(outcome, now):
        return HttpResponse(text, content_type="application/json")
    return HttpResponse("no delivery of a box\n", status=400, content_type="text/plain; charset=utf-8")


@csrf_exempt
@require_POST
def news(request: HttpRequest) -> HttpResponse:
    """News sealed for the box that asks; 400 for whoever is no box in use."""
    box = _who_asks(request.read(MAX_QUESTION))
    if box is None:
        return HttpResponse("no box in use\n", status=400, content_type="text/plain; charset=utf-8")
    now = timezone.now()
    registering.note_heard(box, now)
    return HttpResponse(telling.sealed_for(box, now), content_type="application/octet-stream")


def _who_asks(text: bytes) -> Box | None:
    try:
        name = str(json.loads(text)["chain"])
        box = Box.objects.select_related("office").get(node=name[:2], letter=name[2:], state=Box.State.ACTIVE)
        words.read(words.ASKED, text, {name: bytes(box.public_key or b"")})
    except (ValueError, KeyError, TypeError, RecursionError, Box.DoesNotExist):
        return None
    return box
