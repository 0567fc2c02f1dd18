"""The only writer of this room. Every public function is one intent of a user."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date, datetime, timedelta
from functools import partial

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

from . import sms
from .access import offices_of
from .errors import AccountError
from .identity import caller, clean_mobile, clean_national_id
from .models import Authorisation, EngineeringOffice, OfficeMembership, OneTimeCode, StaffPost, User
from .signals import authorisation_changed

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
CODES_PER_ID = 5
CODES_PER_ADDRESS = 30


# -- first sign-in, and a forgotten password -------------------------------------------------------------------


def send_code(
    *, national_id: str, full_name: str, phone: str, language: str, address: str, now: datetime | None = None
) -> OneTimeCode:
    """Send a six-digit code by SMS: to the phone on file if this ID is known, else to the one given.

    A known person without a phone gets none: whoever typed another is not known to be them. The answer is the same in
    all cases, so nobody learns who has an account. AccountError `too_many_codes`.
    """
    now, address = now or timezone.now(), caller(address)
    recent = OneTimeCode.objects.filter(created_at__gt=now - timedelta(hours=1))
    if (
        recent.filter(national_id=national_id).count() >= CODES_PER_ID
        or recent.filter(address=address).count() >= CODES_PER_ADDRESS
    ):
        raise AccountError("too_many_codes", _("Too many codes were asked for. Wait an hour and try again."))
    known = User.objects.filter(national_id=national_id).first()
    code = f"{secrets.randbelow(10**6):06d}"
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
        with translation.override(language):
            sms.send(row.phone, _("Jeddah Municipality: your code is %(code)s. Give it to nobody.") % {"code": code})
    return row


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
    fresh = User(national_id=row.national_id, full_name=row.full_name, phone=row.phone, language=row.language)
    try:
        validate_password(password, fresh)
    except ValidationError:
        # The code was right: a weak password costs no try.
        OneTimeCode.objects.filter(pk=code_id).update(tries=F("tries") - 1)
        raise
    with transaction.atomic():
        if not OneTimeCode.objects.filter(pk=code_id, used_at=None).update(used_at=now):
            raise wrong
        user = User.objects.select_for_update().filter(national_id=row.national_id).first() or fresh
        if user.phone != row.phone:
            # Since the code went out, a clerk has seen the ID of somebody with another phone.
            raise wrong
        user.set_password(password)
        user.save()
        AuthToken.objects.filter(user=user).delete()
    return user


@transaction.atomic
def person_at_counter(
    *, national_id: str, full_name: str, phone: str, by: User, language: str = "ar", now: datetime | None = None
) -> User:
    """Find or make the account of somebody whose original ID a clerk has just seen.

    An account that somebody opened for this ID without proof is handed to the real person: their phone, no password,
    no sessions, no API tokens, no second factor and no e-mail of the other. A verified person's new phone is recorded
    under the clerk's name and told to the old one. AccountError `phone_of_staff`; ValidationError for a malformed ID
    or phone.
    """
    now = now or timezone.now()
    national_id, phone = clean_national_id(national_id), clean_mobile(phone)
    user = User.objects.select_for_update().filter(national_id=national_id).first()
    if user is None:
        user = User(national_id=national_id, full_name=full_name.strip(), phone=phone, language=language)
        user.set_unusable_password()
    elif user.phone != phone:
        _hand_over(user, full_name.strip(), phone, by)
    user.phone = phone
    user.identity_verified_at = user.identity_verified_at or now
    user.full_clean(exclude=["password"])
    user.save()
    return user


def _hand_over(user: User, full_name: str, phone: str, by: User) -> None:
    """Whoever holds the phone can set the password, so a change of phone is a change of hands."""
    if user.is_staff:
        raise AccountError("phone_of_staff", _("The mobile of a member of staff is changed by an administrator."))
    if user.identity_verified_at is None:
        user.set_unusable_password()
        AuthToken.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        user.full_name, user.email = full_name, ""
        return
    told = _("Mobile changed at the counter: %(old)s → %(new)s") % {"old": user.phone or "–", "new": phone}
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, told, single_object=True)
    if user.phone:
        with translation.override(user.language):
            text = _(
                "Jeddah Municipality: the mobile of your account was changed at a service centre to the one ending in "
                "%(end)s. If that was not you, tell a service centre at once."
            ) % {"end": phone[-3:]}
        transaction.on_commit(partial(sms.send, user.phone, text), robust=True)


@transaction.atomic
def forget_second_factor(user: User, *, by: User) -> None:
    """For somebody who lost theirs, after an administrator made sure who asks. Recorded; their password stays."""
    if Authenticator.objects.filter(user=user).delete()[0]:
        LogEntry.objects.log_actions(by.pk, [user], CHANGE, _("Second factor removed"), single_object=True)


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
def appoint(user: User, office: Office, role: str, *, on: date | None = None) -> StaffPost:
    """Give a person a post from a day (today); makes them staff."""
    post, _created = StaffPost.objects.get_or_create(
        user=user, office=office, role=role, ends_on=None, defaults={"starts_on": on or timezone.localdate()}
    )
    let_in(user)
    return post


def let_in(user: User) -> None:
    """Whoever holds a post may enter the workbench."""
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])


@transaction.atomic
def end_post(post: StaffPost, *, on: date | None = None) -> StaffPost:
    """End a post on a day (yesterday, so that it holds no longer today)."""
    post.ends_on = max(on or timezone.localdate() - timedelta(days=1), post.starts_on)
    post.save(update_fields=["ends_on"])
    return post
