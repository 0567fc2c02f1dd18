"""Money that goes back: decided by one accountant, approved by another, paid with the bank's reference. After a restore
nothing is paid before it was held against the bank's statement: it may have been paid, and our record of it be lost.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import prose, written_code
from journal.models import Restoration
from transactions.domain.errors import DomainError, Invalid, Problem
from transactions.domain.workflow import Status
from transactions.models import Transaction

from . import bills, items, ledger
from .access import refuse_unless_accountant
from .domain.states import EntryKind, Outcome, RefundState, Source
from .models import Bill, LedgerEntry, OpenItem, Refund

MAX_REFERENCE = 60


@transaction.atomic
def decide(item: OpenItem, *, reason: str, by: User, now: datetime) -> Refund:
    """Decide that what is open of a payment goes back. The item is settled; the refund waits for a second person."""
    refuse_unless_accountant(by)
    reason = prose(reason)
    if not reason:
        raise Invalid([Problem("reason", _("Give the reason."), "required")])
    if item.payment_id is None:
        raise DomainError("no_payment", _("This item is about no payment."))
    case = _lock_case(item.payment_id)
    payment = LedgerEntry.objects.select_for_update().get(pk=item.payment_id)
    left = ledger.open_amount(payment)
    if left <= 0:
        raise DomainError("nothing_open", _("Nothing of this payment is left to be settled."))
    ledger.write(EntryKind.REFUND_OWED, payment, left, source=Source.STAFF, now=now, by=by, note=reason[:300])
    refund = Refund.objects.create(payment=payment, amount=left, reason=reason, owed_by=by, owed_at=now)
    items.settle(payment, Outcome.REFUND, now, by=by)
    live = Bill.objects.live().filter(fee__transaction=case).first() if case is not None else None
    if case is not None and live is not None and case.status == Status.AWAITING_PAYMENT:
        bills.make(live.fee, case, now)  # of the whole amount again, where it was of the rest
    return refund


def _lock_case(payment_id: int) -> Transaction | None:
    """Lock the request a payment is for, before anything of its money."""
    fee = ledger.fee_of(LedgerEntry.objects.get(pk=payment_id))
    return Transaction.objects.select_for_update().get(pk=fee.transaction_id) if fee else None


@transaction.atomic
def approve(refund: Refund, *, by: User, now: datetime) -> Refund:
    """A second person agrees. DomainError `own_refund` for whoever decided it."""
    locked = _locked(refund, RefundState.OWED, by)
    if locked.owed_by_id == by.pk:
        raise DomainError("own_refund", _("You decided this refund yourself. A second person has to approve it."))
    locked.state, locked.approved_by, locked.approved_at = RefundState.APPROVED, by, now
    locked.save(update_fields=["state", "approved_by", "approved_at"])
    return locked


@transaction.atomic
def drop(refund: Refund, *, reason: str, by: User, now: datetime) -> Refund:
    """Refuse it, or take it back: the money is open again, and on the list it came from."""
    locked = _locked(refund, RefundState.OWED, by)
    reason = prose(reason)
    if not reason:
        raise Invalid([Problem("reason", _("Give the reason."), "required")])
    locked.state, locked.approved_by, locked.approved_at = RefundState.DROPPED, by, now
    locked.reason = f"{locked.reason}\n— {reason}"
    locked.save(update_fields=["state", "approved_by", "approved_at", "reason"])
    payment = locked.payment
    ledger.write(
        EntryKind.REFUND_DROPPED, payment, locked.amount, source=Source.STAFF, now=now, by=by, note=reason[:300]
    )
    settled = OpenItem.objects.filter(payment=payment, outcome=Outcome.REFUND)
    settled.update(outcome="", settled_at=None, settled_by=None)
    return locked


@transaction.atomic
def pay(refund: Refund, *, bank_reference: str, by: User, now: datetime) -> Refund:
    """Record the transfer by which it went back. Invalid without its reference, DomainError `transfer_used`, and
    `not_compared` after a restore.
    """
    locked = _locked(refund, RefundState.APPROVED, by)
    if is_to_be_compared(locked):
        message = _("The database was restored, and this refund may have been paid before. Compare it first.")
        raise DomainError("not_compared", message)
    return _paid(locked, _reference(bank_reference), by, now)


def is_to_be_compared(refund: Refund) -> bool:
    """May it have been paid before a restore, as far as anybody has looked?"""
    return Refund.objects.to_be_compared().filter(pk=refund.pk).exists()


@transaction.atomic
def record_comparison(refund: Refund, *, transfer: str | None = None, by: User, now: datetime) -> Refund:
    """After a restore: somebody has looked for its transfer in the bank's statement. It may be paid where none is.
    One that was found, by its reference, is recorded as paid, and its approval with it.

    Invalid without that reference; DomainError `own_refund` for whoever decided it, `nothing_to_compare`,
    `transfer_used`.
    """
    locked = _locked(refund, None, by)
    if not is_to_be_compared(locked):
        raise DomainError("nothing_to_compare", _("This refund does not have to be compared."))
    if locked.owed_by_id == by.pk:
        message = _("You decided this refund yourself. A second person has to compare it.")
        raise DomainError("own_refund", message)
    locked.compared_for, locked.compared_by, locked.compared_at = Restoration.objects.latest("pk"), by, now
    if transfer is None:
        locked.save(update_fields=["compared_for", "compared_by", "compared_at"])
        return locked
    if locked.state == RefundState.OWED:
        locked.approved_by, locked.approved_at = by, now
    return _paid(locked, _reference(transfer), by, now)


def _reference(typed: str) -> str:
    reference = written_code(typed)
    if not reference:
        raise Invalid([Problem("bank_reference", _("Enter the bank's reference of the transfer."), "required")])
    if len(reference) > MAX_REFERENCE:
        message = _("A reference has at most %(most)d characters. Check it.") % {"most": MAX_REFERENCE}
        raise Invalid([Problem("bank_reference", message, "too_long")])
    return reference


def _paid(locked: Refund, reference: str, by: User, now: datetime) -> Refund:
    locked.state, locked.paid_by, locked.paid_at = RefundState.PAID, by, now
    locked.bank_reference = reference
    try:
        with transaction.atomic():
            locked.save()
    except IntegrityError as error:
        message = _("This transfer is already recorded for another refund.")
        raise DomainError("transfer_used", message) from error
    ledger.write(
        EntryKind.REFUND_PAID, locked.payment, locked.amount, source=Source.STAFF, now=now, by=by, reference=reference
    )
    return locked


def _locked(refund: Refund, state: RefundState | None, by: User) -> Refund:
    refuse_unless_accountant(by)
    locked = Refund.objects.select_for_update(of=("self",)).select_related("payment").get(pk=refund.pk)
    if state is not None and locked.state != state:
        raise DomainError(
            "refund_moved", _("This refund has changed since you opened it. Look at it again before you decide.")
        )
    return locked
