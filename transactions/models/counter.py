"""A day at a counter: the numbers people draw, and receipts that are printed again for somebody present."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .requests import person
from .visits import CounterVisit


class CounterTicket(models.Model):
    """A number that was drawn at a centre. It names nobody; what was done while it was served is read elsewhere
    (visits/day.py).
    """

    class Outcome(models.TextChoices):
        OPEN = "", _("Not ended")
        SERVED = "served", _("Served")
        ABSENT = "absent", _("Did not come")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    centre = models.ForeignKey(
        Office, verbose_name=_("centre"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField(_("day"))
    # 1, 2, 3 … of the centre and day.
    number = models.PositiveIntegerField(_("number"))
    drawn_at = models.DateTimeField(_("drawn at"))
    drawn_by = person(_("drawn by"), related_name="+", db_index=False)
    called_at = models.DateTimeField(_("called at"), null=True, blank=True)
    clerk = person(_("clerk"), related_name="+", db_index=False, null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True, default=Outcome.OPEN)

    class Meta:
        verbose_name = _("number at a counter")
        verbose_name_plural = _("numbers at counters")
        ordering = ["centre", "day", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "day", "number"],
                name="ticket_number_once",
                violation_error_message=_("This number was drawn already."),
            ),
            models.UniqueConstraint(
                fields=["clerk"],
                condition=Q(called_at__isnull=False, ended_at=None),
                name="one_ticket_at_a_time",
                violation_error_message=_("You are serving a number already."),
            ),
            models.CheckConstraint(
                name="ticket_called_by_somebody",
                condition=Q(called_at=None, clerk=None) | Q(called_at__isnull=False, clerk__isnull=False),
                violation_error_message=_("A number is called by a clerk."),
            ),
            models.CheckConstraint(
                name="ticket_ends_with_outcome",
                condition=Q(ended_at=None, outcome="")
                | Q(ended_at__isnull=False, called_at__isnull=False) & ~Q(outcome=""),
                violation_error_message=_("A number that was called ends served, or because nobody came."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class ReceiptReprint(models.Model):
    """A receipt printed again for somebody whose original ID was seen. The paper bears the number of the reprint."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    visit = models.ForeignKey(CounterVisit, on_delete=models.PROTECT, related_name="reprints", db_index=False)
    # 1, 2, 3 … of the request.
    number = models.PositiveIntegerField(_("number"))
    # A copy: a constraint spans no table.
    transaction = models.ForeignKey(
        "transactions.Transaction", on_delete=models.PROTECT, related_name="receipt_reprints", db_index=False
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("receipt printed again")
        verbose_name_plural = _("receipts printed again")
        ordering = ["transaction", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "number"],
                name="reprint_number_once",
                violation_error_message=_("This receipt was printed again already."),
            ),
            models.UniqueConstraint(
                fields=["visit"],
                name="one_reprint_a_visit",
                violation_error_message=_("This receipt was printed again already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)
