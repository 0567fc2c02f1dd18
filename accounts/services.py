"""The only writer of this room. Every public function is one intent of a user."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from datetime import date, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from knox.models import AuthToken

from municipality.models import Office

from . import sms, trail
from .access import holds_power, offices_of
from .errors import AccountError
from .identity import caller, clean_mobile, clean_name, clean_national_id
from .locks import one_at_a_time
from .models import (
    DECIDING,
    Act,
    Authorisation,
    EngineeringOffice,
    OfficeMembership,
    OneTimeCode,
    PhoneChange,
    Proposal,
    StaffPost,
    User,
)
from .signals import authorisation_changed, phone_changed

logger = logging.getLogger(__name__)
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODES_PER_ID = {HOUR: 5, DAY: 15}
CODES_PER_ADDRESS = {HOUR: 30, DAY: 200}


# -- first sign-in, and a forgotten password -------------------------------------------------------------------


def send_code(
    *, national_id: str, full_name: str, phone: str, language: str, address: str, now: datetime | None = None
) -> OneTimeCode:
    """Send a six-digit code by SMS: to the phone on file if this ID is known, else to the one given.

    A known person without a phone gets none: whoever typed another is not known to be them. The answer is the same in
    all cases, so nobody learns who has an account. AccountError `too_many_codes`; `no_sms` when the message could not
    be sent, which uses nothing up.
    """
    now, address = now or timezone.now(), caller(address)
    known = User.objects.filter(national_id=national_id).first()
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        one_at_a_time(f"id:{national_id}", f"address:{address}")
        _within_limits(national_id, address, now)
        row = OneTimeCode.objects.create(
            national_id=national_id,
            full_name=full_name,
            phone=known.phone if known else phone,
            language=language,
            address=address,
            code_hmac="",
            created_at=now,
            expires_at=now + CODE_LIFE,
        )
        row.code_hmac = _code_hmac(row, code)
        row.save(update_fields=["code_hmac"])
    if row.phone:
        _send_code(row, code)
    return row


def _within_limits(national_id: str, address: str, now: datetime) -> None:
    """Raise AccountError `too_many_codes` when this ID or address has had its share of the hour or of the day."""
    sent = OneTimeCode.objects.order_by()
    of_id, of_address = sent.filter(national_id=national_id), sent.filter(address=address)
    said = {
        HOUR: _("Too many codes were asked for. Wait an hour and try again."),
        DAY: _("Too many codes were asked for today. Try again tomorrow, or ask at a service centre."),
    }
    for span, message in said.items():
        lately = {"created_at__gt": now - span}
        if (
            of_id.filter(**lately).count() >= CODES_PER_ID[span]
            or of_address.filter(**lately).count() >= CODES_PER_ADDRESS[span]
        ):
            raise AccountError("too_many_codes", message)


def _send_code(row: OneTimeCode, code: str) -> None:
    try:
        with translation.override(row.language):
            sms.send(row.phone, _("Jeddah Municipality: your code is %(code)s. Give it to nobody.") % {"code": code})
    except Exception as error:  # whatever a gateway's library raises, it means the same here
        logger.exception("a code could not be sent")
        row.delete()
        said = _("Messages cannot be sent just now. Nothing was used up; try again in a few minutes.")
        raise AccountError("no_sms", said) from error


def _code_hmac(row: OneTimeCode, code: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{row.pk}:{code}".encode(), hashlib.sha256).hexdigest()


def open_account(code_id: int, code: str, password: str, *, now: datetime | None = None) -> User:
    """Set the password of the account this code was sent for, making the account if there is none.

    Whatever was open under the old password is closed: sessions and API tokens. Wrong codes are counted before they
    are compared. AccountError `code_wrong`; ValidationError for a weak password.
    """
    now = now or timezone.now()
    wrong = AccountError("code_wrong", _("This code is wrong or too old. Ask for a new one."))
    counted = OneTimeCode.objects.filter(pk=code_id, used_at=None, expires_at__gt=now, tries__lt=CODE_TRIES).update(
        tries=F("tries") + 1
    )
    row = OneTimeCode.objects.filter(pk=code_id).first()
    if not counted or row is None or not hmac.compare_digest(row.code_hmac, _code_hmac(row, code)):
        raise wrong
    facts = {"full_name": row.full_name, "phone": row.phone, "language": row.language}
    try:
        validate_password(password, User(national_id=row.national_id, **facts))
    except ValidationError:
        # The code was right: a weak password costs no try.
        OneTimeCode.objects.filter(pk=code_id).update(tries=F("tries") - 1)
        raise
    with transaction.atomic():
        if not OneTimeCode.objects.filter(pk=code_id, used_at=None).update(used_at=now):
            raise wrong
        # Made by somebody else in this moment, it is read again: a clerk may be taking the same person in.
        user, _made = User.objects.select_for_update().get_or_create(national_id=row.national_id, defaults=facts)
        if user.phone != row.phone:
            # Since the code went out, a clerk has seen the ID of somebody with another phone.
            raise wrong
        if not user.is_active:
            raise AccountError("account_closed", _("This account is closed. Ask at a service centre, with your ID."))
        user.set_password(password)
        user.save()
        AuthToken.objects.filter(user=user).delete()
    return user


def forget_old_codes(now: datetime, most: int) -> int:
    """Delete codes, with the names and numbers in them, that no limit counts any more; so many at a time."""
    old = OneTimeCode.objects.filter(created_at__lt=now - DAY).values("pk")[:most]
    return OneTimeCode.objects.filter(pk__in=old).delete()[0]


# -- what a clerk or an administrator puts right -----------------------------------------------------------------


@transaction.atomic
def person_at_counter(
    *, national_id: str, full_name: str, phone: str, by: User, language: str = "ar", now: datetime | None = None
) -> User:
    """Find or make the account of somebody whose original ID a clerk has just seen.

    Their name is what stands on the ID; another one on file is put right, on record. An account that somebody opened
    for this ID without proof is handed to the real person: their phone, no password, no sessions, no API tokens, no
    second factor and no e-mail of the other. A verified person's new phone is recorded under the clerk's name and told
    to the old one. AccountError `phone_of_staff`; ValidationError for a malformed ID, name or phone.
    """
    now = now or timezone.now()
    shown = User(
        national_id=clean_national_id(national_id),
        full_name=clean_name(full_name),
        phone=clean_mobile(phone),
        language=language,
    )
    shown.clean_fields(exclude=["password"])
    shown.set_unusable_password()
    facts = {name: getattr(shown, name) for name in ("full_name", "phone", "language", "password")}
    user, made = User.objects.select_for_update().get_or_create(national_id=shown.national_id, defaults=facts)
    if not made and user.phone != shown.phone:
        if holds_power(user):
            raise AccountError("phone_of_staff", _("The mobile of a member of staff is changed by two administrators."))
        _change_phone(user, shown.phone, by, now)
    if user.full_name != shown.full_name and not user.is_staff:
        _change_name(user, shown.full_name, by)
    user.identity_verified_at = user.identity_verified_at or now
    user.save()
    return user


@transaction.atomic
def change_phone(
    user: User, phone: str, *, by: User | None, agreed: Proposal | None = None, now: datetime | None = None
) -> User:
    """An administrator's change of a phone, with the same consequences as one at a counter.

    Of whoever holds power only as `agreed` between two administrators (four_eyes). AccountError `needs_two`.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    _needs_two(locked, agreed)
    if locked.phone != phone:
        _change_phone(locked, phone, by, now or timezone.now())
        locked.save()
    return locked


def _needs_two(user: User, agreed: Proposal | None) -> None:
    if agreed is None and holds_power(user):
        raise AccountError("needs_two", _("Of a member of staff this is changed by two administrators."))


def _change_name(user: User, full_name: str, by: User) -> None:
    told = _("Name put right: %(old)s → %(new)s") % {"old": user.full_name, "new": full_name}
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, told, single_object=True)
    user.full_name = full_name


def _note(by: User | None, user: User, told: str) -> None:
    """In the history of the account; what the command line did stands in the access log and the journal."""
    if by is not None:
        LogEntry.objects.log_actions(by.pk, [user], CHANGE, told, single_object=True)


def _change_phone(user: User, phone: str, by: User | None, now: datetime) -> None:
    """Whoever holds the phone can set the password, so a change of phone is a change of hands."""
    _note(by, user, _("Mobile changed: %(old)s → %(new)s") % {"old": user.phone or "–", "new": phone})
    trail.record(Act.PHONE_CHANGED, by=by, person=user, now=now)
    known = holds_power(user) or user.identity_verified_at is not None
    if not known:
        user.set_unusable_password()
        AuthToken.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        user.email = ""
    elif user.phone:
        change = PhoneChange.objects.create(user=user, old=user.phone, new=phone, changed_at=now)
        phone_changed.send(PhoneChange, change=change, now=now)
    user.phone = phone


def warn_of_change(change_id: int) -> None:
    """Tell the old phone that it is the old one. The gateway knows a repeated message by its key."""
    change = PhoneChange.objects.select_related("user").get(pk=change_id)
    with translation.override(change.user.language):
        text = _(
            "Jeddah Municipality: the mobile of your account was changed to the one ending in %(end)s. If that was not "
            "you, tell a service centre at once."
        ) % {"end": change.new[-3:]}
    sms.send(change.old, text, key=f"phone-{change.pk}")


@transaction.atomic
def forget_second_factor(
    user: User, *, by: User | None, agreed: Proposal | None = None, now: datetime | None = None
) -> None:
    """For somebody who lost theirs, after it was made sure who asks. Recorded; their password stays.

    Of whoever holds power only as `agreed` between two administrators (four_eyes). AccountError `needs_two`.
    """
    _needs_two(user, agreed)
    if Authenticator.objects.filter(user=user).delete()[0]:
        _note(by, user, _("Second factor removed"))
        trail.record(Act.FACTOR_REMOVED, by=by, person=user, now=now)


@transaction.atomic
def update_profile(user: User, *, email: str, language: str, sms_notices: bool, email_notices: bool) -> User:
    """Change what a person may change alone; name, ID and phone need a clerk."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    locked.email, locked.language = email, language
    locked.sms_notices, locked.email_notices = sms_notices, email_notices
    locked.full_clean(exclude=["password"])
    locked.save(update_fields=["email", "language", "sms_notices", "email_notices"])
    return locked


# -- engineering offices ---------------------------------------------------------------------------------------


def add_member(
    office: EngineeringOffice, user: User, *, role: str = OfficeMembership.Role.ENGINEER, on: date | None = None
) -> OfficeMembership:
    """Make a person a member of an office from a day (today)."""
    try:
        with transaction.atomic():
            return OfficeMembership.objects.create(
                office=office, user=user, role=role, starts_on=on or timezone.localdate()
            )
    except IntegrityError as error:
        raise AccountError("already_member", _("This person is a member already.")) from error


@transaction.atomic
def authorise_office(
    owner: User, office: EngineeringOffice, *, plan_number: str, parcel_number: str, now: datetime | None = None
) -> Authorisation:
    """An owner authorises an office for one plot; the office still has to accept."""
    now = now or timezone.now()
    if not office.may_practise(timezone.localdate(now)):
        raise AccountError("licence_expired", _("The licence of this office is not in force."))
    try:
        with transaction.atomic():
            given = Authorisation.objects.create(
                owner=owner,
                office=office,
                plan_number=plan_number.strip(),
                parcel_number=parcel_number.strip(),
                given_at=now,
            )
    except IntegrityError as error:
        raise AccountError(
            "already_authorised", _("This office has an authorisation for this plot already.")
        ) from error
    _tell(given, owner, now)
    return given


def _tell(authorisation: Authorisation, by: User, now: datetime) -> None:
    authorisation_changed.send(Authorisation, authorisation=authorisation, by=by, now=now)


@transaction.atomic
def answer_authorisation(
    authorisation: Authorisation, *, accept: bool, by: User, now: datetime | None = None
) -> Authorisation:
    """A member of the office accepts or declines. Refused when it was answered or revoked before."""
    now = now or timezone.now()
    locked = Authorisation.objects.select_for_update(of=("self",)).select_related("office").get(pk=authorisation.pk)
    if locked.office_id not in {office.pk for office in offices_of(by)}:
        raise AccountError("not_your_office", _("This authorisation was given to another office."))
    if locked.status != Authorisation.Status.GIVEN:
        raise AccountError("already_answered", _("This authorisation was answered or revoked before."))
    if accept and not locked.office.may_practise(timezone.localdate(now)):
        raise AccountError("licence_expired", _("The licence of your office is not in force."))
    locked.status = Authorisation.Status.ACCEPTED if accept else Authorisation.Status.DECLINED
    locked.answered_at, locked.answered_by = now, by
    locked.save(update_fields=["status", "answered_at", "answered_by"])
    _tell(locked, by, now)
    return locked


@transaction.atomic
def revoke_authorisation(authorisation: Authorisation, *, by: User, now: datetime | None = None) -> Authorisation:
    """The owner takes the authorisation back; the office sees and does nothing more on this plot."""
    locked = Authorisation.objects.select_for_update().get(pk=authorisation.pk)
    if locked.owner_id != by.pk:
        raise AccountError("not_yours", _("Only the owner can revoke this authorisation."))
    if locked.status not in (Authorisation.Status.GIVEN, Authorisation.Status.ACCEPTED):
        raise AccountError("not_live", _("This authorisation is not in force any more."))
    now = now or timezone.now()
    locked.status, locked.revoked_at = Authorisation.Status.REVOKED, now
    locked.save(update_fields=["status", "revoked_at"])
    _tell(locked, by, now)
    return locked


# -- staff -----------------------------------------------------------------------------------------------------


@transaction.atomic
def appoint(user: User, office: Office, role: str, *, on: date | None = None, until: date | None = None) -> StaffPost:
    """A post from a day (today), and what follows: carries out what `four_eyes` agreed, and builds a demo city.

    Makes the person staff, and ends the tokens of their programs where the role is a deciding one.
    """
    post, _created = StaffPost.objects.get_or_create(
        user=user, office=office, role=role, ends_on=until, defaults={"starts_on": on or timezone.localdate()}
    )
    if role in DECIDING:
        AuthToken.objects.filter(user=user).delete()
    let_in(user)
    return post


def let_in(user: User) -> None:
    """Whoever holds a post may enter the workbench."""
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
