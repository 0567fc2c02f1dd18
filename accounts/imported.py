"""A list that was brought as a file: what it held, who brought it, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Import(models.Model):
    """The file as it was read, so that what is carried out is what was looked at; once it was, nothing of its text is
    kept. People wait for a second administrator (`proposal`); everything else is carried out by whoever brought it.
    """

    class Kind(models.TextChoices):
        PEOPLE = "people", _("People and their posts")
        OFFICES = "offices", _("Offices")
        DISTRICTS = "districts", _("Districts")
        HOLIDAYS = "holidays", _("Holidays")

    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    file_name = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField(max_length=64)
    text = models.TextField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(_("at"))
    done_at = models.DateTimeField(_("carried out at"), null=True)
    # {"new": …, "changed": …, "same": …}, as it was carried out.
    result = models.JSONField(_("result"), null=True)
    proposal = models.ForeignKey(
        "accounts.Proposal", verbose_name=_("proposal"), null=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="an_import_has_its_result",
                condition=Q(done_at=None) | Q(result__isnull=False),
                violation_error_message=_("An import that was carried out has its result."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
