"""Told of every incident by e-mail, without an account: subscribed on the status page, confirmed by a link, ended by
one press. Each notice goes to each subscriber once, whatever is repeated; what cannot go is tried for thirty days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import mail
from core.db.locks import take_lock
from core.outside_http import key_of

from .. import quotas
from ..incidents.signals import announced
from ..incidents.words import affected, moment, stays_open
from ..models import IncidentNotice, StatusMessage, StatusSubscription
from ..outbox import queue

SALT = "transactions.subscriptions"
LINK, FAN_OUT, MESSAGE = "confirm_subscription", "tell_subscribers", "tell_subscriber"
BATCH = 500
# To an address nobody has confirmed: strangers may have typed it.
MAX_LINKS = 3


def subscribe(email: str, *, language: str, address: str, now: datetime) -> None:
    """Send a link to an address, unless it is subscribed or has had MAX_LINKS; who asks learns neither.

    `address` is where the page was asked from. OverQuota when that network, or all of them, asked too often this hour.
    """
    quotas.spend_subscription(address, now)
    with transaction.atomic():
        take_lock(f"subscription:{email.casefold()}")
        row = StatusSubscription.objects.filter(email__iexact=email).first()
        if row is None:
            row = StatusSubscription.objects.create(email=email, language=language, requested_at=now)
        elif row.confirmed_at is None and row.links_sent < MAX_LINKS:
            row.links_sent, row.language, row.requested_at = row.links_sent + 1, language, now
            row.save(update_fields=["links_sent", "language", "requested_at"])
        else:
            return
        queue.enqueue(LINK, row.pk, dedupe=f"{LINK}:{row.pk}:{row.links_sent}", now=now)


@queue.register_handler(LINK, attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_link(subscription_id: int, now: datetime) -> None:
    """Ask the owner of the address. Nothing is sent when they have answered meanwhile."""
    row = StatusSubscription.objects.filter(pk=subscription_id, confirmed_at=None).first()
    if row is None:
        return
    with translation.override(row.language):
        text = _(
            "Someone, most likely you, asked that announcements about the e-services of Jeddah Municipality be sent to "
            "this address. To confirm it, open this link and press the button: %(link)s\n"
            "If it was not you, do nothing: no announcements are sent here."
        ) % {"link": link_of(row)}
        key = key_of(f"subscription-{row.links_sent}", row.pk, row.requested_at)
        mail.send_mail(row.email, _("Confirm your subscription"), text, key=key)


def link_of(row: StatusSubscription) -> str:
    """The address of the page on which this subscription is confirmed or ended; who has it holds the subscription."""
    return settings.PORTAL_URL + reverse("transactions:subscription", args=[make_token(row)])


def make_token(row: StatusSubscription) -> str:
    return signing.Signer(salt=SALT).sign(f"{row.pk}.{row.requested_at.timestamp():.0f}").replace(":", "~")


def find_by_token(token: str) -> StatusSubscription | None:
    """The subscription a link belongs to; None when it ended, or a newer link was sent."""
    try:
        key, _dot, _when = signing.Signer(salt=SALT).unsign(token.replace("~", ":")).partition(".")
    except signing.BadSignature:
        return None
    row = StatusSubscription.objects.filter(pk=int(key)).first()
    return row if row is not None and make_token(row) == token else None


def confirm(row: StatusSubscription, now: datetime) -> None:
    """The owner of the address has pressed the button; pressing again changes nothing."""
    StatusSubscription.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=now)


def end(row: StatusSubscription) -> None:
    """Nothing more is sent there, and nothing of it is kept."""
    row.delete()


def delete_unconfirmed(now: datetime, most: int) -> int:
    """Delete what nobody confirmed while a link works, so many at a time; returns how many."""
    old = StatusSubscription.objects.filter(
        confirmed_at=None, requested_at__lt=now - timedelta(days=settings.EMAIL_LINK_DAYS)
    )
    return StatusSubscription.objects.filter(pk__in=old.values("pk")[:most]).delete()[0]


@receiver(announced, sender=IncidentNotice)
def _enqueue(notice: IncidentNotice, now: datetime, **_signal: Any) -> None:
    if notice.tells_people:
        queue.enqueue(FAN_OUT, notice.pk, dedupe=f"{FAN_OUT}:{notice.pk}", now=now)


@queue.register_handler(FAN_OUT)
def tell_subscribers(notice_id: int, now: datetime) -> None:
    """Owe a message to the next subscribers who have none of this notice, and the rest to a later go. Idempotent."""
    owed = StatusMessage.objects.filter(notice=notice_id, subscription=OuterRef("pk"))
    confirmed = StatusSubscription.objects.exclude(confirmed_at=None)
    rows = list(confirmed.exclude(Exists(owed)).order_by("pk")[:BATCH])
    for message in StatusMessage.objects.bulk_create(
        [StatusMessage(subscription=row, notice_id=notice_id) for row in rows]
    ):
        queue.enqueue(MESSAGE, message.pk, dedupe=f"{MESSAGE}:{message.pk}", now=now)
    if len(rows) == BATCH:
        queue.enqueue(FAN_OUT, notice_id, dedupe=f"{FAN_OUT}:{uuid4().hex}", now=now)


@queue.register_handler(MESSAGE, attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def send_message(message_id: int, now: datetime) -> None:
    """Send one notice to one subscriber. Nothing when it was sent, or the subscription ended meanwhile."""
    message = StatusMessage.objects.select_related("subscription", "notice").filter(pk=message_id, sent_at=None).first()
    if message is None:
        return
    row, notice = message.subscription, message.notice
    with translation.override(row.language):
        subject = f"{_('Status of the e-services')}: {affected(notice)}"
        mail.send_mail(
            row.email,
            subject,
            _text(notice, link_of(row)),
            key=key_of("status", message.pk, notice.at),
            end_link=link_of(row),
        )
    StatusMessage.objects.filter(pk=message.pk).update(sent_at=now)


def _text(notice: IncidentNotice, end_link: str) -> str:
    """A notice as mail, in the language in force."""
    lines = [f"{IncidentNotice.What(notice.what).label}: {affected(notice)}", "", notice.text]
    if notice.ended_at:
        lines.append(_("Until %(time)s") % {"time": moment(notice.ended_at)})
    else:
        lines.append(stays_open(notice))
        lines.append(_("Since %(time)s") % {"time": moment(notice.starts_at)})
        if notice.next_update_at:
            lines.append(_("Next update: %(time)s") % {"time": moment(notice.next_update_at)})
    status = settings.PORTAL_URL + reverse("status")
    ending = _("To end these messages: %(link)s") % {"link": end_link}
    return "\n".join([*(line for line in lines if line), "", status, ending])


def counted(notice: IncidentNotice) -> tuple[int, int]:
    """How many messages of a notice to subscribers were owed, and how many went."""
    rows = StatusMessage.objects.filter(notice=notice)
    return rows.count(), rows.exclude(sent_at=None).count()
