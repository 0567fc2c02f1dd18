"""What is known of the pile of each office, worked out now and then and not for each inquiry; and earlier forecasts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OfficePile(models.Model):
    """What waits at an office, in bands, and when its pile ends; selectors.piles writes `known`."""

    office = models.SlugField(_("office"), max_length=12, primary_key=True)
    at = models.DateTimeField(_("as of"))
    known = models.JSONField(_("what is known"), default=dict)

    class Meta:
        verbose_name = _("pile of an office")
        verbose_name_plural = _("piles of offices")

    def __str__(self) -> str:
        return self.office


class PileForecast(models.Model):
    """What was forecast for an office on one day: so many decisions of its pile in the next working days. `actual` is
    how many there were, once these are over.
    """

    office = models.SlugField(_("office"), max_length=12, db_index=False)
    day = models.DateField(_("day"))
    waiting = models.PositiveIntegerField(_("waiting"))
    expected = models.FloatField(_("decisions expected"))
    actual = models.PositiveIntegerField(_("decisions made"), null=True)
    first = models.DateField(_("ends from"))
    last = models.DateField(_("ends by"), null=True)

    class Meta:
        verbose_name = _("forecast of a pile")
        verbose_name_plural = _("forecasts of piles")
        ordering = ["day", "office"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "day"],
                name="one_forecast_a_day",
                violation_error_message=_("There is a forecast of this day already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.day}"
