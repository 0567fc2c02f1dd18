"""Fees by the tariff in force, and the first rates of the tariffs that the services ask for."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.domain.service_types import Amount, TariffKind

from .models import Tariff


def in_force(kind: TariffKind, on: date) -> Tariff:
    """The rate of a day. DomainError `no_tariff`."""
    tariff = Tariff.objects.in_force(kind.code, on)
    if tariff is None:
        raise DomainError("no_tariff", _("No tariff is in force for this fee. An administrator must enter one first."))
    return tariff


def per_square_metre(kind: TariffKind, area_m2: Decimal, on: date, *, years: int | None = None) -> Amount:
    """Square metres × rate (× years), in SAR to the halala, with how it was worked out. DomainError `no_tariff`."""
    return _charged(in_force(kind, on), area_m2, years)


def dearest_per_square_metre(
    kinds: list[TariffKind], area_m2: Decimal, on: date, *, years: int | None = None
) -> Amount:
    """The same by the highest of several rates. DomainError `no_tariff` when one of them has none."""
    return _charged(max((in_force(kind, on) for kind in kinds), key=lambda tariff: tariff.rate), area_m2, years)


def _charged(tariff: Tariff, area_m2: Decimal, years: int | None) -> Amount:
    amount = (area_m2 * tariff.rate * (1 if years is None else years)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    basis = {"area_m2": format(area_m2.normalize(), "f"), "rate": str(tariff.rate), "tariff": tariff.code}
    return Amount(amount, basis | ({} if years is None else {"years": str(years)}))


def load_tariffs() -> int:
    """Enter the first rate where nothing is entered yet; returns how many rows were created."""
    created = 0
    for kind in service_types.tariff_kinds().values():
        if not Tariff.objects.filter(code=kind.code).exists():
            Tariff.objects.create(
                code=kind.code, rate=kind.rate, valid_from=kind.since, certainty=kind.certainty, source=kind.source
            )
            created += 1
    return created
