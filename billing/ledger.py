"""The only writer of the ledger, and what it comes to. Call inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Case, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from transactions.models import FeeDue
from transactions.transitions.decisions import payment_key

from .domain.states import HELD_SIGN, OPEN_SIGN, EntryKind, Source
from .models import LedgerEntry

BANK = "bank"
# How the number of a payment at the bank begins in the ledger.
AT_BANK = f"{BANK}:"


def key_at_bank(number: str) -> str:
    """What a payment at the bank is known by, however its number is written; one is received once."""
    return f"{AT_BANK}{payment_key(number)}"


def key_at_counter(number: str) -> str:
    """The same of one that a clerk recorded."""
    return f"{Source.COUNTER.value}:{payment_key(number)}"


def receive(
    payment: str,
    *,
    amount: int,
    source: Source,
    counterpart: str,
    paid_at: datetime,
    now: datetime,
    reference: str = "",
    bill_number: str = "",
    told_key: str = "",
    fee: FeeDue | None = None,
    by: User | None = None,
) -> tuple[LedgerEntry, bool]:
    """Write down a payment, once however often it is told: (its entry, whether it was new)."""
    row = {
        "at": now, "kind": EntryKind.RECEIVED, "amount": amount, "source": source, "counterpart": counterpart[:120],
        "reference": reference[:60], "bill_number": bill_number[:40], "told_key": told_key[:60], "fee": fee,
        "paid_at": paid_at, "by": by,
    }  # fmt: skip
    if known := LedgerEntry.objects.filter(payment=payment).first():
        return known, False
    try:
        with transaction.atomic():
            return LedgerEntry.objects.create(payment=payment, **row), True
    except IntegrityError:  # told at the same moment by somebody else
        return LedgerEntry.objects.get(payment=payment), False


def write(kind: EntryKind, about: LedgerEntry, amount: int, *, source: Source, now: datetime, **more: Any) -> None:
    """Write down what became of a payment."""
    more.setdefault("counterpart", about.counterpart)
    LedgerEntry.objects.create(kind=kind, about=about, amount=amount, source=source, at=now, **more)


def signed(signs: dict[EntryKind, int]) -> Case:
    """The amount of an entry with its sign."""
    whens = [When(kind=kind.value, then=F("amount") * Value(sign)) for kind, sign in signs.items() if sign]
    return Case(*whens, default=Value(0), output_field=BigIntegerField())


def total(entries: Any, signs: dict[EntryKind, int]) -> int:
    """What these entries come to, in halalas."""
    return int(entries.order_by().aggregate(total=Coalesce(Sum(signed(signs)), 0))["total"])


def open_amount(payment: LedgerEntry) -> int:
    """What of a payment is neither applied to a fee nor given or owed back."""
    return total(LedgerEntry.objects.filter(Q(pk=payment.pk) | Q(about=payment)), OPEN_SIGN)


def held() -> int:
    """What the city holds by its ledger: received, less what was one payment told twice, less refunds paid."""
    return total(LedgerEntry.objects.all(), HELD_SIGN)


APPLIED_SIGN = {EntryKind.APPLIED: 1, EntryKind.RELEASED: -1}


def applied_to(fee: FeeDue) -> int:
    """What was paid of a fee by the ledger."""
    return total(LedgerEntry.objects.filter(fee=fee), APPLIED_SIGN)


def fee_of(payment: LedgerEntry) -> FeeDue | None:
    """The fee a payment was made for, as far as is known: that of its bill, or the one somebody assigned it to."""
    assigned = payment.entries.filter(kind=EntryKind.ASSIGNED).order_by("-pk").select_related("fee").first()
    if assigned is not None:
        return assigned.fee
    if payment.fee is not None:
        return payment.fee
    if not payment.bill_number:
        return None
    return FeeDue.objects.filter(bills__number=payment.bill_number).first()


def payments_applied_to(fee: FeeDue) -> Iterable[LedgerEntry]:
    """Every payment that something of was applied to a fee, oldest first."""
    applied = LedgerEntry.objects.filter(kind=EntryKind.APPLIED, fee=fee).values("about")
    return LedgerEntry.objects.filter(pk__in=applied).order_by("pk")


def payments_of(fee: FeeDue) -> Iterable[LedgerEntry]:
    """Every payment made for a fee, by its bills or because somebody assigned it, oldest first."""
    numbers = fee.bills.values("number")
    assigned = LedgerEntry.objects.filter(kind=EntryKind.ASSIGNED, fee=fee).values("about")
    mine = Q(fee=fee) | Q(bill_number__in=numbers) | Q(pk__in=assigned)
    rows = LedgerEntry.objects.filter(mine, kind=EntryKind.RECEIVED).order_by("pk")
    return [row for row in rows if (mine_now := fee_of(row)) is not None and mine_now.pk == fee.pk]
