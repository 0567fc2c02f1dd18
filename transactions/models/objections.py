"""Somebody does not accept a decision, a return or a fee, or complains that their request is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from ..domain.objections import LEVEL_CENTRAL, LEVEL_OFFICE, ObjectionKind, ObjectionOutcome
from .history import Event
from .requests import Transaction, person

if TYPE_CHECKING:
    from .papers import PaperContent

IS_WAITING = Q(decision__isnull=True)
IS_COMPLAINT = Q(kind=ObjectionKind.LATENESS.value)


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def waiting(self) -> ObjectionQuerySet:
        """Those nobody has decided yet."""
        return self.filter(IS_WAITING)

    def for_reading(self) -> ObjectionQuerySet:
        """With what pages and API tell of each."""
        return self.select_related("event", "decision__office", "office", "addressed_to", "about").order_by("pk")


class Objection(models.Model):
    """What was said stands in `event`, why it was decided so in `decision`; both are written once, by the mover.

    `about` is the event objected to; a complaint about lateness is about none. `at` is when its present period began:
    a complaint that was passed on to `level` 2 begins another. `days` are working days.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="objections")
    kind = models.CharField(_("what"), max_length=10, choices=ObjectionKind)
    about = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey(Office, verbose_name=_("decided at"), on_delete=models.PROTECT, related_name="+")
    addressed_to = person(_("addressed to"), null=True, blank=True, related_name="+", db_index=False)
    level = models.SmallIntegerField(_("level"), default=LEVEL_OFFICE)
    at = models.DateTimeField(_("period began"))
    days = models.SmallIntegerField(_("working days"))
    decision = models.OneToOneField(Event, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=10, choices=ObjectionOutcome, blank=True)

    # The signed letter on its outcome, where whoever reads it asks for that too.
    letter: PaperContent | None = None

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections and complaints")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["about"],
                condition=Q(about__isnull=False),
                name="objected_to_once",
                violation_error_message=_("There is an objection to this already."),
            ),
            models.UniqueConstraint(
                fields=["transaction"],
                condition=IS_WAITING & ~IS_COMPLAINT,
                name="one_objection_waits",
                violation_error_message=_("An objection is waiting for its decision already."),
            ),
            models.UniqueConstraint(
                fields=["transaction"],
                condition=IS_WAITING & IS_COMPLAINT,
                name="one_complaint_waits",
                violation_error_message=_("A complaint is waiting for its answer already."),
            ),
            models.CheckConstraint(
                name="decided_objection_has_its_outcome",
                condition=Q(decision__isnull=True, outcome="") | (Q(decision__isnull=False) & ~Q(outcome="")),
                violation_error_message=_("An objection that was decided has an outcome, and no other has."),
            ),
            models.CheckConstraint(
                name="complaint_is_about_no_event",
                condition=Q(IS_COMPLAINT, about__isnull=True) | (~IS_COMPLAINT & Q(about__isnull=False)),
                violation_error_message=_("An objection names what it objects to."),
            ),
        ]
        indexes = [models.Index(fields=["office"], name="objections_waiting", condition=IS_WAITING)]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.kind}"

    @property
    def is_complaint(self) -> bool:
        return self.kind == ObjectionKind.LATENESS

    @property
    def is_central(self) -> bool:
        """Did it go to the next level?"""
        return self.level == LEVEL_CENTRAL
