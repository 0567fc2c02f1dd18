"""Drawings that were checked, and what was found on each."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from transactions.models import Attachment, Mark
from transactions.models.requests import person


class DrawingCheck(models.Model):
    """A drawing, what was typed beside it, and what was found. One a file: it is done anew when what was typed changes.

    It goes with its file: one that belongs to no request a week after it was sent (`sweep_files`).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Checked")
        FAILED = "failed", _("Could not be checked")

    attachment = models.OneToOneField(Attachment, on_delete=models.CASCADE, related_name="drawing_check")
    facts = models.JSONField(default=dict)
    rule_set = models.CharField(_("rule set"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    # Why it could not be checked: one of caged.WRONG.
    wrong = models.CharField(max_length=20, blank=True)
    result = models.JSONField(default=dict)
    asked_at = models.DateTimeField(_("asked at"))
    done_at = models.DateTimeField(_("checked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("checked drawing")
        verbose_name_plural = _("checked drawings")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                name="a_drawing_checked_has_its_moment",
                condition=Q(state="waiting") | Q(done_at__isnull=False),
                violation_error_message=_("A checked drawing has the moment of its check."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.attachment_id} {self.state}"


class DrawingFinding(models.Model):
    """Something the reviewer will ask about: explained by the applicant, decided on by the reviewer."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        OVERRIDDEN = "overridden", _("Overridden")
        DEFICIENCY = "deficiency", _("Made a deficiency")

    check_of = models.ForeignKey(DrawingCheck, on_delete=models.CASCADE, related_name="findings")
    # What makes it the same finding when the drawing is checked again: code, subject and which of them (running).
    key = models.CharField(max_length=140)
    code = models.SlugField(_("check"), max_length=40)
    number = models.PositiveSmallIntegerField(_("number"))
    content = models.JSONField(default=dict)
    # Since when a check of the same drawing finds it no more. Kept for what was said of it.
    gone_at = models.DateTimeField(_("no longer found since"), null=True, blank=True)
    explanation = models.TextField(_("explanation"), blank=True)
    explained_at = models.DateTimeField(_("explained at"), null=True, blank=True)
    explained_by = person(_("explained by"), null=True, blank=True, related_name="+")
    decision = models.CharField(_("decision"), max_length=12, choices=Decision, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = person(_("decided by"), null=True, blank=True, related_name="+")
    mark = models.ForeignKey(Mark, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("finding on a drawing")
        verbose_name_plural = _("findings on drawings")
        ordering = ["number"]
        indexes = [models.Index(fields=["code", "decision"], name="findings_by_check")]
        constraints = [
            models.UniqueConstraint(
                fields=["check_of", "key"],
                name="a_finding_stands_once",
                violation_error_message=_("This was found already."),
            ),
            models.CheckConstraint(
                name="decided_by_somebody_at_a_moment",
                condition=Q(decision="", decided_at__isnull=True, decided_by__isnull=True)
                | Q(~Q(decision=""), decided_at__isnull=False, decided_by__isnull=False),
                violation_error_message=_("A decision names who made it and when."),
            ),
            models.CheckConstraint(
                name="overridden_with_a_reason",
                condition=~Q(decision="overridden", reason=""),
                violation_error_message=_("Give the reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.decision}"

    @property
    def decided_on(self) -> dict[str, Any]:
        """What the decision is about, while `content` says something else since; empty when it does not."""
        return dict(self.content.get("decided_on", {}))

    @property
    def place(self) -> list[Any]:
        return list(self.content.get("place", ()))
