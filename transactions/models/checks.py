"""What somebody who studied a case said of a point of its checklist."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .requests import Transaction, person


class Check(models.Model):
    """Somebody pressed on a point of the checklist. Written once, never changed: the latest row of a point counts.

    It bears the point's words as they were then, and `seen`, a mark of the answers and files it was about
    (CheckPoint.seen): once they differ, the point has to be looked at again.
    """

    class State(models.TextChoices):
        TICKED = "ticked", _("Ticked")
        DOES_NOT_APPLY = "not_needed", _("Does not apply")
        DEFICIENT = "deficient", _("To be completed")
        LEFT_OUT = "left_out", _("Left out by the supervisor")
        CLEARED = "cleared", _("Taken back")

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="checks")
    stage = models.SlugField(_("stage"), max_length=30, db_index=False)
    code = models.SlugField(_("code"), max_length=30, db_index=False)
    state = models.CharField(_("state"), max_length=10, choices=State)
    words_ar = models.TextField(_("words (Arabic)"))
    words_en = models.TextField(_("words (English)"))
    reason = models.TextField(_("reason"), blank=True)
    seen = models.CharField(max_length=32, editable=False)
    answers_version = models.PositiveSmallIntegerField(_("version of the answers"))
    by = person(_("by"), related_name="+", db_index=False)
    office = models.ForeignKey(
        Office, verbose_name=_("office"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # In which capacity they pressed, as an event has it; nobody who studied a case decides on it (duties.py).
    acted_as = models.CharField(max_length=20, default="", db_default="", editable=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="left_out_says_why",
                condition=~Q(state="left_out", reason=""),
                violation_error_message=_("Give the reason why these points are left out."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.code} {self.state}"

    @property
    def words(self) -> str:
        """As they were then, in the reader's language."""
        return self.words_ar if (get_language() or settings.LANGUAGE_CODE) == "ar" else self.words_en
