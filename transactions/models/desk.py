"""What the desk keeps for the people who work at it: who has a case open, and the filters they come back to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .requests import Transaction, person


class CasePresence(models.Model):
    """A member of the staff has a case open. No lock: a row that is not renewed means nothing soon after."""

    transaction = models.ForeignKey(Transaction, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = person(_("person"), related_name="+", db_index=False)
    seen_at = models.DateTimeField(_("seen at"), db_index=True)

    class Meta:
        verbose_name = _("open case")
        verbose_name_plural = _("open cases")
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "user"],
                name="open_once_a_person",
                violation_error_message=_("This person already has the case open."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.user_id}"


class SavedFilter(models.Model):
    """A list with its filter and order under a name. `office` is whom it is shared with: everybody who works there."""

    class Place(models.TextChoices):
        QUEUE = "queue", _("My queue")
        SUPERVISION = "supervision", _("Supervision")

    owner = person(_("saved by"), related_name="saved_filters", db_index=False)
    office = models.ForeignKey(
        Office, verbose_name=_("shared with"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    place = models.CharField(_("list"), max_length=12, choices=Place)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filter"), max_length=500)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "place", "name"],
                name="a_filter_has_its_name",
                violation_error_message=_("You already have a filter of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class LaneTurn(models.Model):
    """How far each lane has come of what a person takes while a pile is worked off (domain.lanes.Turn)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )
    pile = models.PositiveSmallIntegerField()
    due = models.PositiveSmallIntegerField()
    new = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("turn of the lanes")
        verbose_name_plural = _("turns of the lanes")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.pile}, {self.due}, {self.new}"
