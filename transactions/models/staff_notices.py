"""What a member of staff is told of: work given to them, answers and notes that came, lateness."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Absence

from .requests import Transaction, person


class StaffNotice(models.Model):
    """One thing one person is told once. Words are made when it is read, and by what its reader may see then.

    `about` names what it is about, so that the same thing is told once; `mailed_at` is when it went by mail as well.
    """

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("Assigned to you")
        HANDED_OVER = "handed_over", _("Handed over to you by someone who left")
        ANSWERED = "answered", _("The applicant answered")
        NOTED = "noted", _("A colleague left you a note")
        LATE = "late", _("Late in its stage")
        STANDS_IN = "stands_in", _("You are a substitute")

    recipient = person(_("recipient"), related_name="+", db_index=False)
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    about = models.CharField(max_length=60)
    transaction = models.ForeignKey(
        Transaction, verbose_name=_("transaction"), null=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    absence = models.ForeignKey(
        Absence, verbose_name=_("absence"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("at"))
    read_at = models.DateTimeField(_("read at"), null=True)
    mailed_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("notice to staff")
        verbose_name_plural = _("notices to staff")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="staff_notices_of"),
            models.Index(fields=["recipient"], name="staff_notices_unread", condition=Q(read_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "about"],
                name="staff_told_once",
                violation_error_message=_("This person has already been notified of this."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id} {self.about}"


class StaffMail(models.Model):
    """How a member of staff wants these notices by mail. Without a row: once a day."""

    class How(models.TextChoices):
        DIGEST = "digest", _("Once a day, how many there are")
        EACH = "each", _("Each at once")
        NONE = "none", _("Not at all")

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="staff_mail")
    how = models.CharField(_("by email"), max_length=6, choices=How, default=How.DIGEST)

    class Meta:
        verbose_name = _("mail to staff")
        verbose_name_plural = _("mail to staff")

    def __str__(self) -> str:
        return f"{self.user_id} {self.how}"
