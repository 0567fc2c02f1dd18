"""What a gateway reports of messages it took, and the second way when a message does not arrive.

Reports come twice and out of order. Delivered is the end of it; of the others the one that happened last counts. Whom
an SMS does not reach gets the notice by mail, where there is an address; the portal shows it in any case, and whoever
has neither read it nor been sent a mail stands on a list of letters.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation

from accounts.models import User
from core.db.locks import take_lock

from .. import access
from ..domain.gates import Operation
from ..incidents import gates
from ..models import Delivery, DeliveryReport, Notification, Outbox
from ..outbox import queue
from .handovers import NOT_DELIVERED, find_handover, lock_of, read_again
from .notices import deliver_by, still_concerned

# How long a letter is still worth writing.
LETTERS_FOR = timedelta(days=60)


def record_report(*, key: str, message: str, state: str, happened_at: datetime, now: datetime) -> bool:
    """Keep a report about a message (the gateway's id of it, or our key), once by its own key; False when it is known.

    Of a notice whose SMS did not arrive, the second way is owed. What fits no message of ours yet is read when the
    message is on record (handovers.py).
    """
    with transaction.atomic():
        take_lock(lock_of(message))
        handover = find_handover(message)
        try:
            with transaction.atomic():
                DeliveryReport.objects.create(
                    key=key,
                    message=message,
                    handover=handover,
                    state=state,
                    happened_at=happened_at,
                    received_at=now,
                )
        except IntegrityError:
            return False
        if handover is not None:
            read_again(handover, now)
    return True


@queue.register_handler("second", attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_by_second_channel(notification_id: int, now: datetime) -> Exception | None:
    """Send by mail what did not arrive by SMS, whatever channels its reader chose: once, and not if it was read or was
    delivered after all. Without an address it stays on the list of letters.
    """
    notice = (
        Notification.objects.for_reading()
        .select_related("recipient", "event__transaction__authorisation")
        .get(pk=notification_id)
    )
    if (
        notice.deliveries.exclude(handover__state__in=NOT_DELIVERED).exists()
        or notice.read_at is not None
        or not notice.recipient.email
        or not still_concerned(notice, now)
    ):
        return None
    gates.refuse_if_closed(Operation.MESSAGES, now=now)
    try:
        with translation.override(notice.recipient.language):
            deliver_by(notice, Delivery.Channel.EMAIL, now)
    except Exception as error:  # whatever a mail server says; the row lives while it may still work
        return error
    return None


def not_reached(user: User, now: datetime) -> QuerySet[Notification]:
    """The list of letters: notices about this employee's files that reached nobody, newest first."""
    refused = Outbox.objects.filter(kind="notify", subject=OuterRef("pk"), state=Outbox.State.DEAD)
    rows = Delivery.objects.filter(notification=OuterRef("pk"))
    failed = rows.filter(handover__state__in=NOT_DELIVERED)
    reached = rows.exclude(handover__state__in=NOT_DELIVERED)
    mine = Q(event__transaction__in=access.cases_of_staff(user))
    return (
        Notification.objects.for_reading()
        .select_related("recipient")
        .filter(
            mine, Exists(failed) | Exists(refused), ~Exists(reached), read_at=None, created_at__gt=now - LETTERS_FOR
        )
        .order_by("-created_at", "-pk")
    )


def record_letter(notice: Notification, *, now: datetime) -> bool:
    """A letter with this notice went out; False when that was on record."""
    _row, created = Delivery.objects.get_or_create(
        notification=notice, channel=Delivery.Channel.POST, defaults={"sent_at": now}
    )
    return created


def delete_old_reports(now: datetime, days: int) -> int:
    """Reports older than so many days. Returns how many."""
    return DeliveryReport.objects.filter(received_at__lt=now - timedelta(days=days)).delete()[0]
