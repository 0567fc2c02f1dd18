"""The fee of a decision and its payment. Called by transitions.moves only; what is handed out is in papers.papers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.numbers import money_in_words, read_number
from core.text import compact, written_code

from ..answers import cleaning as answers
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.service_types import Amount, Fee
from ..models import FeeDue, Transaction

MAX_PAYMENT_LENGTH = 40
HALALA = Decimal("0.01")
# Sent inside the transaction that lowers a fee on an objection, with case, due (FeeDue), before and after (SAR), event
# and now: a bill is made anew by it, and whoever has paid is owed the difference.
fee_changed = Signal()


def amount_due(case: Transaction, fee: Fee, on: date) -> Amount:
    """The fee for the answers in force. DomainError `no_tariff`, or `fee_unknown` when they no longer say enough."""
    try:
        return fee.calculate(answers.clean_answers(case.service_type, case.answers, on).values, on)
    except KeyError as missing:
        message = _(
            "The fee cannot be calculated: this request lacks an answer the service asks for today. Correct it."
        )
        raise DomainError("fee_unknown", message) from missing


def calculate_fee(case: Transaction, now: datetime) -> dict[str, Any]:
    """Write down what is owed for the version of the answers that is approved. Returns facts for the event.

    A re-opened file keeps the fee it had, unless its answers have changed since and nothing was paid.
    """
    fee = case.service_type.fee
    if fee is None:
        return {}
    amount = amount_due(case, fee, timezone.localdate(now))
    of_today = {
        "amount": amount.amount,
        "basis": amount.basis,
        "worked_out_at": now,
        "answers_version": case.answers_version,
    }
    due, created = FeeDue.objects.get_or_create(transaction=case, defaults=of_today)
    if not created and not is_fee_current(due, case):
        FeeDue.objects.filter(pk=due.pk).update(**of_today)
        due.amount = amount.amount
    return {"amount": money_in_words(due.amount)}


def lower_fee(case: Transaction, typed: str, now: datetime) -> tuple[FeeDue, Decimal]:
    """Change what is owed because an objection was upheld; returns the fee and what it was before. Invalid for what is
    no amount, or not less: an objection makes nothing dearer.
    """
    due = FeeDue.objects.select_for_update().get(transaction=case)
    try:
        amount = read_number(typed, "SAR")
    except ValueError:
        amount = Decimal(-1)
    if amount < 0 or amount.as_tuple().exponent < -2:  # type: ignore[operator]  # a number is finite here
        raise Invalid([Problem("amount", _("Enter the right fee in SAR, with at most two decimals."), "not_an_amount")])
    if amount >= due.amount:
        message = _("The right fee must be less than %(amount)s SAR. If it is not, dismiss the objection.")
        raise Invalid([Problem("amount", message % {"amount": money_in_words(due.amount)}, "not_less")])
    before, due.amount = due.amount, amount.quantize(HALALA)
    due.basis = {**due.basis, "changed_from": str(before), "changed_at": now.isoformat()}
    due.save(update_fields=["amount", "basis"])
    return due, before


def payment_key(reference: str) -> str:
    """The number of a payment as it is compared: “SADAD-778812” and “sadad 778812” are one payment. Empty if none."""
    return "".join(char for char in compact(reference).upper() if char.isalnum())


def is_fee_current(due: FeeDue, case: Transaction) -> bool:
    """Is a fee that was worked out before the one for the answers as they are now?"""
    return due.paid_at is not None or (due.answers_version or 1) == case.answers_version


def mark_paid(case: Transaction, payment_reference: str, by: User | None, now: datetime) -> dict[str, Any]:
    """Record a payment, which pays one fee only, however its number is written.

    Invalid without a number or with one that is too long, DomainError `payment_used`.
    """
    reference, key = written_code(payment_reference), payment_key(payment_reference)
    if not key:
        raise Invalid([Problem("payment_reference", _("Enter the payment reference."), "required")])
    if len(reference) > MAX_PAYMENT_LENGTH:
        message = _("A payment reference has at most %(most)d characters. Check it.") % {"most": MAX_PAYMENT_LENGTH}
        raise Invalid([Problem("payment_reference", message, "too_long")])
    due = FeeDue.objects.get(transaction=case)
    due.paid_at, due.payment_reference, due.payment_key, due.recorded_by_id = now, reference, key, by.pk if by else None
    try:
        # Two desks may enter the same number at once, so nobody asks first: the constraint answers both.
        with transaction.atomic():
            due.save(update_fields=["paid_at", "payment_reference", "payment_key", "recorded_by"])
    except IntegrityError as error:
        raise DomainError("payment_used", _("This payment is already recorded for another request.")) from error
    return {"amount": money_in_words(due.amount), "payment_reference": reference}
