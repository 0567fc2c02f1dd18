"""Money that goes back: decided by one accountant, approved by another, paid with the bank's reference."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import prose, written_code
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
    """Record the transfer by which it went back. Invalid without its reference, DomainError `transfer_used`."""
    locked = _locked(refund, RefundState.APPROVED, by)
    reference = written_code(bank_reference)
    if not reference:
        raise Invalid([Problem("bank_reference", _("Enter the bank's reference of the transfer."), "required")])
    if len(reference) > MAX_REFERENCE:
        message = _("A reference has at most %(most)d characters. Check it.") % {"most": MAX_REFERENCE}
        raise Invalid([Problem("bank_reference", message, "too_long")])
    locked.state, locked.paid_by, locked.paid_at = RefundState.PAID, by, now
    locked.bank_reference = reference
    try:
        with transaction.atomic():
            locked.save(update_fields=["state", "paid_by", "paid_at", "bank_reference"])
    except IntegrityError as error:
        message = _("This transfer is already recorded for another refund.")
        raise DomainError("transfer_used", message) from error
    ledger.write(
        EntryKind.REFUND_PAID, locked.payment, locked.amount, source=Source.STAFF, now=now, by=by, reference=reference
    )
    return locked


def _locked(refund: Refund, state: RefundState, by: User) -> Refund:
    refuse_unless_accountant(by)
    locked = Refund.objects.select_for_update(of=("self",)).select_related("payment").get(pk=refund.pk)
    if locked.state != state:
        raise DomainError(
            "refund_moved", _("This refund has changed since you opened it. Look at it again before you decide.")
        )
    return locked
