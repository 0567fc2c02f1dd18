"""What the public is told when something does not work: incidents, their notices, gates, and words to start from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.text import western_digits

from ..domain.gates import GateState, Scope
from .requests import person

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_WORDS = 600
# An hour in a text is read as a promise; the portal itself says when an incident began and when it tells more.
_AN_HOUR = re.compile(r"\b\d{1,2}[:٫.]\d{2}\b|\b\d{1,2}\s*(am|pm)\b|\d\s*[صم](?=\s|$|[.،,])", re.IGNORECASE)


def validate_no_hour(text: str) -> None:
    """ValidationError for an hour of the day: nobody knows when something works again."""
    if _AN_HOUR.search(western_digits(text)):
        raise ValidationError(
            _("Leave hours of the day out. The portal shows the start and the time of the next update itself."),
            code="hour",
        )


def words(verbose_name: StrOrPromise) -> models.TextField[str, str]:
    return models.TextField(
        verbose_name, max_length=MAX_WORDS, validators=[MaxLengthValidator(MAX_WORDS), validate_no_hour]
    )


class Told(models.Model):
    """Words in both languages."""

    text_ar = words(_("text in Arabic, shown to everyone"))
    text_en = words(_("text in English, shown to everyone"))

    class Meta:
        abstract = True

    @property
    def text(self) -> str:
        return self.text_en if get_language() == "en" else self.text_ar


class IncidentWording(Told):
    """Words to start from when an incident of a usual kind is declared."""

    code = models.SlugField(
        _("code"), max_length=30, unique=True, error_messages={"unique": _("Another wording already has this code.")}
    )
    title_ar = models.CharField(_("title in Arabic"), max_length=80)
    title_en = models.CharField(_("title in English"), max_length=80)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("incident wording")
        verbose_name_plural = _("incident wordings")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.title_en if get_language() == "en" else self.title_ar


class Incident(models.Model):
    """Something that does not work, or will not for a while. All that is said of it stands in its notices."""

    declared_at = models.DateTimeField(_("declared at"))

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-declared_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.pk}"


class IncidentNotice(Told):
    """One thing said of an incident, by two people. Written once; the database refuses to change it. The last one says
    what is so now.
    """

    class What(models.TextChoices):
        DECLARED = "declared", _("Declared")
        EXTENDED = "extended", _("Update")
        CORRECTED = "corrected", _("Correction")
        ENDED = "ended", _("Ended")

    incident = models.ForeignKey(
        Incident, verbose_name=_("incident"), on_delete=models.PROTECT, related_name="notices", db_index=False
    )
    seq = models.PositiveSmallIntegerField(_("number"))
    what = models.CharField(_("what is announced"), max_length=10, choices=What, default=What.DECLARED)
    # Codes; an empty list means all.
    services = models.JSONField(_("services"), default=list, blank=True)
    offices = models.JSONField(_("offices"), default=list, blank=True)
    operations = models.JSONField(_("what is affected"), default=list, blank=True)
    starts_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    state = models.CharField(_("what stays open meanwhile"), max_length=10, choices=GateState, default=GateState.ALL)
    stops_clocks = models.BooleanField(_("stop the clocks of the affected cases"), default=True)
    tells_people = models.BooleanField(_("notify everyone affected by SMS, email and in the portal"), default=True)
    next_update_at = models.DateTimeField(_("next update at"), null=True, blank=True)
    at = models.DateTimeField(_("announced at"))
    proposed_by = person(_("proposed by"), null=True, related_name="+", db_index=False)
    # None: carried out from the command line, where there was no second administrator.
    confirmed_by = person(_("confirmed by"), null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("incident notice")
        verbose_name_plural = _("incident notices")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "seq"],
                name="incident_notices_are_numbered",
                violation_error_message=_("Someone else announced something about this incident a moment ago."),
            ),
            models.CheckConstraint(
                name="incident_ends_after_it_begins",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("starts_at")),
                violation_error_message=_("The end is before the start."),
            ),
            models.CheckConstraint(
                name="incident_promises_its_next_update",
                condition=Q(ended_at__isnull=False) | Q(next_update_at__isnull=False),
                violation_error_message=_("Say when the next update will come."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id}/{self.seq}"

    @property
    def scope(self) -> Scope:
        return Scope(frozenset(self.services), frozenset(self.offices), frozenset(self.operations))


class GateSwitch(models.Model):
    """A gate was set, for good or until a moment. Written once; of one scope the last row counts."""

    class Cause(models.TextChoices):
        PERSON = "person", _("Set by staff")
        BREACH = "breach", _("Closed by the portal itself")

    # Codes; empty means all.
    service = models.SlugField(_("service"), max_length=40, blank=True)
    office = models.SlugField(_("office"), max_length=12, blank=True)
    operation = models.SlugField(_("operation"), max_length=20, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=GateState)
    share = models.PositiveSmallIntegerField(
        _("share of the cases, in per cent"), default=100, help_text=_("Only for “Some”.")
    )
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason_ar = models.CharField(_("reason in Arabic, shown to everyone"), max_length=200)
    reason_en = models.CharField(_("reason in English, shown to everyone"), max_length=200)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause, default=Cause.PERSON)
    at = models.DateTimeField(_("set at"))
    set_by = person(_("set by"), null=True, related_name="+", db_index=False)
    # Only what opens takes two people.
    confirmed_by = person(_("confirmed by"), null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("gate")
        verbose_name_plural = _("gates")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="gate_share_is_a_percentage",
                condition=Q(share__lte=100),
                violation_error_message=_("A share is a percentage from 0 to 100."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.service or '*'} {self.office or '*'} {self.operation or '*'}: {self.state}"

    @property
    def covers(self) -> tuple[str, str, str]:
        """Rows with the same scope replace one another."""
        return self.service, self.office, self.operation

    @property
    def scope(self) -> Scope:
        return Scope(*(frozenset([code] if code else []) for code in self.covers))
