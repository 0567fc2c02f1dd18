"""What a clerk or an administrator puts right of somebody we know: on record, and told to who was on file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from core.outside_http import key_of
from core.text import isolated

from . import access_log, emails, mail, restored, sms
from .access import holds_power
from .assurance import Level
from .errors import AccountError
from .models import Act, Delegation, NameChange, PhoneChange, Proposal, User
from .signals import name_changed, phone_changed
from .visitors import Visitor, visitor_account

PHONE_OF_STAFF = gettext_lazy("A staff member's mobile can only be changed by two administrators.")


@transaction.atomic
def confirm_identity(
    user: User, changes: Mapping[str, Mapping[str, str]], *, by: User, now: datetime | None = None
) -> User:
    """A clerk has seen the original ID of this person, and asked them about each of `changes` (Visitor.differs_from).

    Name and mobile are changed on record under the clerk's name, and told to the mobile on file until now; a new
    mobile sets no password at once (`opens_from`). An account somebody opened without proof is handed to the real
    person when its mobile changes: no password, no sessions, no API tokens, no second factor and no e-mail of the
    other. An e-mail waits for its owner's confirmation. AccountError `person_changed` when what is on file is no longer
    what the clerk saw; `phone_of_staff`, `agents_mobile`.
    """
    now = now or timezone.now()
    locked = User.objects.select_for_update().get(pk=user.pk)
    for name, change in changes.items():
        if getattr(locked, name) not in change.values():
            message = _("This person's details have just been changed. Check them again with the person.")
            raise AccountError("person_changed", message)
    wanted = {name: change["to"] for name, change in changes.items()}
    phone = wanted.get("phone", locked.phone)
    old_phone = locked.phone
    refuse_limited_agent(locked, phone)
    if phone != locked.phone:
        if holds_power(locked):
            raise AccountError("phone_of_staff", PHONE_OF_STAFF)
        _change_phone(locked, phone, by, now)
    if "email" in wanted:
        record_change(by, locked, _("Email recorded: %(new)s") % {"new": wanted["email"]})
        emails.request_change(locked, wanted["email"], by=by, now=now)
    name = wanted.get("full_name", locked.full_name)
    if name != locked.full_name and not locked.is_staff:
        _change_name(locked, name, by, now, notify_at=old_phone)
    if not holds_power(locked):
        restored.trust_phone(locked)
    locked.assurance = max(locked.assurance, Level.COUNTER)
    locked.identity_verified_at, locked.identity_verified_by = now, by
    locked.save()
    return locked


def refuse_limited_agent(user: User, phone: str) -> None:
    """AccountError `agents_mobile`: an establishment's account is not opened to the mobile of whoever may act for it
    within limits only, with whatever papers of it they come.
    """
    if user.id_kind.code != "establishment" or (user.assurance >= Level.COUNTER and user.phone == phone):
        return
    held = list(Delegation.objects.current(timezone.localdate()).filter(principal=user, agent__phone=phone))
    if held and all(row.is_limited for row in held):
        message = _(
            "This is the mobile of someone who may act for the establishment within limits only. Enter a mobile of the "
            "establishment itself; whoever acts for it signs in with their own ID."
        )
        raise AccountError("agents_mobile", message)


def delete_unproven_account(user: User) -> None:
    """Delete somebody whom a clerk began to type and nobody ever saw, unless something else is known of them: the ID
    may be a slip, and be somebody's who comes tomorrow.
    """
    if user.assurance == Level.NONE and not user.is_staff:
        with suppress(ProtectedError), transaction.atomic():
            user.delete()


@transaction.atomic
def identify_visitor(
    *, national_id: str, full_name: str, phone: str, by: User, language: str = "ar", now: datetime | None = None
) -> User:
    """`visitor_account` and `identify` in one, for who is on record with their whole visit at once."""
    visitor = Visitor.typed(national_id=national_id, full_name=full_name, phone=phone)
    user = visitor_account(visitor, language=language)
    return confirm_identity(user, visitor.differs_from(user), by=by, now=now)


@transaction.atomic
def change_phone(
    user: User, phone: str, *, by: User | None, agreed: Proposal | None = None, now: datetime | None = None
) -> User:
    """An administrator's change of a phone, with the same consequences as one at a counter.

    Of whoever holds power only as `agreed` between two administrators (four_eyes). AccountError `needs_two`.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    refuse_without_second_administrator(locked, agreed)
    if locked.phone != phone:
        _change_phone(locked, phone, by, now or timezone.now(), at_once=agreed is not None)
    restored.trust_phone(locked)
    locked.save()
    return locked


def refuse_without_second_administrator(user: User, agreed: Proposal | None) -> None:
    if agreed is None and holds_power(user):
        raise AccountError("needs_two", _("For a member of staff, this can only be changed by two administrators."))


@transaction.atomic
def change_name(user: User, full_name: str, *, by: User, now: datetime | None = None) -> User:
    """An administrator puts a name right, with the same consequences as at a counter."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.full_name != full_name:
        _change_name(locked, full_name, by, now or timezone.now(), notify_at=locked.phone)
        locked.save()
    return locked


def set_name(user: User, full_name: str, *, by: User, now: datetime) -> None:
    """The name as the national register has it, on record and told to the mobile on file; the caller saves."""
    if user.full_name != full_name:
        _change_name(user, full_name, by, now, notify_at=user.phone)


def replace_phone(user: User, phone: str, *, now: datetime) -> None:
    """A person's own new mobile, which has just answered a code; the one before is told. The caller saves."""
    _change_phone(user, phone, user, now)


def detach_phone(user: User, *, by: User, now: datetime) -> None:
    """The mobile on file is not this person's, or nobody knows that it is: neither it nor what was set up with it opens
    the account any more. The caller saves."""
    _change_phone(user, "", by, now)


def _change_name(user: User, full_name: str, by: User, now: datetime, *, notify_at: str) -> None:
    """`told` is the mobile that hears of it."""
    note = _("Name changed from “%(old)s” to “%(new)s”") % {
        "old": isolated(user.full_name),
        "new": isolated(full_name),
    }
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, note, single_object=True)
    change = NameChange.objects.create(
        user=user, old=user.full_name, new=full_name, phone=notify_at, changed_at=now, by=by
    )
    user.full_name = full_name
    name_changed.send(NameChange, change=change, now=now)


def record_change(by: User | None, user: User, text: str) -> None:
    """In the history of the account; what the command line did stands in the access log and the journal."""
    if by is not None:
        LogEntry.objects.log_actions(by.pk, [user], CHANGE, text, single_object=True)


def _change_phone(user: User, phone: str, by: User | None, now: datetime, *, at_once: bool = False) -> None:
    """Whoever holds the phone can set the password, so a change of phone is a change of hands.

    It sets none for a while, unless two administrators have agreed on it (`at_once`).
    """
    became = {"old": isolated(user.phone or "–"), "new": isolated(phone or "–")}
    record_change(by, user, _("Mobile changed from %(old)s to %(new)s") % became)
    access_log.record(Act.PHONE_CHANGED, by=by, person=user, now=now)
    known = holds_power(user) or user.assurance >= Level.COUNTER
    if not known:
        user.set_unusable_password()
        AuthToken.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        user.email = ""
        emails.cancel_change(user, now)
    if user.phone:
        opens_at = None if at_once else now + timedelta(hours=settings.NEW_MOBILE_HOLD_HOURS)
        change = PhoneChange.objects.create(
            user=user, old=user.phone, new=phone, changed_at=now, opens_at=opens_at, by=by
        )
        phone_changed.send(PhoneChange, change=change, now=now)
    user.phone = phone


def send_phone_warning(change_id: int) -> None:
    """Tell the old phone that it is the old one. The gateway knows a repeated message by its key."""
    change = PhoneChange.objects.select_related("user").get(pk=change_id)
    with translation.override(change.user.language):
        if change.new:
            text = _(
                "Jeddah Municipality: the mobile number on your account was changed to one ending in %(end)s. If "
                "this was not you, tell a service centre at once."
            ) % {"end": change.new[-3:]}
        else:
            text = _(
                "Jeddah Municipality: your mobile was removed from an account because it was not shown to be its "
                "owner's. If the account is yours, go to a service centre with your ID."
            )
        _send_warning(change.user, change.old, text, key=key_of("phone", change.pk, change.changed_at))


def _send_warning(user: User, phone: str, text: str, *, key: str) -> None:
    """By SMS to this mobile; by e-mail, if there is one on file, to whom no SMS is sent."""
    if sms.can_reach(phone):
        sms.send_sms(phone, text, key=key)
    elif user.email:
        mail.send_mail(user.email, _("Your account was changed"), text, key=key)


def send_delegation_warning(delegation_id: int) -> None:
    """Tell whoever is acted for, who was not there, that somebody may. It names nobody."""
    delegation = Delegation.objects.select_related("principal").get(pk=delegation_id)
    with translation.override(delegation.principal.language):
        text = _(
            "Jeddah Municipality: a service centre recorded that someone acts for you by document %(number)s. If this "
            "is wrong, end it under “My requests” or tell a service centre at once."
        ) % {"number": delegation.number}
        key = key_of("delegation", delegation.pk, delegation.recorded_at)
        _send_warning(delegation.principal, delegation.principal.phone, text, key=key)


def send_name_warning(change_id: int) -> None:
    """Tell the mobile that was on file that the name of its account is another. It names nobody."""
    change = NameChange.objects.select_related("user").get(pk=change_id)
    with translation.override(change.user.language):
        text = _(
            "Jeddah Municipality: the name on your account was corrected. If you did not ask for this, tell a "
            "service centre at once."
        )
        _send_warning(change.user, change.phone, text, key=key_of("name", change.pk, change.changed_at))
