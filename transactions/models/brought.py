"""Receipts that people brought, and that this portal has lost the request of."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .requests import Transaction, person


class BroughtReceipt(models.Model):
    """Somebody holds a receipt of ours for a request that is not here: a case, with its date, until staff settle it."""

    class Proof(models.TextChoices):
        SIGNATURE = "signature", _("our signature on it")
        PIN = "pin", _("its number and PIN")

    reference = models.CharField(
        _("number"),
        max_length=40,
        unique=True,
        error_messages={"unique": _("This receipt has already been handed in.")},
    )
    proof = models.CharField(_("proved by"), max_length=10, choices=Proof)
    token = models.TextField(blank=True, editable=False)
    service = models.SlugField(_("service"), max_length=40, blank=True)
    # The receipt's own date; empty where only number and PIN were known.
    signed_at = models.DateTimeField(_("date of the receipt"), null=True, blank=True)
    phone = models.CharField(_("mobile"), max_length=13)
    brought_at = models.DateTimeField(_("handed in at"))
    outcome = models.TextField(_("how it was settled"), blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = person(_("settled by"), null=True, blank=True, related_name="+", db_index=False)
    transaction = models.ForeignKey(
        Transaction, verbose_name=_("transaction"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip

    class Meta:
        verbose_name = _("receipt handed in")
        verbose_name_plural = _("receipts handed in")
        ordering = ["brought_at"]

    def __str__(self) -> str:
        return self.reference
