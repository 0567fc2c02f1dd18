"""A service that takes no new requests for a while."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.plausible import validate_near, validate_order

from ..domain import service_types

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


MAX_YEARS_AHEAD = 2
MAX_YEARS_AGO = 20


class Closure(models.Model):
    """While `in_force`, nobody can begin or submit a request for this service; those already taken go on as ever."""

    service = models.SlugField(
        _("service"),
        max_length=40,
        unique=True,
        error_messages={"unique": _("This service already has an entry. Open it and change it there.")},
    )
    in_force = models.BooleanField(_("closed for new requests"), default=True)
    since = models.DateTimeField(_("closed since"))
    reason_ar = models.CharField(_("reason in Arabic, shown to everyone"), max_length=200)
    reason_en = models.CharField(_("reason in English, shown to everyone"), max_length=200)
    reopens_on = models.DateField(_("expected to reopen on"), null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("closed service")
        verbose_name_plural = _("closed services")
        ordering = ["service"]

    def __str__(self) -> str:
        return str(self.title)

    def clean(self) -> None:
        """ValidationError for a closure that ends before it begins, or of a service there is not."""
        if self._state.adding and self.service and service_types.find(self.service) is None:
            raise ValidationError({"service": _("There is no such service.")})
        if self.since:
            validate_order(timezone.localdate(self.since), self.reopens_on, "reopens_on")
            validate_near(timezone.localdate(self.since), "since", years=MAX_YEARS_AHEAD, ago=MAX_YEARS_AGO)
        if self.reopens_on:
            validate_near(self.reopens_on, "reopens_on", years=MAX_YEARS_AHEAD)

    @property
    def title(self) -> StrOrPromise:
        """The service in words, even one that is offered no more."""
        service = service_types.find(self.service)
        return service.title if service else self.service

    @property
    def reopening(self) -> date | None:
        """The day it is expected to open again; none once that day has gone by."""
        return self.reopens_on if self.reopens_on and self.reopens_on >= timezone.localdate() else None

    @property
    def reason(self) -> str:
        return self.reason_en if get_language() == "en" else self.reason_ar
