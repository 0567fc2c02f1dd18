"""Messages a gateway took, and what its reports of them say: together, in whatever order they and our own row come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from core.db.locks import take_lock
from core.outside_http import key_of

from ..models import Delivery, DeliveryReport, Handover, Notification, Outbox
from ..outbox import queue

State = Handover.State
NOT_DELIVERED = frozenset({State.FAILED.value, State.EXPIRED.value})
REPORTED = frozenset({State.DELIVERED.value, State.UNKNOWN.value}) | NOT_DELIVERED
_OUR_KEY = re.compile(r"notice-(\d{1,18})-\d{1,12}", re.ASCII)


def our_key(notice: Notification) -> str:
    """What we call the message of a notice."""
    return key_of("notice", notice.pk, notice.created_at)


def state_of(reports: Iterable[tuple[datetime, str, str]]) -> str:
    """The state that (happened at, key, state) of all reports together say, in whatever order they came. Pure."""
    ordered = sorted(set(reports))
    states = [state for _at, _key, state in ordered]
    if State.DELIVERED in states:
        return State.DELIVERED.value
    certain = [state for state in states if state in NOT_DELIVERED]
    return certain[-1] if certain else (states[-1] if states else "")


def record_handover(delivery: Delivery, gateway_id: str, now: datetime) -> None:
    """Keep what the gateway calls a message, and read what it has reported of it before: a gateway may be faster than
    our own row. Call inside the transaction that wrote the delivery.
    """
    names = sorted({gateway_id, our_key(delivery.notification)})
    take_lock(*map(lock_of, names))
    handover = Handover.objects.create(delivery=delivery, gateway_id=gateway_id)
    if DeliveryReport.objects.filter(handover=None, message__in=names).update(handover=handover):
        read_again(handover, now)


def lock_of(message: str) -> str:
    """Under this, reports of a message and its handover are written one after the other."""
    return f"message:{message}"


def find_handover(message: str) -> Handover | None:
    """What is called so, by the gateway or by our key; locked."""
    rows = Handover.objects.select_for_update(of=("self",)).select_related("delivery__notification").order_by("-pk")
    if ours := _OUR_KEY.fullmatch(message):
        row = rows.filter(delivery__notification=int(ours[1]), delivery__channel=Delivery.Channel.SMS).first()
        return row if row is not None and our_key(row.delivery.notification) == message else None
    return rows.filter(gateway_id=message).first() if message else None


def read_again(handover: Handover, now: datetime) -> None:
    """Keep the state its reports say now. Of a notice whose SMS did not arrive, the second way is owed."""
    before = handover.state
    handover.state = state_of(handover.reports.values_list("happened_at", "key", "state"))
    if handover.state != before:
        handover.save(update_fields=["state"])
        if handover.state in NOT_DELIVERED:
            enqueue_second_channel(handover.delivery.notification_id, now)


def enqueue_second_channel(notification_id: int, now: datetime) -> None:
    """By SMS it does not arrive: another way is looked for, once a notice (reports.py)."""
    if not Outbox.objects.filter(dedupe=f"second:{notification_id}").exists():
        queue.enqueue("second", notification_id, dedupe=f"second:{notification_id}", now=now)
