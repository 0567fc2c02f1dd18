"""What somebody has to settle about money: opened once, owned by somebody, settled with an outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import prose
from municipality.models import Office
from transactions.domain.errors import DomainError, Invalid, Problem
from transactions.domain.routing import CENTRAL
from transactions.models import FeeDue, Outbox, Transaction
from transactions.outbox import queue

from . import ledger
from .access import refuse_unless_accountant
from .domain.numbers import read_number
from .domain.states import EntryKind, ItemKind, Outcome, Source
from .models import IS_OPEN, Bill, LedgerEntry, OpenItem


def open_item(
    kind: ItemKind, subject: str, *, now: datetime, amount: int = 0, payment: LedgerEntry | None = None, **facts: Any
) -> OpenItem:
    """Put something on a list, once. Call inside a transaction."""
    fee = ledger.fee_of(payment) if payment is not None else None
    item, _new = OpenItem.objects.get_or_create(
        kind=kind,
        subject=subject[:120],
        defaults={
            "payment": payment, "amount": amount, "office_id": _office(fee), "found_at": now, "facts": facts,
        },
    )  # fmt: skip
    return item


def _office(fee: FeeDue | None) -> int:
    """Money belongs to the office that has the case; what belongs to no case, to the central one."""
    if fee is not None and fee.transaction.held_by_id:
        return fee.transaction.held_by_id
    return Office.objects.values_list("pk", flat=True).get(code=CENTRAL)


def settle(payment: LedgerEntry, outcome: Outcome, now: datetime, *, by: User | None = None) -> None:
    """Settle whatever is open about a payment, since nothing of it is left to be settled."""
    rows = OpenItem.objects.filter(IS_OPEN, payment=payment).exclude(kind__in=CLOSED_BY_PEOPLE)
    rows.update(outcome=outcome, settled_at=now, settled_by=by)


# What says that somebody was wrong stays until a person has looked into it, whatever became of the money.
CLOSED_BY_PEOPLE = (ItemKind.CONTRADICTION, ItemKind.NOT_IN_FILE)


@transaction.atomic
def take(item: OpenItem, *, by: User) -> OpenItem:
    """This person looks into it from now on."""
    locked = _locked(item, by)
    locked.owner = by
    locked.save(update_fields=["owner"])
    return locked


@transaction.atomic
def explain(item: OpenItem, *, reason: str, by: User, now: datetime) -> OpenItem:
    """Close what moves no money, with a reason. DomainError `money_left` while money of it belongs to nobody."""
    locked = _locked(item, by)
    reason = prose(reason)
    if not reason:
        raise Invalid([Problem("reason", _("Give the reason."), "required")])
    if locked.payment is not None and locked.kind not in CLOSED_BY_PEOPLE and ledger.open_amount(locked.payment):
        message = _("Money of this payment is still open: apply it to a fee, or have it refunded.")
        raise DomainError("money_left", message)
    return _close(locked, Outcome.EXPLAINED, by, now, reason)


@transaction.atomic
def assign(item: OpenItem, *, to: str, by: User, now: datetime) -> OpenItem:
    """Say which fee a payment was made for, by a bill number or a transaction number; then it is applied to it.

    Invalid when there is no such bill or request, DomainError `nothing_open` when nothing of the payment is left.
    """
    locked = _locked(item, by)
    payment, fee = _payment_of(locked), _fee_by(to)
    if fee is None:
        message = _("There is no bill and no request with a fee under this number. Check it.")
        raise Invalid([Problem("to", message, "unknown")])
    left = ledger.open_amount(payment)
    if not left:
        raise DomainError("nothing_open", _("Nothing of this payment is left to be settled."))
    ledger.write(EntryKind.ASSIGNED, payment, left, source=Source.STAFF, now=now, fee=fee, by=by)
    again(payment, now)
    locked.owner = by
    locked.save(update_fields=["owner"])
    return locked


@transaction.atomic
def merge(item: OpenItem, *, by: User, now: datetime) -> OpenItem:
    """What the bank told is the payment an office had recorded already: nothing was paid twice.

    DomainError `not_the_same` when no payment of the same amount was recorded by an office for that fee.
    """
    locked = _locked(item, by)
    payment = _payment_of(locked)
    fee = ledger.fee_of(payment)
    if fee is None or not merge_with_counter(payment, fee, now, by=by):
        message = _("No office has recorded a payment of the same amount for this fee.")
        raise DomainError("not_the_same", message)
    return OpenItem.objects.get(pk=locked.pk)


def merge_with_counter(
    payment: LedgerEntry, fee: FeeDue, now: datetime, *, by: User | None = None, same_number: bool = False
) -> bool:
    """Put a payment of the bank in the place of one that an office recorded for the same fee; False when there is none
    of the same amount (and, where `same_number`, under the same number). Call with the case locked.
    """
    left = ledger.open_amount(payment)
    recorded = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, source=Source.COUNTER, fee=fee, amount=left)
    if same_number:
        recorded = recorded.filter(payment=f"{Source.COUNTER.value}:{payment.payment.partition(':')[2]}")
    for counter in recorded.order_by("pk"):
        if ledger.total(counter.entries.all(), ledger.APPLIED_SIGN) != left:
            continue
        note: dict[str, Any] = {"source": Source.STAFF if by else payment.source, "now": now, "fee": fee, "by": by}
        ledger.write(EntryKind.RELEASED, counter, left, **note)
        ledger.write(EntryKind.MERGED, counter, left, **note, reference=payment.reference)
        ledger.write(EntryKind.APPLIED, payment, left, **note)
        settle(payment, Outcome.MERGED, now, by=by)
        return True
    return False


def again(payment: LedgerEntry, now: datetime) -> None:
    """Have a payment applied once more, since something about it has changed. Call inside a transaction."""
    number = payment.entries.count()
    dedupe = f"payment_apply:{payment.pk}:{number}:{int(now.timestamp() * 1000)}"
    if not Outbox.objects.filter(dedupe=dedupe).exists():
        queue.enqueue("payment_apply", payment.pk, dedupe=dedupe, now=now)


def _fee_by(text: str) -> FeeDue | None:
    if number := read_number(text):
        bill = Bill.objects.filter(number=number).select_related("fee").first()
        if bill is not None:
            return bill.fee
    from transactions.domain import references

    case = Transaction.objects.filter(reference=references.normalise(text)).first()
    return FeeDue.objects.filter(transaction=case).first() if case else None


def _payment_of(item: OpenItem) -> LedgerEntry:
    if item.payment is None:
        raise DomainError("no_payment", _("This item is about no payment."))
    return item.payment


def _locked(item: OpenItem, by: User) -> OpenItem:
    refuse_unless_accountant(by)
    locked = OpenItem.objects.select_for_update(of=("self",)).select_related("payment").get(pk=item.pk)
    if locked.settled_at is not None:
        raise DomainError("settled", _("This has been settled already."))
    return locked


def _close(item: OpenItem, outcome: Outcome, by: User, now: datetime, reason: str = "") -> OpenItem:
    item.outcome, item.settled_at, item.settled_by, item.reason = outcome, now, by, reason
    item.save(update_fields=["outcome", "settled_at", "settled_by", "reason"])
    return item
