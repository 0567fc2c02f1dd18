"""Tariffs: what a square metre costs from which day on. Seeded, edited by administrators."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from municipality.models import Certainty

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


# What a tariff is for, in words.
TITLES = {"building-permit-m2": _("Building permit, for each m²")}


class TariffQuerySet(models.QuerySet["Tariff"]):
    def in_force(self, code: str, on: date) -> Tariff | None:
        """The rate of a tariff on a day: the latest that had begun by then."""
        return self.filter(code=code, valid_from__lte=on).order_by("-valid_from").first()


class Tariff(models.Model):
    code = models.SlugField(_("code"), max_length=40)
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
            models.UniqueConstraint(fields=["code", "valid_from"], name="one_rate_a_day"),
            models.CheckConstraint(name="rate_not_negative", condition=models.Q(rate__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.title} – {self.rate}"

    @property
    def title(self) -> StrOrPromise:
        return TITLES.get(self.code, self.code)
