"""What follows a receipt, done by a worker: one job (`route`) that the submission enqueues with the request.

It is worked out from the rows that the receipt stands on, never from a message, so it may be done late, again, or after
a restore. What was done already is left as it is; a request that was withdrawn meanwhile is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects

from core.db import DATABASE_UNAVAILABLE

from ..domain.workflow import Status
from ..models import Event, Transaction
from ..notifications.notices import notify_of_receipts
from ..outbox import queue
from ..transitions.moves import waiting_to_arrive
from ..transitions.outlines import keep_boxes
from ..transitions.routing import route
from ..transitions.versions import keep_first

BATCH = 500


@queue.register_batch_handler("route")
def follow_up(transaction_ids: Sequence[int], now: datetime) -> Exception | None:
    """Write down the first version of the answers, tell who hears of the receipts, route the requests in this order.

    Returns what keeps them from being routed: the rest is done, and is not done again with the next attempt.
    Raises Transaction.DoesNotExist when one was never taken.
    """
    arriving = {case.pk: case for case in waiting_to_arrive(transaction_ids)}
    elsewhere = set(transaction_ids) - set(arriving)
    if elsewhere and Transaction.objects.filter(pk__in=elsewhere).count() < len(elsewhere):
        raise Transaction.DoesNotExist(f"of {sorted(elsewhere)} some were never taken")
    cases = [arriving[pk] for pk in dict.fromkeys(transaction_ids) if pk in arriving]
    received = _received(cases)
    keep_first(received)
    keep_boxes(cases)
    announce(received, now)
    try:
        with transaction.atomic():
            route(cases, now)
    except DATABASE_UNAVAILABLE:
        raise
    except Exception as error:  # whatever it is, nobody waits for it to hear of their receipt
        return error
    return None


def _received(cases: Sequence[Transaction]) -> list[Event]:
    """The first events of these requests, as far as what follows them needs to know, with the requests."""
    by_key = {case.pk: case for case in cases}
    received = list(
        Event.objects.filter(transaction__in=by_key, seq=1).order_by("pk").only("transaction", "actor", "at")
    )
    for event in received:
        event.transaction = by_key[event.transaction_id]
    return received


def announce(received: Sequence[Event], now: datetime) -> None:
    """Tell those who hear of these requests that they were received; once, however often this is asked."""
    prefetch_related_objects([event.transaction for event in received], "applicant", "authorisation")
    notify_of_receipts(received, now)


def announce_waiting(now: datetime) -> None:
    """As `announce`, of every request that waits to be followed up; all in the transaction of whoever asks."""
    waiting, after = Transaction.objects.filter(status=Status.SUBMITTED).order_by("pk"), 0
    while cases := list(waiting.filter(pk__gt=after)[:BATCH]):
        announce(_received(cases), now)
        after = cases[-1].pk
