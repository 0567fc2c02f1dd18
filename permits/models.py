"""Tariffs: what a square metre costs from which day on. Seeded, edited by administrators."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.hijri import RIYADH
from core.plausible import validate_near
from municipality.models import Certainty
from transactions.domain import service_types
from transactions.models import FeeDue

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def tariff_choices() -> list[tuple[str, StrOrPromise]]:
    """What there is a tariff for: the fees of the catalogue say (a function, so that a new one needs no migration)."""
    return [(kind.code, kind.title) for kind in service_types.tariff_kinds().values()]


MAX_YEARS_AHEAD = 10
# What makes the amount of a fee.
PRICED = ("code", "rate", "valid_from")


class TariffQuerySet(models.QuerySet["Tariff"]):
    def in_force(self, code: str, on: date) -> Tariff | None:
        """The rate of a tariff on a day: the latest that had begun by then."""
        return self.filter(code=code, valid_from__lte=on).order_by("-valid_from").first()


class Tariff(models.Model):
    code = models.SlugField(_("tariff"), max_length=40, choices=tariff_choices)
    rate = models.DecimalField(_("rate (SAR)"), max_digits=10, decimal_places=2)
    valid_from = models.DateField(_("valid from"))
    certainty = models.CharField(_("certainty"), max_length=20, choices=Certainty, default=Certainty.CONFIRMED)
    source = models.CharField(_("source"), max_length=200, blank=True)
    history = HistoricalRecords()

    objects = TariffQuerySet.as_manager()

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="one_rate_a_day",
                violation_error_message=_("A rate with this code already starts on this day."),
            ),
            models.CheckConstraint(
                name="rate_not_negative",
                condition=models.Q(rate__gte=0),
                violation_error_message=_("A rate cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} – {self.rate}"

    @property
    def title(self) -> StrOrPromise:
        return str(self.get_code_display())

    def is_used(self) -> bool:
        """Has a fee been worked out by this rate since it began?"""
        basis = {"basis__tariff": self.code, "basis__rate": str(self.rate)}
        began = datetime.combine(self.valid_from, time(), RIYADH)
        return FeeDue.objects.filter(worked_out_at__gte=began, **basis).exists()

    def clean(self) -> None:
        """ValidationError for a rate nobody means, one that begins in the past, and a change of one fees rest on."""
        if not self.code or self.rate is None or not self.valid_from:
            return
        kind = service_types.tariff_kinds().get(self.code)
        if kind is not None and not kind.low <= self.rate <= kind.high:
            message = _("This rate must be between %(low)s and %(high)s SAR.") % {"low": kind.low, "high": kind.high}
            raise ValidationError({"rate": message})
        stored = type(self).objects.filter(pk=self.pk).first()
        changed = [name for name in PRICED if stored is None or getattr(stored, name) != getattr(self, name)]
        if changed and stored and stored.is_used():
            used = _("Fees were calculated with this tariff. Enter a new one that starts today or later.")
            raise ValidationError(dict.fromkeys(changed, used))
        if changed and self.valid_from < timezone.localdate():
            raise ValidationError({"valid_from": _("A tariff starts today or later, never in the past.")})
        validate_near(self.valid_from, "valid_from", years=MAX_YEARS_AHEAD)
