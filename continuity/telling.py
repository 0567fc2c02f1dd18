"""Whoever holds a promise that was provisional for longer than an hour is told when it is confirmed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.template.defaultfilters import date as written
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import mail, sms
from accounts.models import User
from core import db as database
from core.outside_http import key_of
from transactions import quotas
from transactions.models import Transaction
from transactions.outbox import queue

from .models import Unconfirmed

KIND = "confirmed"


@queue.register_handler(KIND, attempts=queue.MAX_ATTEMPTS_IN_A_MONTH)
def notify_confirmed(unconfirmed_id: int, now: datetime) -> Exception | None:
    """By SMS, or by e-mail to whom no SMS is sent; whoever wants no notices reads it in the portal. Sent again after a
    crash it carries the same key.
    """
    entry = Unconfirmed.objects.select_related("entry").get(pk=unconfirmed_id).entry
    case = Transaction.objects.select_related("applicant").filter(reference=entry.subject).first()
    if case is None or case.applicant.is_erased:
        return None
    holder, key = case.applicant, key_of("confirmed", unconfirmed_id, entry.at)
    with translation.override(holder.language):
        text = _(
            "Jeddah Municipality, request %(reference)s: what we recorded on %(day)s is confirmed now; a second "
            "authority keeps it too. Until now it was provisional. You do not have to do anything."
        ) % {"reference": case.reference, "day": written(timezone.localtime(entry.at), "Y-m-d H:i")}
        return _send(holder, text, key, now)


def _send(holder: User, text: str, key: str, now: datetime) -> Exception | None:
    by_sms = bool(holder.phone) and sms.can_reach(holder.phone)
    went: list[str] = []
    try:
        if holder.sms_notices and by_sms:
            with transaction.atomic():
                to_count = quotas.reserve_sms(holder.phone, now)
                sms.send_sms(holder.phone, text, key=key)
            went = to_count
        elif holder.email and (holder.email_notices or holder.sms_notices):
            mail.send_mail(holder.email, _("Your request is confirmed"), text, key=key)
    except database.DATABASE_UNAVAILABLE:
        raise
    except quotas.SmsWait as full:
        return queue.Postponed(full.until)
    quotas.count_sms(went, now)
    return None
