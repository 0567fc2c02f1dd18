"""Fees by the tariff in force, and the seed of tariffs."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from transactions.domain.errors import DomainError
from transactions.domain.service_types import Amount

from .models import Kind, Tariff

BUILDING_PERMIT = Kind.BUILDING_PERMIT.value
SEED = (
    {
        "code": BUILDING_PERMIT,
        "rate": Decimal("3.00"),
        "valid_from": date(2016, 1, 1),
        "certainty": "documented",
        "source": "Published in 2016: 3 SAR a square metre for three years; to be confirmed by an administrator.",
    },
)


def per_square_metre(code: str, area_m2: Decimal, on: date) -> Amount:
    """Square metres × rate, in SAR to the halala, with how it was worked out. DomainError `no_tariff`."""
    tariff = Tariff.objects.in_force(code, on)
    if tariff is None:
        raise DomainError("no_tariff", _("No tariff is in force for this fee. An administrator must enter one first."))
    amount = (area_m2 * tariff.rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Amount(
        amount, {"area_m2": format(area_m2.normalize(), "f"), "rate": str(tariff.rate), "tariff": tariff.code}
    )


def load_tariffs() -> int:
    """Enter the seed where nothing is entered yet; returns how many rows were created."""
    created = 0
    for row in SEED:
        if not Tariff.objects.filter(code=row["code"]).exists():
            Tariff.objects.create(**row)
            created += 1
    return created
