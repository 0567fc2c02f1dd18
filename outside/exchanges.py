"""The record of exchanges with bodies, and when each last answered or failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from core import outside_http
from core.outside_http import CircuitOpen
from transactions.notifications import reports

from .models import Contact, Exchange

JOB, EVERY = "exchanges", timedelta(days=1)
KEPT_DAYS = 180
# How exactly the page of bodies knows when a body last answered: a row that many write at once is written less often.
SECONDS_APART = 10
MAX_ERROR = 200


@receiver(outside_http.exchanged, dispatch_uid="record_of_exchanges")
def record(*, exchange: outside_http.Exchange, **_signal: Any) -> None:
    """Keep an exchange. One that an open circuit refused was none, and is in the log alone; of routine questions that
    were answered only the moment is kept.
    """
    if exchange.outcome == CircuitOpen.outcome:
        return
    at = datetime.fromtimestamp(exchange.began, UTC)
    answered = exchange.outcome in ("answered", "refused")
    _note_contact(exchange.body, "answered_at" if answered else "failed_at", at, "" if answered else exchange.outcome)
    if exchange.routine and exchange.outcome == "answered":
        return
    facts = {name: getattr(exchange, name) for name in COPIED}
    Exchange.objects.create(at=at, error=exchange.error[:MAX_ERROR], **facts)


COPIED = (
    *("body", "what", "method", "address", "key", "outcome", "status", "milliseconds"),
    *("sent_bytes", "sent_sha256", "answer_bytes", "answer_sha256"),
)


def _note_contact(body: str, column: str, at: datetime, failure: str) -> None:
    more = {"failure": failure} if failure else {}
    older = Q(**{f"{column}__lt": at - timedelta(seconds=SECONDS_APART)}) | Q(**{column: None})
    if not Contact.objects.filter(older, body=body).update(**{column: at}, **more):
        Contact.objects.get_or_create(body=body, defaults={column: at, **more})


def delete_old(now: datetime) -> int:
    """Exchanges and reports of SMS older than KEPT_DAYS; what was asked and answered stays with its request. Returns
    how many exchanges.
    """
    reports.delete_old_reports(now, KEPT_DAYS)
    return Exchange.objects.filter(at__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]
