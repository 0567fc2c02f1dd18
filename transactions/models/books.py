"""The daily reconciliation of the books: what was published, and each difference that was found."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .requests import person


class Reconciliation(models.Model):
    """The books as they stood once: figures only, the very text whose SHA-256 is in the journal. Written once.

    Without a token nothing signed them: the journal itself was not as it should be.
    """

    day = models.DateField(_("day"), db_index=True)
    at = models.DateTimeField(_("at"))
    text = models.TextField(editable=False)
    # Each office exactly, for staff; what is published of offices is rounded.
    offices = models.JSONField(default=list, editable=False)
    content_hash = models.CharField(_("hash of the content"), max_length=64)
    token = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = _("daily reconciliation")
        verbose_name_plural = _("daily reconciliations")
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def figures(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.text)
        return values


# What nobody has explained yet and is still there.
IS_UNEXPLAINED = Q(closed_at__isnull=True, settled_at__isnull=True)


class DifferenceQuerySet(models.QuerySet["Difference"]):
    def there(self) -> DifferenceQuerySet:
        """Those that the last reconciliation still found."""
        return self.filter(closed_at=None)

    def unexplained(self) -> DifferenceQuerySet:
        return self.filter(IS_UNEXPLAINED)


class Difference(models.Model):
    """Something that two books say differently. It closes itself once it is gone; staff may explain it before."""

    kind = models.SlugField(_("kind"), max_length=30, db_index=False)
    subject = models.CharField(_("what it is about"), max_length=80)
    office = models.ForeignKey(
        Office, verbose_name=_("office in charge"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = person(_("who looks into it"), null=True, blank=True, related_name="+", db_index=False)
    found_at = models.DateTimeField(_("found at"))
    seen_at = models.DateTimeField(_("last seen at"))
    reason = models.TextField(_("explanation"), blank=True)
    settled_at = models.DateTimeField(_("explained at"), null=True, blank=True)
    settled_by = person(_("explained by"), null=True, blank=True, related_name="+", db_index=False)
    closed_at = models.DateTimeField(_("gone since"), null=True, blank=True)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference in the books")
        verbose_name_plural = _("differences in the books")
        ordering = ["found_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(closed_at__isnull=True),
                name="a_difference_is_open_once",
                violation_error_message=_("This difference is already on the list."),
            ),
            models.CheckConstraint(
                name="explained_with_a_reason",
                condition=Q(settled_at__isnull=True) | ~Q(reason=""),
                violation_error_message=_("Give the reason for the difference."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
