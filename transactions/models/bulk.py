"""One action on many cases: what was looked at, and what became of each. Rows, so that a crash loses no place."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .requests import Transaction, person


class BulkJob(models.Model):
    """Somebody wants to make the same move on many cases. They look first (LOOKED_AT), a worker does it after that.

    `undoes` is the job whose work this one takes back.
    """

    class State(models.TextChoices):
        LOOKED_AT = "looked_at", _("Not started")
        RUNNING = "running", _("Running")
        DONE = "done", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    move = models.SlugField(_("action"), max_length=20, db_index=False)
    by = person(_("by"), related_name="+", db_index=True)
    # Whom the cases go to, where the move hands them to somebody.
    to = person(_("to"), null=True, blank=True, related_name="+", db_index=False)
    # Whose post or account ended: the cases were theirs, and the system hands them over.
    leaver = person(_("who leaves"), null=True, blank=True, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.LOOKED_AT)
    # The list it was begun from, to go back to.
    back = models.CharField(max_length=1000, blank=True)
    made_at = models.DateTimeField(_("at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    # Of pages of a register: the keys of its lines, in order.
    lines = models.JSONField(null=True, editable=False)
    # The file it made, if it is one that prints: for whoever asked for it, and for a while.
    stored_as = models.CharField(max_length=60, default="", db_default="", editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, default="", db_default="", editable=False)
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True, editable=False)
    pages = models.PositiveIntegerField(_("pages"), null=True, editable=False)
    kept_until = models.DateTimeField(_("kept until"), null=True, editable=False)
    undoes = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_by")

    class Meta:
        verbose_name = _("action on many cases")
        verbose_name_plural = _("actions on many cases")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.move} {self.key}"

    def has_file(self, now: datetime) -> bool:
        """Can what it made still be had?"""
        return bool(self.stored_as) and self.kept_until is not None and now < self.kept_until


class BulkItem(models.Model):
    """One of the cases. `version` is that which was looked at: a case that moved since stays, and is named."""

    class State(models.TextChoices):
        CANNOT = "cannot", _("Not possible")
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Cancelled")

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    state = models.CharField(_("state"), max_length=10, choices=State)
    # Why not, in the language of whoever began it, or the number that was given.
    message = models.TextField(blank=True)
    # Why not, by language; none where nothing stood against it.
    words = models.JSONField(null=True, blank=True, editable=False)
    # Whom this case goes to, where that differs from case to case: back to whoever had it.
    to = person(_("to"), null=True, blank=True, related_name="+", db_index=False)
    # Whose it was before, for whoever takes it back.
    assignee_before = person(_("assigned to"), null=True, blank=True, related_name="+", db_index=False)
    version_after = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("case of an action on many")
        verbose_name_plural = _("cases of an action on many")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "position"],
                name="bulk_items_are_numbered",
                violation_error_message=_("The cases of an action are numbered; this number is taken."),
            ),
            models.UniqueConstraint(
                fields=["job", "transaction"],
                name="a_case_is_in_a_bulk_once",
                violation_error_message=_("The case is in this action already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.position}"
