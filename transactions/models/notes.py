"""What colleagues write to each other about a case."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .requests import Transaction, person


class Note(models.Model):
    """A note on a case for the staff alone: no applicant and no inquiry ever sees it. Written once, never changed.

    `to` is the colleague it is meant for, when it is meant for one; `read_at` is when they said they had read it.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField(_("at"))
    author = person(_("written by"), related_name="+")
    office = models.ForeignKey(Office, verbose_name=_("office"), null=True, on_delete=models.PROTECT, related_name="+")
    to = person(_("for"), null=True, blank=True, related_name="+")
    text = models.TextField(_("note"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        verbose_name = _("internal note")
        verbose_name_plural = _("internal notes")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["to"], name="notes_to_read", condition=Q(read_at__isnull=True))]
        constraints = [
            models.CheckConstraint(
                name="a_note_says_something",
                condition=~Q(text=""),
                violation_error_message=_("Write the text of the note."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.at:%Y-%m-%d}"
