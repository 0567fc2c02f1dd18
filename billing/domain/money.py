"""Amounts: SAR outside, halalas as whole numbers inside. Pure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from core.numbers import money_in_words


def halalas(amount: Decimal) -> int:
    """An amount in SAR as whole halalas. ValueError for a fraction of one."""
    value = amount * 100
    if value != value.to_integral_value():
        raise ValueError(f"{amount} SAR has fractions of a halala")
    return int(value)


def riyals(amount: int) -> Decimal:
    """Halalas as SAR with two decimals."""
    return Decimal(amount).scaleb(-2).quantize(Decimal("0.01"))


def in_words(amount: int) -> str:
    """As it is shown: 12,345.60."""
    return money_in_words(riyals(amount))


def read_amount(text: object) -> int | None:
    """Halalas of an amount as a program writes it ("540.00"); None when it is none, or not more than nothing."""
    try:
        value = halalas(Decimal(str(text)))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return value if 0 < value < 10**12 else None
