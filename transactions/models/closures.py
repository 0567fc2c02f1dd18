"""A service that takes no new requests for a while."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .. import service_types

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Closure(models.Model):
    """While `in_force`, nobody can begin or submit a request for this service; those already taken go on as ever."""

    service = models.SlugField(_("service"), max_length=40, unique=True)
    in_force = models.BooleanField(_("closed for new requests"), default=True)
    since = models.DateTimeField(_("closed since"))
    reason_ar = models.CharField(_("reason in Arabic, shown to everyone"), max_length=200)
    reason_en = models.CharField(_("reason in English, shown to everyone"), max_length=200)
    reopens_on = models.DateField(_("expected to open again on"), null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("closed service")
        verbose_name_plural = _("closed services")
        ordering = ["service"]

    def __str__(self) -> str:
        return str(self.title)

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
