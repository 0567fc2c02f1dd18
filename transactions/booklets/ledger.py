"""What becomes of a booklet once it is printed: handed out, opened, its slips void, lost, turned up, released.

Every function locks the booklet, looks at it as it is then, and changes nothing when that is done already: a press
that comes twice is one event.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import is_administrator, roles_in
from accounts.models import Role, User
from core.db.locks import take_lock
from core.text import prose
from journal import receipts
from municipality.models import Office

from ..domain import references
from ..domain.errors import DomainError, Invalid, Problem
from ..models import Booklet, BookletEvent, Slip, Transaction
from .printing import slips_of
from .record import SLIP, note

What = BookletEvent.What
MAX_WORDS = 500


def may_manage(user: User) -> bool:
    """May this person order, fetch and hand out booklets, and release slips?"""
    return is_administrator(user)


def may_use(user: User, booklet: Booklet) -> bool:
    """May this person say what happens to a booklet at its centre? Its clerks, and administrators."""
    return is_administrator(user) or Role.CENTRE_CLERK in roles_in(user, booklet.office)


def _lock(booklet: Booklet) -> Booklet:
    return Booklet.objects.select_for_update(of=("self",)).select_related("office", "holder").get(pk=booklet.pk)


def lock_slip(slip: Slip) -> Slip:
    """The slip, locked, under the lock of its booklet, so that void, lost and entered are one after the other."""
    booklet = _lock(slip.booklet)
    locked = Slip.objects.select_for_update(of=("self",)).select_related("draft__created_by").get(pk=slip.pk)
    locked.booklet = booklet
    return locked


def _require(allowed: bool) -> None:
    if not allowed:
        raise DomainError("not_your_booklet", _("You do not manage booklets of this centre."))


def _reason(text: str) -> str:
    """What was given as a reason, cleaned; Invalid without one."""
    reason = prose(text)
    if not reason:
        raise Invalid([Problem("reason", _("Give the reason."), "required")])
    if len(reason) > MAX_WORDS:
        message = _("Write at most %(most)d characters.") % {"most": MAX_WORDS}
        raise Invalid([Problem("reason", message, "too_long")])
    return reason


@transaction.atomic
def fetched(booklet: Booklet, *, by: User, now: datetime | None = None) -> Booklet:
    """Somebody gets the PDF to print. DomainError `already_handed_out`: from then on nobody makes a second print."""
    _require(may_manage(by))
    locked = _lock(booklet)
    if locked.proposal_id is None or locked.handed_at is not None:
        message = _("This booklet was handed out. Its slips are not printed a second time.")
        raise DomainError("already_handed_out", message)
    note(locked, What.FETCHED, by=by, now=now or timezone.now())
    return locked


@transaction.atomic
def hand_out(booklet: Booklet, to: User, *, by: User, now: datetime | None = None) -> Booklet:
    """Hand a booklet to a clerk of its centre: from now on its slips may be written on."""
    now = now or timezone.now()
    _require(may_manage(by))
    locked = _lock(booklet)
    if locked.handed_at is not None:
        if locked.holder_id == to.pk:
            return locked
        raise DomainError("already_handed_out", _("This booklet was handed out to someone else."))
    if Role.CENTRE_CLERK not in roles_in(to, locked.office):
        raise DomainError("not_at_this_counter", _("This person does not work at the counter of this centre."))
    locked.handed_at, locked.holder = now, to
    locked.save(update_fields=["handed_at", "holder"])
    note(locked, What.HANDED, by=by, now=now, words=to.full_name, to=to.pk)
    return locked


@transaction.atomic
def open_booklet(booklet: Booklet, *, by: User, now: datetime | None = None) -> Booklet:
    """The first slip is about to be used."""
    now = now or timezone.now()
    locked = _lock(booklet)
    _require(may_use(by, locked))
    if locked.handed_at is None:
        raise DomainError("not_handed_out", _("This booklet has not been handed out yet."))
    if locked.opened_at is None:
        locked.opened_at = now
        locked.save(update_fields=["opened_at"])
        note(locked, What.OPENED, by=by, now=now)
    return locked


@transaction.atomic
def spoil(slip: Slip, *, reason: str, by: User, now: datetime | None = None) -> Slip:
    """A slip is void: written on by mistake, torn. DomainError `slip_entered` when a request was made of it."""
    now = now or timezone.now()
    locked = lock_slip(slip)
    _require(may_use(by, locked.booklet) if locked.revoked_at is None else may_manage(by))
    if locked.voided_at is not None:
        return locked
    words = _reason(reason)
    if locked.transaction_id is not None:
        raise DomainError("slip_entered", _("A request was entered from this slip; it cannot be void."))
    locked.voided_at, locked.void_reason, locked.draft, locked.asked_at = now, words, None, None
    locked.save(update_fields=["voided_at", "void_reason", "draft", "asked_at"])
    note(locked.booklet, What.SPOILT, by=by, now=now, slip=locked, words=words)
    return locked


@transaction.atomic
def report_lost(booklet: Booklet, *, first: int, reason: str, by: User, now: datetime | None = None) -> int:
    """The slips from `first` on are lost or stolen: none of them is taken any more before somebody has looked at it.

    Returns how many were revoked by this; those entered, void or revoked before stay as they are.
    """
    now = now or timezone.now()
    locked = _lock(booklet)
    _require(may_use(by, locked))
    if not 1 <= first <= locked.size:
        message = _("The booklet has slips 1 to %(size)d.") % {"size": locked.size}
        raise Invalid([Problem("first", message, "no_such_slip")])
    words = _reason(reason)
    rows = Slip.objects.filter(booklet=locked, index__gte=first, transaction=None, voided_at=None, revoked_at=None)
    many = rows.update(revoked_at=now, draft=None, asked_at=None)
    if many:
        note(locked, What.LOST, by=by, now=now, words=words, first=first, many=many)
    return many


@transaction.atomic
def hold(slip: Slip, *, reason: str, by: User, now: datetime | None = None) -> Slip:
    """A slip that was reported lost is at the counter. It is held until an administrator releases it or voids it."""
    now = now or timezone.now()
    locked = lock_slip(slip)
    _require(may_use(by, locked.booklet))
    if locked.revoked_at is None or locked.voided_at is not None or locked.transaction_id is not None:
        raise DomainError("not_lost", _("This slip was not reported lost."))
    if locked.held_at is None:
        locked.held_note = _reason(reason)
        locked.held_at = now
        locked.save(update_fields=["held_at", "held_note"])
        note(locked.booklet, What.TURNED_UP, by=by, now=now, slip=locked, words=locked.held_note)
    return locked


@transaction.atomic
def release(slip: Slip, *, reason: str, by: User, now: datetime | None = None) -> Slip:
    """Somebody has looked at a held slip: it may be entered. Not by whoever held it."""
    now = now or timezone.now()
    locked = lock_slip(slip)
    _require(may_manage(by))
    if locked.held_at is None or locked.voided_at is not None:
        raise DomainError("not_held", _("This slip is not held."))
    held = BookletEvent.objects.filter(slip=locked, what=What.TURNED_UP).order_by("-pk").first()
    if held is not None and held.by_id == by.pk:
        raise DomainError("second_person", _("You held this slip yourself. Someone else has to release it."))
    if locked.released_at is None:
        words = _reason(reason)
        locked.released_at = now
        locked.save(update_fields=["released_at"])
        note(locked.booklet, What.RELEASED, by=by, now=now, slip=locked, words=words)
    return locked


@transaction.atomic
def take_back(code: str, *, by: User, now: datetime | None = None) -> Booklet:
    """Put a booklet on record again that this database forgot, by the code of any of its slips: what was printed before
    a restore is still out there. The same booklet again changes nothing; its requests that are here are tied to it.

    When it was handed out nobody knows any more, so its slips may bear any time since the printing that an incident
    covers. DomainError `no_slip` for a code that our signature does not make one.
    """
    now = now or timezone.now()
    _require(may_manage(by))
    check = receipts.check_token(code)
    body, parsed = check.body or {}, references.parse(check.subject)
    office = Office.objects.filter(code=str(body.get("office"))).first()
    stolen = check.listed is not None and check.listed.is_compromised
    if not check.signature_good or stolen or body.get("kind") != SLIP or parsed is None or office is None:
        raise DomainError("no_slip", _("This is not the code of a slip with our signature."))
    take_lock("booklets")
    place = f"{parsed.node}{parsed.incarnation}{parsed.lot}"
    numbers = {"place": place, "hijri_year": parsed.hijri_year, "first_serial": int(body["first"])}
    if known := Booklet.objects.filter(**numbers).first():
        return known
    printed_at = datetime.fromisoformat(str(body["at"]))
    size = int(body["slips"])
    booklet = Booklet.objects.create(
        **numbers, size=size, office=office, printed_at=printed_at, handed_at=printed_at, opened_at=printed_at
    )
    slips = slips_of(booklet)
    cases = Transaction.objects.filter(reference__in=[slip.number for slip in slips])
    here = {case.reference: case for case in cases}
    for slip in slips:
        if case := here.get(slip.number):
            slip.transaction, slip.entered_at = case, now
    Slip.objects.bulk_create(slips)
    note(booklet, What.TAKEN_BACK, by=by, now=now)
    return booklet
