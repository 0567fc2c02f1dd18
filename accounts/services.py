"""The only writer of this room. Every public function is one intent of a user."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from datetime import date, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from knox.models import AuthToken

from core.db.locks import take_lock
from core.outside_http import key_of
from municipality.models import Office

from . import access_log, emails, mail, restored, sms
from .assurance import Level
from .authorisations import add_member as add_member
from .authorisations import answer_authorisation as answer_authorisation
from .authorisations import authorise_office as authorise_office
from .authorisations import revoke_authorisation as revoke_authorisation
from .changes import change_name as change_name
from .changes import change_phone as change_phone
from .changes import confirm_identity as confirm_identity
from .changes import delete_unproven_account as delete_unproven_account
from .changes import identify_visitor as identify_visitor
from .changes import record_change, refuse_without_second_administrator
from .changes import send_delegation_warning as send_delegation_warning
from .changes import send_name_warning as send_name_warning
from .changes import send_phone_warning as send_phone_warning
from .errors import AccountError
from .identity import clean_name, rate_limit_network
from .models import DECIDING_ROLES, Act, OneTimeCode, PhoneChange, Proposal, StaffPost, User

logger = logging.getLogger(__name__)
CODE_LIFETIME = timedelta(minutes=10)
MAX_CODE_ATTEMPTS = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Of one network, for one ID and mobile: a stranger elsewhere uses up nobody's.
MAX_CODES_PER_ID = {HOUR: 5, DAY: 15}
# By everybody to one mobile, which strangers may name too; then from one network; then in all.
MAX_CODES_PER_PHONE = {HOUR: 10, DAY: 25}
MAX_CODES_PER_ADDRESS = {HOUR: 60, DAY: 400}


# -- first sign-in, and a forgotten password -------------------------------------------------------------------


def send_code(
    *,
    national_id: str,
    full_name: str,
    phone: str,
    language: str,
    address: str,
    email: str = "",
    now: datetime | None = None,
    proved: bool = False,
) -> OneTimeCode:
    """Send a six-digit code by SMS to the phone given, whoever has this ID; by e-mail to whom no SMS is sent.
    `proved`: their password was right.

    Nobody is looked up here, so page, message and time are the same for an ID we know and one we do not; what the code
    opens is decided once it was typed (`open_account`). AccountError `too_many_codes`; `no_sms` when the message could
    not be sent, which uses nothing up.
    """
    now, address = now or timezone.now(), rate_limit_network(address)
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        take_lock(f"id:{national_id}", f"phone:{phone}", f"mail:{email.casefold()}", f"address:{address}")
        _within_limits(national_id, phone, email, address, now)
        row = OneTimeCode.objects.create(
            national_id=national_id,
            full_name=clean_name(full_name),
            phone=phone,
            email=email,
            language=language,
            address=address,
            code_hmac="",
            proved=proved,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
        row.code_hmac = _code_hmac(row, code)
        row.save(update_fields=["code_hmac"])
    _send_code(row, code)
    return row


def _within_limits(national_id: str, phone: str, email: str, address: str, now: datetime) -> None:
    """Raise AccountError `too_many_codes` when the hour's or the day's share is used up."""
    sent = OneTimeCode.objects.order_by()
    shares = (
        (sent.filter(national_id=national_id, phone=phone, address=address), MAX_CODES_PER_ID),
        (sent.filter(phone=phone), MAX_CODES_PER_PHONE),
        (sent.filter(email__iexact=email) if email else sent.none(), MAX_CODES_PER_PHONE),
        (sent.filter(address=address), MAX_CODES_PER_ADDRESS),
        (sent, {HOUR: settings.QUOTA_CODES, DAY: 10 * settings.QUOTA_CODES}),
    )
    messages = {
        HOUR: _("Too many codes requested. Wait an hour, then try again."),
        DAY: _("Too many codes requested today. Try again tomorrow, or ask at a service centre."),
    }
    for span, message in messages.items():
        if any(codes.filter(created_at__gt=now - span).count() >= most[span] for codes, most in shares):
            raise AccountError("too_many_codes", message)


def _send_code(row: OneTimeCode, code: str) -> None:
    try:
        with translation.override(row.language):
            text = _("Jeddah Municipality: your code is %(code)s. Do not share it.") % {"code": code}
            if sms.can_reach(row.phone):
                sms.send_sms(row.phone, text)
            else:
                mail.send_mail(row.email, _("Your code"), text, key=key_of("code", row.pk, row.created_at))
    except Exception as error:  # whatever a gateway's library raises, it means the same here
        logger.exception("a code could not be sent")
        row.delete()
        message = _(
            "We cannot send messages at the moment. This did not count as an attempt. Try again in a few minutes."
        )
        raise AccountError("no_sms", message) from error


def _code_hmac(row: OneTimeCode, code: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{row.pk}:{code}".encode(), hashlib.sha256).hexdigest()


def _is_old(row: OneTimeCode) -> bool:
    """A newer code was sent to this phone for this ID: only the last one counts."""
    return OneTimeCode.objects.filter(national_id=row.national_id, phone=row.phone, pk__gt=row.pk).exists()


def _wrong_code() -> AccountError:
    return AccountError("code_wrong", _("This code is incorrect or has expired. Request a new one."))


def check_code(code_id: int, code: str, now: datetime) -> OneTimeCode:
    """The code sent that this one answers, counted before it is compared. AccountError `code_wrong`."""
    counted = OneTimeCode.objects.filter(
        pk=code_id, used_at=None, expires_at__gt=now, tries__lt=MAX_CODE_ATTEMPTS
    ).update(tries=F("tries") + 1)
    row = OneTimeCode.objects.filter(pk=code_id).first()
    if not counted or row is None or _is_old(row) or not hmac.compare_digest(row.code_hmac, _code_hmac(row, code)):
        raise _wrong_code()
    return row


def use_code(row: OneTimeCode, now: datetime) -> None:
    """It counts once; call it inside the transaction of what it opens. AccountError `code_wrong`."""
    if _is_old(row) or not OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        raise _wrong_code()


def open_account(code_id: int, code: str, password: str, *, now: datetime | None = None) -> User:
    """Set the password of the account of this ID, if the code went to the phone on file; without one, make it.

    Whatever was open under the old password is closed: sessions and API tokens. Wrong codes are counted before they
    are compared. AccountError `code_wrong`; `another_mobile`, `mobile_is_new` or `account_closed` for whoever has shown
    that the phone is theirs; ValidationError for a weak password.
    """
    now = now or timezone.now()
    row = check_code(code_id, code, now)
    facts = {"full_name": row.full_name, "phone": row.phone, "language": row.language}
    try:
        validate_password(password, User(national_id=row.national_id, **facts))
    except ValidationError:
        # The code was right: a weak password costs no try.
        OneTimeCode.objects.filter(pk=code_id).update(tries=F("tries") - 1)
        raise
    with transaction.atomic():
        use_code(row, now)
        # Made by somebody else in this moment, it is read again: a clerk may be taking the same person in.
        user, made = User.objects.select_for_update().get_or_create(national_id=row.national_id, defaults=facts)
        if made:
            _refuse_to_begin(user)
        _refuse_to_open(user, row, now)
        restored.refuse_unproven_phone(user, proved=row.proved)
        user.set_password(password)
        user.to_renew = False
        if sms.can_reach(row.phone):
            user.assurance = max(user.assurance, Level.PHONE)
        elif not user.email:
            # The code was read at the address that waits: that is its owner's confirmation.
            user.email = emails.pending_address_of(user)
            emails.cancel_change(user, now)
        user.save()
        AuthToken.objects.filter(user=user).delete()
        access_log.record(Act.PASSWORD_SET, by=user, person=user, why="code by SMS", now=now)
    return user


def _refuse_to_begin(user: User) -> None:
    """Raise when an account under this ID, or with this mobile, begins at a counter."""
    if user.id_kind.online and sms.can_reach(user.phone):
        return
    message = _(
        "With this ID or mobile you start in person at a service centre. Staff register your mobile and email, and "
        "you can then open your account here."
    )
    raise AccountError("at_counter_first", message)


def _refuse_to_open(user: User, row: OneTimeCode, now: datetime) -> None:
    """Raise when this phone or e-mail, which is at hand, may not set the password of this account now."""
    at_hand = user.phone == row.phone
    if at_hand and not sms.can_reach(row.phone):
        on_file = user.email or emails.pending_address_of(user)
        at_hand = bool(on_file) and on_file.casefold() == row.email.casefold()
    if not at_hand and not user.phone:
        message = _(
            "No mobile is registered for this ID, so a code cannot set the password. Show your original ID or the "
            "papers of the establishment at a service centre."
        )
        raise AccountError("another_mobile", message)
    if not at_hand:
        message = _(
            "A different mobile is registered for this ID, so this one cannot set the password. If your mobile has "
            "changed, show your original ID at a service centre."
        )
        raise AccountError("another_mobile", message)
    if until := password_allowed_from(user, now):
        message = _(
            "Your mobile or email was changed recently. It can set a password from %(when)s. We notified the "
            "previous one."
        )
        raise AccountError("mobile_is_new", message % {"when": f"{timezone.localtime(until):%Y-%m-%d %H:%M}"})
    if not user.is_active:
        raise AccountError("account_closed", _("This account is closed. Ask at a service centre, with your ID."))


def password_allowed_from(user: User, now: datetime) -> datetime | None:
    """When a mobile or e-mail that was changed lately may set the password; None when it may now."""
    last = PhoneChange.objects.filter(user=user).order_by("-changed_at", "-pk").first()
    held = [last.opens_at if last else None]
    if not sms.can_reach(user.phone):
        held.append(emails.password_allowed_from(user))
    return max((until for until in held if until and until > now), default=None)


def delete_old_codes(now: datetime, most: int) -> int:
    """Delete codes, with the names and numbers in them, that no limit counts any more; so many at a time."""
    old = OneTimeCode.objects.filter(created_at__lt=now - DAY).values("pk")[:most]
    return OneTimeCode.objects.filter(pk__in=old).delete()[0]


# -- what people and administrators change ---------------------------------------------------------------------


@transaction.atomic
def remove_second_factor(
    user: User, *, by: User | None, agreed: Proposal | None = None, now: datetime | None = None
) -> None:
    """For somebody who lost theirs, after it was made sure who asks. Recorded; their password stays.

    Of whoever holds power only as `agreed` between two administrators (four_eyes). AccountError `needs_two`.
    """
    refuse_without_second_administrator(user, agreed)
    if Authenticator.objects.filter(user=user).delete()[0]:
        record_change(by, user, _("Two-step verification removed"))
        access_log.record(Act.FACTOR_REMOVED, by=by, person=user, now=now)


@transaction.atomic
def update_profile(user: User, *, email: str, language: str, sms_notices: bool, email_notices: bool) -> User:
    """Change what a person may change alone; name, ID and phone need a clerk. Another address waits to be confirmed
    (`emails.request_change`, whose AccountError leaves everything as it was)."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    locked.language, locked.sms_notices, locked.email_notices = language, sms_notices, email_notices
    # Whoever came by the national sign-on may have given no mobile yet.
    locked.full_clean(exclude=["password", "phone"])
    locked.save(update_fields=["language", "sms_notices", "email_notices"])
    emails.request_change(locked, email)
    return locked


# -- staff -----------------------------------------------------------------------------------------------------


@transaction.atomic
def create_staff_post(
    user: User, office: Office, role: str, *, on: date | None = None, until: date | None = None
) -> StaffPost:
    """A post from a day (today), and what follows: carries out what `four_eyes` agreed, and builds a demo city.

    Makes the person staff, and ends the tokens of their programs where the role is a deciding one.
    """
    post, _created = StaffPost.objects.get_or_create(
        user=user, office=office, role=role, ends_on=until, defaults={"starts_on": on or timezone.localdate()}
    )
    if role in DECIDING_ROLES:
        AuthToken.objects.filter(user=user).delete()
    grant_staff_access(user)
    return post


def grant_staff_access(user: User) -> None:
    """Whoever holds a post may enter the workbench."""
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
