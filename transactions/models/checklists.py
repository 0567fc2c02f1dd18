"""What administrators changed of the checklists that services bring along."""

from __future__ import annotations

from django.db import models
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .requests import person


class PointVersion(models.Model):
    """A point of the checklist of a service at one stage, from a day on. Written once, never changed: requests keep the
    version of the day they were received. `code` is that of a point of the service's own, or of one added here.
    """

    service = models.SlugField(_("service"), max_length=40, db_index=False)
    stage = models.SlugField(_("stage"), max_length=30, db_index=False)
    code = models.SlugField(_("code"), max_length=30, db_index=False)
    number = models.PositiveSmallIntegerField(_("version"))
    words_ar = models.TextField(_("words (Arabic)"))
    words_en = models.TextField(_("words (English)"))
    # The questions and documents looked at; a tick is good until one of them changes.
    about = models.JSONField(default=list)
    ended = models.BooleanField(_("ended"), default=False)
    valid_from = models.DateField(_("valid from"))
    reason = models.TextField(_("reason"))
    by = person(_("by"), null=True, related_name="+", db_index=False)
    # None where one person is enough, or there was no second one.
    confirmed_by = person(_("confirmed by"), null=True, related_name="+", db_index=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("version of a point of a checklist")
        verbose_name_plural = _("versions of points of checklists")
        ordering = ["service", "stage", "code", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "stage", "code", "number"],
                name="a_version_of_a_point_once",
                violation_error_message=_("This version was already written."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.service}/{self.stage}/{self.code}/{self.number}"

    def words_here(self) -> str:
        """In the reader's language."""
        return self.words_en if (get_language() or "").startswith("en") else self.words_ar

    @property
    def words(self) -> str:
        """The same, read when it is shown, as the words of a catalogue are."""
        return lazy(self.words_here, str)()
