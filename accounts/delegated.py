"""Somebody acts for another person or an establishment, by a paper that a clerk has checked."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from municipality.models import Office

from .terms import Term


class Operation(models.TextChoices):
    """What a delegation may let somebody do, beside following the requests it covers."""

    FILE = "file", pgettext_lazy("delegation", "Prepare and submit requests")
    ANSWER = "answer", pgettext_lazy("delegation", "Answer returned requests")
    WITHDRAW = "withdraw", pgettext_lazy("delegation", "Withdraw requests, object to decisions and complain")
    RECEIVE = "receive", pgettext_lazy("delegation", "Receive what is issued")


class Delegation(Term):
    """`agent` acts for `principal` from one day to another. `services` are codes, none meaning all of them;
    `operations` are values of Operation. What was checked stays as it was: another paper is another row.
    """

    class Basis(models.TextChoices):
        POWER = "power", _("Power of attorney")
        ESTABLISHMENT = "establishment", _("Representation of an establishment")

    principal = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("principal"),
        on_delete=models.PROTECT,
        related_name="delegations_given",
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("agent"), on_delete=models.PROTECT, related_name="delegations_held"
    )
    basis = models.CharField(_("basis"), max_length=20, choices=Basis)
    number = models.CharField(_("number of the document"), max_length=40)
    issuer = models.CharField(_("issued by"), max_length=150)
    services = models.JSONField(_("services"), default=list, blank=True)
    operations = models.JSONField(_("may"), default=list)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("original seen by"), on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    checked_at = models.ForeignKey(
        Office, verbose_name=_("seen at"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    recorded_at = models.DateTimeField(_("recorded at"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("ended by"), null=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["principal", "agent", "number"],
                condition=Q(ended_at=None),
                name="a_delegation_is_recorded_once",
                violation_error_message=_("This document is already recorded for these two."),
            ),
            models.CheckConstraint(
                name="a_delegation_ends",
                condition=Q(ends_on__isnull=False, ends_on__gte=F("starts_on")),
                violation_error_message=_("A delegation has a last day, not before its first."),
            ),
            models.CheckConstraint(
                name="nobody_delegates_to_themselves",
                condition=~Q(principal=F("agent")),
                violation_error_message=_("The two are the same person."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} ← {self.principal} ({self.number})"

    def _is_over(self, today: date) -> bool:
        """A paper holds through its last day, unless somebody ended it on that day."""
        by_hand = self.ended_by_id is not None
        return self.ends_on is not None and (self.ends_on <= today if by_hand else self.ends_on < today)

    @property
    def is_limited(self) -> bool:
        """Does the paper leave anything out that the principal may do?"""
        return bool(self.services) or set(self.operations) != set(Operation.values)

    def covers(self, service: str, operation: str = "", *, on: date) -> bool:
        """Does it hold on this day, for this service and operation (following alone, when none is named)?"""
        in_scope = not self.services or service in self.services
        return self.holds(on) and in_scope and (not operation or operation in self.operations)
