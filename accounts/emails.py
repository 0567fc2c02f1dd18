"""E-mail addresses: one that was typed is used for nothing before its owner has confirmed it (ADR 24).

Until then the address confirmed before stays in use (`User.email`), and what was typed waits in a row of its own. The
link goes to the typed address alone, counts once, for the newest asking only, and ends after EMAIL_LINK_DAYS.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.db.locks import take_lock
from core.outside_http import key_of

from . import mail, sms
from .access import holds_power
from .errors import AccountError
from .models import EmailChange, User
from .signals import email_asked

SALT = "accounts.emails"
EMAIL_OF_STAFF = gettext_lazy("Codes go to this email: only this member of staff can change it, in their profile.")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# By one person; then by everybody to one address, which strangers may type too: as of codes (services.py).
MAX_REQUESTS_BY_PERSON = {HOUR: 5, DAY: 15}
MAX_REQUESTS_OF_ADDRESS = {HOUR: 10, DAY: 25}


def pending_address_of(user: User) -> str:
    """The address that waits for its owner's confirmation; empty when none does."""
    return EmailChange.objects.filter(user=user, closed_at=None).values_list("email", flat=True).first() or ""


@transaction.atomic
def request_change(user: User, email: str, *, by: User | None = None, now: datetime | None = None) -> None:
    """This is the address somebody wants to be told at: asked about, unless it is the one in use or waits already.

    An empty one ends both at once. `by` is who typed it, if it was not the person. Where no SMS is sent, codes go to
    the address: another one typed by others sets no password for a while, the old one is told, and of whoever holds
    power nobody else changes it. AccountError `too_many_emails`, `email_of_staff`.
    """
    now = now or timezone.now()
    locked = User.objects.select_for_update().get(pk=user.pk)
    if email in {locked.email, pending_address_of(locked)} - {""}:
        if email == locked.email:
            cancel_change(locked, now)
    else:
        opens = by is not None and by.pk != locked.pk and not sms.can_reach(locked.phone)
        if opens and holds_power(locked):
            raise AccountError("email_of_staff", EMAIL_OF_STAFF)
        if email or (opens and locked.email):
            _create_change(locked, email, by, now, held=opens and bool(locked.email))
        else:
            cancel_change(locked, now)
        if not email and locked.email:
            locked.email = ""
            locked.save(update_fields=["email"])
    user.email = locked.email


def password_allowed_from(user: User) -> datetime | None:
    """Until when an address that others typed sets no password; None when there is none."""
    held = EmailChange.objects.filter(user=user, opens_at__isnull=False)
    return held.order_by("-opens_at").values_list("opens_at", flat=True).first()


@transaction.atomic
def resend_link(user: User, *, now: datetime | None = None) -> str:
    """Send the link once more to the address that waits; links sent before end. Returns the address, or nothing when
    none waits. AccountError `too_many_emails`."""
    now = now or timezone.now()
    locked = User.objects.select_for_update().get(pk=user.pk)
    if email := pending_address_of(locked):
        _create_change(locked, email, None, now)
    return email


def cancel_change(user: User, now: datetime) -> None:
    """Whatever waits is waited for no more, and its link ends."""
    EmailChange.objects.filter(user=user, closed_at=None).update(closed_at=now)


def _create_change(user: User, email: str, by: User | None, now: datetime, *, held: bool = False) -> None:
    """Ask for a confirmation; of an address that is only taken away there is nothing to confirm. `held`: see wish."""
    take_lock(f"mail:{email.casefold()}")
    asked = EmailChange.objects.order_by()
    shares = [
        (asked.filter(user=user), MAX_REQUESTS_BY_PERSON),
        (asked.filter(email__iexact=email), MAX_REQUESTS_OF_ADDRESS),
    ]
    # Staff at their work have no limit (transactions/quotas.py).
    for rows, most in shares if by is None else []:
        if any(rows.filter(asked_at__gt=now - span).count() >= count for span, count in most.items()):
            message = _(
                "Too many confirmation messages were requested. Your address is still waiting for confirmation; "
                "try again tomorrow."
            )
            raise AccountError("too_many_emails", message)
    cancel_change(user, now)
    facts = {"old": user.email, "opens_at": now + timedelta(hours=settings.NEW_MOBILE_HOLD_HOURS)} if held else {}
    row = EmailChange.objects.create(user=user, email=email, asked_at=now, closed_at=None if email else now, **facts)
    email_asked.send(EmailChange, asked=row, now=now)


def send_link(asked_id: int, now: datetime) -> None:
    """Tell the old address, where the new one would open the account, and send the link of an asking, unless it was
    answered or withdrawn meanwhile. Raises what the mail server says; the key of a message names one sent again.
    """
    row = EmailChange.objects.select_related("user").filter(pk=asked_id).first()
    if row is not None and row.old:
        _send_warning(row)
    if row is None or row.closed_at is not None:
        return
    end = timezone.localtime(now + timedelta(days=settings.EMAIL_LINK_DAYS))
    with translation.override(row.user.language):
        text = _(
            "Someone, most likely you, gave this address for notices about requests at Jeddah Municipality. To confirm "
            "it, open this link and press the button: %(link)s\n"
            "The link works once, until %(end)s. If it was not you, do nothing: no notices are sent here."
        ) % {
            "link": settings.PORTAL_URL + reverse("accounts:email", args=[make_token(row)]),
            "end": f"{end:%Y-%m-%d %H:%M}",
        }
        key = key_of("email", row.pk, row.asked_at)
        mail.send_mail(row.email, _("Confirm your email address"), text, key=key)


def _send_warning(row: EmailChange) -> None:
    with translation.override(row.user.language):
        text = _(
            "Jeddah Municipality: the email address of your account is being changed. If this was not you, tell "
            "a service centre at once."
        )
        key = key_of("email-old", row.pk, row.asked_at)
        mail.send_mail(row.old, _("Your account was changed"), text, key=key)


def make_token(row: EmailChange) -> str:
    return signing.TimestampSigner(salt=SALT).sign(str(row.pk)).replace(":", "~")


def find_by_token(token: str) -> EmailChange | None:
    """What a link asks for; None when it was used, is too old, or a newer one was sent."""
    return EmailChange.objects.filter(pk=_read_token(token), closed_at=None, user__is_active=True).first()


def is_confirmed(token: str) -> bool:
    """Was this link used, and is its address the one in use?"""
    return EmailChange.objects.filter(pk=_read_token(token), user__email=F("email")).exclude(closed_at=None).exists()


def _read_token(token: str) -> int:
    days = timedelta(days=settings.EMAIL_LINK_DAYS)
    try:
        return int(signing.TimestampSigner(salt=SALT).unsign(token.replace("~", ":"), max_age=days))
    except signing.BadSignature:
        return 0


@transaction.atomic
def confirm_address(token: str, *, now: datetime | None = None) -> str:
    """The owner of an address has pressed the button: it is in use from now on. Returns the address.

    Nothing else is changed, and nobody is signed in. AccountError `link_ended`.
    """
    row = find_by_token(token)
    if row is None or not EmailChange.objects.filter(pk=row.pk, closed_at=None).update(closed_at=now or timezone.now()):
        raise AccountError(
            "link_ended", _("This link no longer works: it has been used, has expired, or a newer one was sent.")
        )
    User.objects.filter(pk=row.user_id).update(email=row.email)
    return row.email


def delete_expired(now: datetime, most: int) -> int:
    """Delete askings that are over and that no limit counts any more, so many at a time; returns how many."""
    over = EmailChange.objects.filter(asked_at__lt=now - DAY).exclude(closed_at=None)
    old = over.exclude(opens_at__gt=now).values("pk")[:most]
    return EmailChange.objects.filter(pk__in=old).delete()[0]
