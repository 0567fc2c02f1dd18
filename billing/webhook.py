"""Where the bank tells of payments. What is not signed by it is not read; what is signed is written down, or refused so
that the bank keeps it and tells it again.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.webhooks import NotTaken, Why, read_object

from . import bank
from .domain.numbers import read_number
from .domain.states import Source
from .models import Bill
from .receiving import record
from .upkeep import ASK_EVERY

logger = logging.getLogger(__name__)
PAID = "bill.paid"
REFUSALS = {
    Why.TOO_LONG: ("too_long", 413),
    Why.NOT_SIGNED: ("not_signed", 401),
    Why.NOT_READABLE: ("not_understood", 400),
}


@csrf_exempt
@require_POST
def notices(request: HttpRequest) -> JsonResponse:
    """A notice of the bank: {"type": "bill.paid", "biller", "payment", "bill", "amount", "paid_at", "key"}, its
    HMAC-SHA-256 in X-Signature. 200 once it is written down, also when it was before.
    """
    if request.content_type != "application/json":
        return _answer("not_signed", 401)
    try:
        sent = read_object(request, check=lambda content: bank.check(content, request.headers.get("X-Signature", "")))
    except NotTaken as wrong:
        logger.warning("a notice of the bank is refused: %s", wrong.detail)
        return _answer(*REFUSALS[wrong.why])
    try:
        kind, biller = str(sent["type"]), str(sent["biller"])
        payment, bill = bank.payment_of(sent) if kind == PAID else None, str(sent.get("bill"))
    except (ValueError, KeyError, TypeError):
        logger.error("a notice of the bank is not understood")
        return _answer("not_understood", 400)
    if biller != settings.BILLER_CODE:
        logger.error("a notice of the bank is for another biller", extra={"biller": biller[:20]})
        return _answer("other_biller", 422)
    now = timezone.now()
    if payment is None:  # whatever it says of the bill, the bank is asked, and its answer counts
        Bill.objects.live().filter(number=read_number(bill)).update(asked_at=now - ASK_EVERY)
        return _answer("to_be_asked", 200)
    _entry, new = record(payment, source=Source.NOTICE, now=now)
    return _answer("received" if new else "known", 200)


def _answer(word: str, status: int) -> JsonResponse:
    body: dict[str, Any] = {"notice": word}
    return JsonResponse(body, status=status)
