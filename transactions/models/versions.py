"""The versions of what was answered, and answers to a return that are still being written."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .history import Event
from .requests import Transaction, person


class AnswersVersion(models.Model):
    """What was answered as of one event: submitting (number 1), answering a return, a correction on record.

    Written once, never changed. The version in force is also on the transaction (`answers`, `answers_version`), where
    lists and pages read it without asking twice. The journal entry of the event holds the hash of its content.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField(_("version"))
    answers = models.JSONField(_("answers"))
    by = person(_("by"), related_name="+", db_index=False)
    at = models.DateTimeField(_("at"))
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "transactions_answers"
        verbose_name = _("version of the answers")
        verbose_name_plural = _("versions of the answers")
        ordering = ["transaction_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "number"],
                name="versions_are_numbered",
                violation_error_message=_("The answers already have a version with this number."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} v{self.number}"


class AnswersInProgress(models.Model):
    """Answers to a return as typed so far, right or wrong, by question; `replaced` are the keys of the files to be put
    aside. Its writer's own until it is sent; then the row goes.
    """

    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="answers_in_progress")
    answers = models.JSONField(default=dict)
    replaced = models.JSONField(default=list)
    updated_at = models.DateTimeField(_("last saved at"))

    class Meta:
        verbose_name = _("answers in progress")
        verbose_name_plural = _("answers in progress")

    def __str__(self) -> str:
        return f"{self.transaction_id}"
