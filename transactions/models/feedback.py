"""What readers say of a page. Nothing of it is about a person: no name, no address, no free text."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FeedbackReason(models.TextChoices):
    """Why a page was of no use, from a list: in free text people would write of themselves."""

    NOT_THERE = "not_there", _("What I looked for is not here")
    NOT_CLEAR = "not_clear", _("It is hard to understand")
    NOT_WORKING = "not_working", _("Something did not work")
    NOT_TRUE = "not_true", _("Something here is not correct")


class PageFeedback(models.Model):
    """One answer to “Was this page useful?”. `page` is the name of an address, which itself may name a case."""

    page = models.CharField(_("page"), max_length=100)
    language = models.CharField(_("language"), max_length=2)
    useful = models.BooleanField(_("useful"))
    reason = models.CharField(_("reason"), max_length=20, choices=FeedbackReason, blank=True)
    day = models.DateField(_("day"))

    class Meta:
        verbose_name = _("answer about a page")
        verbose_name_plural = _("answers about pages")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["page", "day"], name="feedback_by_page")]

    def __str__(self) -> str:
        return self.page
