"""Places on a page of a document that somebody who works on its case marked or measured."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .history import Deficiency
from .papers import Attachment
from .requests import person


class MarkQuerySet(models.QuerySet["Mark"]):
    def current(self) -> MarkQuerySet:
        """Those that nobody took back."""
        return self.filter(removed_at=None)

    def asked(self) -> MarkQuerySet:
        """Those a return told the applicant of."""
        return self.current().filter(deficiency__isnull=False)


class Mark(models.Model):
    """A place on a page. `points` are [across, down] in parts of the page's width and height, from its upper left, so
    that they hold at whatever size it is drawn; two opposite corners of a rectangle.

    Once a return has told the applicant of it (`deficiency`) it is never changed or taken back.
    """

    class Shape(models.TextChoices):
        POINT = "point", _("Point")
        RECTANGLE = "rectangle", _("Rectangle")
        LENGTH = "length", _("Length")
        AREA = "area", _("Area")

    # Given by whoever makes it: the same mark sent twice is one.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="places")
    page = models.PositiveIntegerField(_("page"))
    shape = models.CharField(_("shape"), max_length=10, choices=Shape)
    points = models.JSONField(_("points"))
    text = models.TextField(_("text"), blank=True)
    # Of a length in metres, of an area in square metres; and metres of a pixel of the page at its largest then.
    measured = models.FloatField(_("measured"), null=True, blank=True)
    metres_per_pixel = models.FloatField(null=True, blank=True, editable=False)
    author = person(_("marked by"), related_name="+")
    made_at = models.DateTimeField(_("marked at"))
    removed_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    removed_by = person(_("taken back by"), null=True, blank=True, related_name="+")
    deficiency = models.ForeignKey(
        Deficiency, verbose_name=_("deficiency"), null=True, blank=True, on_delete=models.PROTECT, related_name="places"
    )

    objects = MarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ["page", "id"]
        constraints = [
            models.CheckConstraint(
                name="a_mark_that_was_told_stays",
                condition=Q(deficiency=None) | Q(removed_at=None),
                violation_error_message=_("This mark was sent to the applicant, so it cannot be removed."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.attachment_id} {self.page} {self.shape}"
