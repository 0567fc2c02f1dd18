"""Somebody is away from a post from one day to another, and who stands in for them meanwhile."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def live(self) -> AbsenceQuerySet:
        """Those nobody has ended early or called off."""
        return self.filter(ended_at=None)

    def meeting(self, first: date, last: date) -> AbsenceQuerySet:
        """Live ones with a day between these two, both included."""
        return self.live().filter(starts_on__lte=last, ends_on__gte=first)


class Absence(models.Model):
    """The holder of a post is away from the first day to the last, both included; why is nobody's business here.

    `substitute` holds the same role in the same office. What was entered stays as it was: one that is called off, or
    over early, has `ended_at`; other days are another row.
    """

    post = models.ForeignKey(
        "accounts.StaffPost", verbose_name=_("staff post"), on_delete=models.PROTECT, related_name="absences"
    )
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("substitute"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    starts_on = models.DateField(_("first day away"))
    ends_on = models.DateField(_("last day away"), db_index=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("entered by"), on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    entered_at = models.DateTimeField(_("entered at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("ended by"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_it_begins",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("The last day is before the first day."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.post_id} {self.starts_on} – {self.ends_on}"
