"""What a change of a tariff would make of fees, said before it is saved."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from core.admin.signals import consequences_wanted
from core.numbers import money_in_words
from transactions.domain import service_types

from .models import Tariff


@receiver(consequences_wanted, sender=Tariff)
def fee_of_an_example(row: Tariff, deleted: bool, **_signal: Any) -> list[str]:
    """What the example of this tariff pays before and after; nothing is said when that is the same."""
    kind = service_types.tariff_kinds().get(row.code)
    if kind is None:
        return []
    others = Tariff.objects.exclude(pk=row.pk)
    before = Tariff.objects.in_force(row.code, row.valid_from)
    after = others.in_force(row.code, row.valid_from) if deleted else row
    rates = {"before": before.rate if before else None, "after": after.rate if after else None}
    if rates["before"] == rates["after"]:
        return []
    words = {
        when: _("no tariff") if rate is None else money_in_words(rate * kind.example_units)
        for when, rate in rates.items()
    }
    sentence = _("From %(day)s, %(example)s: %(after)s SAR (before that: %(before)s).")
    return [sentence % {**words, "example": kind.example, "day": row.valid_from.isoformat()}]
