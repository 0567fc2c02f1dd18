"""May a request be entered from this slip, and what is written when it was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from municipality.models import Office
from municipality.services import offices_by_pk

from ..domain.errors import DomainError
from ..domain.slips import Outage, Wrong, what_is_wrong_with
from ..incidents import memory
from ..models import BookletEvent, Slip, Transaction
from .ledger import lock_slip
from .record import note

What = BookletEvent.What
WRONG_DATE = {
    Wrong.FUTURE: gettext_lazy("This time is in the future. Enter the time written on the slip."),
    Wrong.BEFORE_BOOKLET: gettext_lazy(
        "The booklet had not been handed out at that time. Enter the time written on the slip."
    ),
    Wrong.NO_INCIDENT: gettext_lazy(
        "No declared incident covers this time at this centre. An administrator can declare one for days gone by; or "
        "leave the time empty, and the request counts from now."
    ),
}


def refuse_unless_usable(slip: Slip, centre: Office) -> None:
    """DomainError for a slip of which no request can be made at this centre: `slip_entered`, `slip_void`, `slip_lost`,
    `not_handed_out`, `other_centre`.
    """
    if slip.transaction_id is not None:
        raise DomainError("slip_entered", _("A request was already entered from this slip, under the same number."))
    if slip.voided_at is not None:
        raise DomainError("slip_void", _("This slip is void. Take the request under a new number."))
    if slip.revoked_at is not None and slip.released_at is None:
        raise DomainError(
            "slip_lost",
            _("This slip was reported lost or stolen. Hold it: an administrator decides whether it is entered."),
        )
    if slip.booklet.handed_at is None:
        raise DomainError("not_handed_out", _("This booklet has not been handed out yet."))
    if slip.booklet.office_id != centre.pk:
        message = _("This slip belongs to %(office)s, and is entered there.")
        raise DomainError("other_centre", message % {"office": slip.booklet.office.name})


def refuse_date(slip: Slip, written_at: datetime | None, *, service: str, now: datetime) -> None:
    """DomainError `slip_date` for a time from which the request may not count; none is always right."""
    if written_at is None:
        return
    booklet = slip.booklet
    wrong = what_is_wrong_with(
        written_at,
        handed_at=booklet.handed_at or now,
        now=now,
        outages=outages(),
        service=service,
        offices=covering(booklet.office),
    )
    if wrong:
        raise DomainError("slip_date", WRONG_DATE[wrong])


def covering(centre: Office) -> set[str]:
    """The codes of a centre and of the office it belongs to."""
    parent = offices_by_pk().get(centre.parent_id) if centre.parent_id else None
    return {centre.code, *([parent.code] if parent else [])}


def outages() -> Iterable[Outage]:
    """Every declared incident as it stands; from memory."""
    return [Outage(notice.scope, notice.starts_at, notice.ended_at) for notice in memory.known().notices]


def lock_for_request(slip: Slip, draft: int | None, *, service: str, centre: Office | None, now: datetime) -> Slip:
    """The slip, locked until the request entered from it is written. DomainError as `refuse_unless_usable` and
    `refuse_date`; `slip_elsewhere` when it is being entered elsewhere; `second_person` without one where it needs one.
    """
    locked = lock_slip(slip)
    if draft is None or locked.draft_id != draft or centre is None:
        raise DomainError(
            "slip_elsewhere", _("This slip is no longer being entered here. Begin with its number again.")
        )
    refuse_unless_usable(locked, centre)
    refuse_date(locked, locked.written_at, service=service, now=now)
    if locked.written_at is not None and locked.second_at is None:
        raise DomainError("second_person", _("A second person has to confirm what the slip says."))
    return locked


def entered(slip: Slip, case: Transaction, *, by: User, now: datetime) -> None:
    """The request is made: slip and request belong together for ever. Call in the transaction that writes it, before
    the journal is locked for its entry; `case` has its key and need not be written yet.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a request and its slip are written together")
    slip.transaction, slip.entered_at, slip.asked_at = case, now, None
    slip.save(update_fields=["transaction", "entered_at", "asked_at"])
    booklet = slip.booklet
    note(booklet, What.ENTERED, by=by, now=now, slip=slip, journal=False)
    if booklet.opened_at is None:
        booklet.opened_at = now
        booklet.save(update_fields=["opened_at"])
        note(booklet, What.OPENED, by=by, now=now)
