"""A person's own change of mobile: whoever is known by more than it, and has just shown who they are (step_up)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import services, sms
from .access import holds_power
from .assurance import Level, explain_level
from .changes import PHONE_OF_STAFF, replace_phone
from .errors import AccountError
from .models import OneTimeCode, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def reason_not_to_change(user: User) -> StrOrPromise:
    """Why this person does not change their mobile here; empty when they may."""
    if holds_power(user):
        return PHONE_OF_STAFF
    if user.phone and user.assurance < Level.COUNTER:
        first = _("To change your mobile here, you must verify your identity to a higher level.")
        return f"{first} {explain_level(Level.COUNTER)}"
    return ""


def _refuse_change(user: User) -> None:
    if reason := reason_not_to_change(user):
        raise AccountError("phone_not_changed", reason)


def ask_for_change(user: User, phone: str, *, language: str, address: str, now: datetime | None = None) -> OneTimeCode:
    """Send a code to the new mobile.

    AccountError as `services.send_code`; `phone_not_changed`, `same_phone`, `no_sms`.
    """
    _refuse_change(user)
    if phone == user.phone:
        raise AccountError("same_phone", _("This mobile is on file already."))
    if not sms.can_reach(phone):
        message = _("We cannot send SMS to this country. Have this number put on file at a service centre.")
        raise AccountError("no_sms", message)
    return services.send_code(
        national_id=user.national_id,
        full_name=user.full_name,
        phone=phone,
        language=language,
        address=address,
        now=now,
    )


def change_own(user: User, code_id: int, code: str, *, now: datetime | None = None) -> User:
    """Put the mobile the code went to on file; the one before it is told. AccountError `code_wrong`."""
    now = now or timezone.now()
    # A wrong try is counted, whatever becomes of it.
    row = services.check_code(code_id, code, now)
    if row.national_id != user.national_id:
        raise AccountError("code_wrong", _("This code is incorrect or has expired. Request a new one."))
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        _refuse_change(locked)
        services.use_code(row, now)
        replace_phone(locked, row.phone, now=now)
        locked.save()
    return locked
