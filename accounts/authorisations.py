"""Owners, engineering offices and what the one authorises the other to do. Every public function is one intent."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.text import written_code
from municipality.search import matches_text

from .access import engineering_offices_of
from .assurance import explain_level, level_to_authorise
from .errors import AccountError
from .models import Authorisation, EngineeringOffice, OfficeMembership, User
from .signals import authorisation_changed


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
        raise AccountError("already_member", _("This person is already a member.")) from error


def search_offices(query: str, most: int, *, chosen: str = "") -> tuple[list[EngineeringOffice], int]:
    """(practising offices whose name or licence number holds what was typed, how many more there are).

    In both languages and however it is spelt; the office `chosen` by its licence number is always among them.
    """
    practising = list(EngineeringOffice.objects.practising(timezone.localdate()))
    number = written_code(chosen).upper()
    fits = [office for office in practising if not query or matches_text(office, query, "licence_number")]
    picked = [office for office in practising if office.licence_number == number]
    shown = [*picked, *(office for office in fits if office not in picked)]
    return shown[:most], max(0, len(shown) - most)


@transaction.atomic
def authorise_office(
    owner: User, office: EngineeringOffice, *, plan_number: str, parcel_number: str, now: datetime | None = None
) -> Authorisation:
    """An owner authorises an office for one plot; the office still has to accept.

    AccountError `identity_needed`, `licence_expired` or `already_authorised`.
    """
    now = now or timezone.now()
    if owner.assurance < (needed := level_to_authorise()):
        first = _("To authorise an office, you must verify your identity to a higher level.")
        raise AccountError("identity_needed", f"{first} {explain_level(needed)}")
    if not office.may_practise(timezone.localdate(now)):
        raise AccountError("licence_expired", _("The licence of this office is not in force."))
    try:
        with transaction.atomic():
            given = Authorisation.objects.create(
                owner=owner,
                office=office,
                plan_number=written_code(plan_number),
                parcel_number=written_code(parcel_number),
                given_at=now,
            )
    except IntegrityError as error:
        raise AccountError("already_authorised", _("This office is already authorised for this plot.")) from error
    _send_changed(given, owner, now)
    return given


def _send_changed(authorisation: Authorisation, by: User, now: datetime) -> None:
    authorisation_changed.send(Authorisation, authorisation=authorisation, by=by, now=now)


@transaction.atomic
def answer_authorisation(
    authorisation: Authorisation, *, accept: bool, by: User, now: datetime | None = None
) -> Authorisation:
    """A member of the office accepts or declines. Refused when it was answered or revoked before."""
    now = now or timezone.now()
    locked = Authorisation.objects.select_for_update(of=("self",)).select_related("office").get(pk=authorisation.pk)
    if locked.office_id not in {office.pk for office in engineering_offices_of(by)}:
        raise AccountError("not_your_office", _("This authorisation was given to another office."))
    if locked.status != Authorisation.Status.GIVEN:
        raise AccountError("already_answered", _("This authorisation has already been answered or revoked."))
    if accept and not locked.office.may_practise(timezone.localdate(now)):
        raise AccountError("licence_expired", _("The licence of your office is not in force."))
    locked.status = Authorisation.Status.ACCEPTED if accept else Authorisation.Status.DECLINED
    locked.answered_at, locked.answered_by = now, by
    locked.save(update_fields=["status", "answered_at", "answered_by"])
    _send_changed(locked, by, now)
    return locked


@transaction.atomic
def revoke_authorisation(authorisation: Authorisation, *, by: User, now: datetime | None = None) -> Authorisation:
    """The owner takes the authorisation back; the office sees and does nothing more on this plot."""
    locked = Authorisation.objects.select_for_update().get(pk=authorisation.pk)
    if locked.owner_id != by.pk:
        raise AccountError("not_yours", _("Only the owner can revoke this authorisation."))
    if locked.status not in (Authorisation.Status.GIVEN, Authorisation.Status.ACCEPTED):
        raise AccountError("not_live", _("This authorisation is no longer in force."))
    now = now or timezone.now()
    locked.status, locked.revoked_at = Authorisation.Status.REVOKED, now
    locked.save(update_fields=["status", "revoked_at"])
    _send_changed(locked, by, now)
    return locked
