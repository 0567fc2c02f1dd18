"""Entering what was taken on a slip: begun with its number, checked by a second person, submitted like any request.

The request bears the slip's number and PIN. It counts from the time on the slip where a declared incident allows it,
and then a second person reads the slip as well; otherwise from now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import compact, isolated
from municipality.models import Office

from ..booklets import standing
from ..booklets.entering import refuse_date, refuse_unless_usable
from ..booklets.ledger import lock_slip
from ..booklets.people import paper_offices_of
from ..domain import pins, references
from ..domain.errors import DomainError, Invalid, NotVisible, Problem
from ..domain.service_types import ServiceType
from ..domain.slips import is_slip
from ..inquiry.services import find_rate_limited
from ..models import Channel, Draft, Intake, Slip
from . import drafts


def find_slip(number: str, pin: str, *, address: str, now: datetime | None = None) -> Slip:
    """The slip of this number for whoever has its PIN. NotVisible for a wrong one; DomainError `booklet_unknown` for
    a number and PIN of ours whose booklet is not on record here; TooManyAttempts.
    """
    parsed = references.parse(number)
    if parsed is not None and pins.pin_matches(str(parsed), pin):
        if slip := standing.find(str(parsed)):
            return slip
        if is_slip(parsed):
            message = _(
                "Number and PIN are ours, but this booklet is not on record here. An administrator can take it back on "
                "record with the code of the slip."
            )
            raise DomainError("booklet_unknown", message)
    find_rate_limited(str(parsed or compact(number)), address, now, lambda: None)
    raise NotVisible


def begin(
    slip: Slip,
    service: ServiceType,
    *,
    applicant: User,
    centre: Office,
    written_at: datetime | None,
    visitor_changes: Mapping[str, Any] | None,
    take_over: bool = False,
    by: User,
    now: datetime | None = None,
) -> Draft:
    """Begin to enter a slip, or go on with what this clerk began; with `take_over` also what another did.

    DomainError as `refuse_unless_usable`, `refuse_date` and `drafts.start_draft`; `slip_elsewhere`.
    """
    now = now or timezone.now()
    with transaction.atomic():
        locked = lock_slip(slip)
        refuse_unless_usable(locked, centre)
        refuse_date(locked, written_at, service=service.code, now=now)
        begun = locked.draft
        if begun is not None and begun.created_by_id != by.pk and not take_over:
            message = _("%(name)s has started to enter this slip. Tick “Take it over” to continue with it.")
            raise DomainError("slip_elsewhere", message % {"name": isolated(begun.created_by.full_name)})
        mine = begun is not None and begun.created_by_id == by.pk
        if not (begun and mine and begun.service == service.code and begun.applicant_id == applicant.pk):
            begun = drafts.start_draft(
                service, by=by, applicant=applicant, centre=centre, channel=Channel.PAPER,
                visitor_changes=visitor_changes, now=now,
            )  # fmt: skip
        if (locked.draft_id, locked.written_at) != (begun.pk, written_at):
            locked.draft, locked.written_at = begun, written_at
            locked.asked_at = locked.second_at = None
            locked.second_by = None  # type: ignore[assignment]
            locked.save(update_fields=["draft", "written_at", "asked_at", "second_at", "second_by"])
        return begun


def slip_of(draft: Draft) -> Slip | None:
    """The slip a draft is entered from; None when it is entered elsewhere by now."""
    return Slip.objects.select_related("booklet__office", "scan").filter(draft=draft).first()


def needs_second(slip: Slip) -> bool:
    """Does a second person have to read the slip? They do where the request counts from a time gone by."""
    return slip.written_at is not None


def ask_second(draft: Draft, *, by: User, now: datetime | None = None) -> Slip:
    """The first clerk is done: a second person is to read the slip. Invalid with what is missing in the request;
    DomainError `scan_missing`, `slip_elsewhere`.
    """
    now = now or timezone.now()
    drafts.is_ready_for_owner(draft, by=by, now=now)
    slip = slip_of(draft)
    if slip is None or draft.created_by_id != by.pk:
        raise DomainError(
            "slip_elsewhere", _("This slip is no longer being entered here. Begin with its number again.")
        )
    with transaction.atomic():
        locked = lock_slip(slip)
        refuse_unless_usable(locked, locked.booklet.office)
        if locked.scan_id is None:
            raise DomainError("scan_missing", _("Add a scan of the slip first: the second person reads it."))
        if locked.asked_at is None:
            locked.asked_at = now
            locked.save(update_fields=["asked_at"])
        return locked


def waiting_for(user: User) -> QuerySet[Slip]:
    """Slips that wait for a second person at this person's centres, the longest first."""
    rows = Slip.objects.filter(asked_at__isnull=False, booklet__office__in=paper_offices_of(user))
    return rows.select_related("booklet__office", "draft__applicant", "draft__created_by").order_by("asked_at", "pk")


def confirm(slip: Slip, *, national_id: str, written_at: datetime, by: User, now: datetime | None = None) -> Intake:
    """A second person has read ID and time off the slip by themselves: when both read the same, the request is
    submitted, in the name of whoever entered it. Pressed twice it is the same receipt.

    Invalid names what differs, and does not tell what the other read; DomainError `not_waiting`, `second_person`.
    """
    now = now or timezone.now()
    with transaction.atomic():
        locked = lock_slip(slip)
        if locked.booklet.office_id not in paper_offices_of(by):
            raise NotVisible
        if locked.transaction_id is not None:
            return Intake.objects.select_related("transaction").get(transaction=locked.transaction_id)
        draft = locked.draft
        if locked.asked_at is None or draft is None or locked.written_at is None:
            raise DomainError("not_waiting", _("This slip is not waiting for a second person."))
        if by.pk == draft.created_by_id:
            raise DomainError("second_person", _("You entered this slip yourself. Someone else has to confirm it."))
        _refuse_other_reading(locked, draft, national_id, written_at)
        locked.second_by, locked.second_at = by, now
        locked.save(update_fields=["second_by", "second_at"])
        return drafts.submit_draft(draft, by=draft.created_by, now=now)


def _refuse_other_reading(slip: Slip, draft: Draft, national_id: str, written_at: datetime) -> None:
    problems = []
    if compact(national_id).upper() != draft.applicant.national_id:
        message = _("This is not the ID that was entered. Compare with the slip; if it is right, tell your colleague.")
        problems.append(Problem("national_id", message, "differs"))
    if slip.written_at is None or _minute(written_at) != _minute(slip.written_at):
        message = _(
            "This is not the time that was entered. Compare with the slip; if it is right, tell your colleague."
        )
        problems.append(Problem("written_at", message, "differs"))
    if problems:
        raise Invalid(problems)


def _minute(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(second=0, microsecond=0)
