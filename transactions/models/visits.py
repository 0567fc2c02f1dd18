"""Somebody came to a counter about a request that waits for its applicant."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from municipality.models import Office

from .history import Event
from .requests import Transaction, person

VISIT_DURATION = timedelta(minutes=30)
"""How long a clerk may write for whoever came; then the ID is looked at again."""


class CounterVisitQuerySet(models.QuerySet["CounterVisit"]):
    def open(self, now: datetime) -> CounterVisitQuerySet:
        return self.filter(ended_at=None, at__gt=now - VISIT_DURATION)


class CounterVisit(models.Model):
    """A clerk has seen the original ID of the owner of a request, or of somebody who acts for them (`whom`), and may
    answer a return for them, or hand documents out to them, until it ends: by that, by the next visit, or after
    VISIT_DURATION.
    """

    class Whom(models.TextChoices):
        OWNER = "owner", _("The owner")
        OFFICE = "office", _("A member of the authorised engineering office")
        REPRESENTATIVE = "agent", _("A person who acts for the owner")

    class Purpose(models.TextChoices):
        ANSWER = "answer", _("Answer a return")
        COLLECT = "collect", _("Collect documents")
        ASK = "ask", _("Ask where it stands")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="counter_visits", db_index=False
    )
    clerk = person(_("clerk"), related_name="+", db_index=False)
    centre = models.ForeignKey(
        Office, verbose_name=_("centre"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    visitor = person(_("person whose original ID was seen"), related_name="+", db_index=False)
    whom = models.CharField(_("relation to the request"), max_length=10, choices=Whom)
    purpose = models.CharField(
        _("purpose"), max_length=10, choices=Purpose, default=Purpose.ANSWER, db_default=Purpose.ANSWER
    )
    at = models.DateTimeField(_("at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    # The answer that came of it, and the journal's word for it, as a token.
    event = models.OneToOneField(Event, null=True, on_delete=models.PROTECT, related_name="counter_visit")
    token = models.TextField(blank=True)

    objects = CounterVisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit at a counter")
        verbose_name_plural = _("visits at a counter")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["clerk", "-at"], name="visits_of_clerk")]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "clerk"],
                condition=Q(ended_at=None),
                name="one_visit_at_a_time",
                violation_error_message=_("You have already started this visit."),
            ),
            models.CheckConstraint(
                name="answered_visit_has_ended",
                condition=Q(event=None) | Q(ended_at__isnull=False),
                violation_error_message=_("A visit ends with its answer."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.ends_at

    @property
    def ends_at(self) -> datetime:
        return self.at + VISIT_DURATION
