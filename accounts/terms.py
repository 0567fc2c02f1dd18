"""What holds from one day to another: posts of staff, memberships of engineering offices."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import plausible

# What lies further off is a slip. A post or a membership may be planned, and may be as old as a working life is long.
MAX_START_YEARS, MAX_TERM_YEARS = 2, 60


class TermQuerySet(models.QuerySet[Any]):
    """Rows that hold from one day to another, both included; an open end holds on, what was ended is over."""

    def current(self, on: date) -> TermQuerySet:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on, ended_at__isnull=True)


class Term(models.Model):
    """Holds from one day to another. A last day to come is a plan; one of today or before ends it at this moment."""

    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("to"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    # What the history says of the next save (django-simple-history).
    _change_reason: str | None = None

    objects = TermQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, **options: Any) -> None:
        now = timezone.now()
        self.ended_at = (self.ended_at or now) if self._is_over(timezone.localdate(now)) else None
        if options.get("update_fields") is not None:
            options["update_fields"] = {*options["update_fields"], "ended_at"}
        super().save(**options)

    def _is_over(self, today: date) -> bool:
        """Does what is written down now end it at once?"""
        return self.ends_on is not None and self.ends_on <= today

    def clean(self) -> None:
        """ValidationError for a term that lies in another century. What stands stays."""
        super().clean()
        for name in plausible.changed_fields(self, "starts_on", "ends_on"):
            if day := getattr(self, name):
                ahead = MAX_START_YEARS if name == "starts_on" else MAX_TERM_YEARS
                plausible.validate_near(day, name, years=ahead, ago=MAX_TERM_YEARS)

    def holds(self, on: date) -> bool:
        return self.ended_at is None and self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)
