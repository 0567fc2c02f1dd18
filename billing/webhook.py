"""Where the bank tells of payments. What is not signed by it is not read; what is signed is written down, or refused so
that the bank keeps it and tells it again.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.text import is_storable

from . import bank
from .domain.states import Source
from .models import Bill
from .receiving import record
from .upkeep import ASK_EVERY

logger = logging.getLogger(__name__)
PAID = "bill.paid"
MAX_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def notices(request: HttpRequest) -> JsonResponse:
    """A notice of the bank: {"type": "bill.paid", "biller", "payment", "bill", "amount", "paid_at", "key"}, its
    HMAC-SHA-256 in X-Signature. 200 once it is written down, also when it was before.
    """
    if request.content_type != "application/json":
        return _answer("not_signed", 401)
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        return _answer("too_long", 413)
    if not bank.is_signed(request.body, request.headers.get("X-Signature", "")):
        logger.warning("a notice that the bank did not sign was refused")
        return _answer("not_signed", 401)
    try:
        sent = json.loads(request.body)
        kind, biller, number = str(sent["type"]), str(sent["biller"]), str(sent.get("bill"))[:20]
        payment = bank.payment_of(sent) if kind == PAID else None
        if not is_storable(number):
            raise ValueError("a number that is none")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        logger.error("a notice of the bank is not understood")
        return _answer("not_understood", 400)
    if biller != settings.BILLER_CODE:
        logger.error("a notice of the bank is for another biller", extra={"biller": biller[:20]})
        return _answer("other_biller", 422)
    now = timezone.now()
    if payment is None:  # whatever it says of the bill, the bank is asked, and its answer counts
        Bill.objects.live().filter(number=number).update(asked_at=now - ASK_EVERY)
        return _answer("to_be_asked", 200)
    _entry, new = record(payment, source=Source.NOTICE, now=now)
    return _answer("received" if new else "known", 200)


def _answer(word: str, status: int) -> JsonResponse:
    body: dict[str, Any] = {"notice": word}
    return JsonResponse(body, status=status)
