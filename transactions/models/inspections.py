"""Somebody of the office went to see the place a request is about."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .history import Event
from .requests import Transaction, person


class Inspection(models.Model):
    """What was found on site, written once; its photographs are Attachments that point here. `event` is the move that
    told of it: the stage's end, or the return of what is not as it must be.
    """

    class Result(models.TextChoices):
        PASSED = "passed", _("As required")
        FAILED = "failed", _("Not as required")

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="inspections")
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="inspection")
    result = models.CharField(_("result"), max_length=10, choices=Result)
    visited_on = models.DateField(_("day of the visit"))
    findings = models.TextField(_("what was found"), blank=True)
    # The same by language; none of what was found before that was noted.
    own_words = models.JSONField(null=True, blank=True, editable=False)
    by = person(_("inspected by"), related_name="+", db_index=False)
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="a_failed_inspection_says_why",
                condition=~models.Q(result="failed", findings=""),
                violation_error_message=_("An inspection that was not passed says what was found."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.visited_on} {self.result}"
