"""Texts that reviewers and supervisors write once, in both languages, and use for many cases."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from municipality.models import Office

from .requests import person


class TextTemplate(models.Model):
    """A text under a name, with its versions. `office` is whom it is shared with; without one, its owner's alone."""

    class Kind(models.TextChoices):
        DEFICIENCY = "deficiency", pgettext_lazy("text template", "Deficiency")
        REFUSAL = "refusal", pgettext_lazy("text template", "Reason of a refusal")
        CONDITION = "condition", pgettext_lazy("text template", "Condition of an approval")
        EXPLANATION = "explanation", pgettext_lazy("text template", "Explanation")

    owner = person(_("written by"), related_name="text_templates", db_index=False)
    office = models.ForeignKey(
        Office, verbose_name=_("shared with"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=60)
    # The number of its latest version, which is the one in use.
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        verbose_name = _("text template")
        verbose_name_plural = _("text templates")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="a_template_has_its_name",
                violation_error_message=_("You already have a text template of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TextTemplateVersion(models.Model):
    """The words of a template from one saving to the next. Written once, never changed. Placeholders by their codes."""

    template = models.ForeignKey(TextTemplate, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField(_("version"))
    text_ar = models.TextField(_("in Arabic"))
    text_en = models.TextField(_("in English"))
    by = person(_("by"), related_name="+", db_index=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("version of a text template")
        verbose_name_plural = _("versions of text templates")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"],
                name="a_version_of_a_template_once",
                violation_error_message=_("This version was already written."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.template_id}/{self.number}"

    def text(self, language: str) -> str:
        """The words in one of the two languages."""
        return self.text_ar if language == "ar" else self.text_en
