"""Figures that are kept instead of counted each time."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DayFigure(models.Model):
    """What one day of the city came to (in Jeddah), counted once it was over; nothing later changes it."""

    day = models.DateField(_("day"), primary_key=True)
    received = models.PositiveIntegerField(_("received"))
    decided = models.PositiveIntegerField(_("decided"))
    # {service: {working days: how many approvals took so long}}; None on days kept before this was counted.
    approvals = models.JSONField(_("approvals by the days they took"), null=True, default=None)

    class Meta:
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures of days")

    def __str__(self) -> str:
        return self.day.isoformat()


class MonthFigures(models.Model):
    """What a month came to, as it was published once it was over (selectors.open_figures); written once."""

    month = models.DateField(_("month"), primary_key=True)
    at = models.DateTimeField(_("published at"))
    rows = models.JSONField(_("published figures"))

    class Meta:
        verbose_name = _("open figures of a month")
        verbose_name_plural = _("open figures of months")

    def __str__(self) -> str:
        return self.month.isoformat()[:7]
