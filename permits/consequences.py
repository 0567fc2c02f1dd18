"""What a change of a tariff would make of fees, said before it is saved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from core.admin.signals import consequences_wanted

from .models import Tariff

# Square metres: a villa of two floors.
EXAMPLE_M2 = Decimal(500)


@receiver(consequences_wanted, sender=Tariff)
def fee_of_a_villa(row: Tariff, deleted: bool, **_signal: Any) -> list[str]:
    """What a building of EXAMPLE_M2 pays before and after; nothing is said when that is the same."""
    others = Tariff.objects.exclude(pk=row.pk)
    before = Tariff.objects.in_force(row.code, row.valid_from)
    after = others.in_force(row.code, row.valid_from) if deleted else row
    rates = {"before": before.rate if before else None, "after": after.rate if after else None}
    if rates["before"] == rates["after"]:
        return []
    words = {when: _("no tariff") if rate is None else f"{rate * EXAMPLE_M2:.2f}" for when, rate in rates.items()}
    sentence = _("From %(day)s, %(area)s m² cost %(after)s SAR (before that: %(before)s).")
    return [sentence % {**words, "area": EXAMPLE_M2, "day": row.valid_from.isoformat()}]
