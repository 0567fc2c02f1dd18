"""The ground floor: which offices the city has, which districts they serve, and when they are open.

One table holds every kind of office, because registers, posts and movements all speak of "an office"
(docs/adr/0003-one-office-table.md).
"""

from datetime import time

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.plausible import changed_fields, validate_near, validate_order
from core.text import isolated, search_key

from .ground import GroundOutline as GroundOutline
from .ground import OutlineImport as OutlineImport
from .ground import OutlineKind as OutlineKind
from .positions import REGION, Position

# Days. The longest the city has had was Hajj with both weekends, twelve.
MAX_HOLIDAY_DAYS = 30
# The Eids are announced weeks ahead; five years are for those that are computed.
MAX_HOLIDAY_YEARS_AHEAD = 5
# Files a working day. The whole city took 340 a day before it was cut off.
MAX_CAPACITY = 1000


class Certainty(models.TextChoices):
    """How sure the seed is of a fact; the words are those of the data files."""

    DOCUMENTED = "documented", _("Documented")
    PARTLY_DOCUMENTED = "partly-documented", _("Partly documented")
    ATTESTED = "attested", _("Attested by a source")
    SAME_NAME = "same-name", _("The branch bears its name")
    INFERRED = "inferred", _("Inferred from geography")
    GUESS = "guess", _("Weak guess")
    RECONSTRUCTED = "reconstructed", _("Reconstructed from reports")
    SAMPLE = "sample", _("Sample, to be replaced")
    UNKNOWN = "unknown", _("Unknown")
    CONFIRMED = "confirmed", _("Confirmed by an administrator")


class Named(models.Model):
    name_ar = models.CharField(_("Arabic name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if get_language() == "en" else self.name_ar


def refuse_changes(row: models.Model, *names: str) -> None:
    """ValidationError when one of these fields of a saved row is not what is stored."""
    stored = type(row)._default_manager.filter(pk=row.pk).values(*names).first() if row.pk else None
    changed = [name for name in names if stored and stored[name] != getattr(row, name)]
    if changed:
        message = _("This cannot be changed, because requests, answers and posts refer to it.")
        raise ValidationError(dict.fromkeys(changed, message))


class OfficeKind(models.TextChoices):
    CENTRAL = "central", _("Central office")
    SUB_MUNICIPALITY = "sub_municipality", _("Sub-municipality")
    SERVICE_CENTRE = "service_centre", _("Municipal service centre")
    DEPARTMENT = "department", _("Central department")


class Office(Named):
    """Anything that can hold a file: central sorting, a sub-municipality, a service centre, a department.

    The opening hours are for visitors. Due dates go by the city's hours (calendar.py): they are promised before a
    request has an office, and stay what they are when it is referred to another.
    """

    code = models.SlugField(
        _("code"),
        max_length=12,
        unique=True,
        error_messages={"unique": _("Another office already has this code.")},
    )
    kind = models.CharField(_("kind"), max_length=20, choices=OfficeKind)
    parent = models.ForeignKey(
        "self", verbose_name=_("belongs to"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    location_ar = models.CharField(_("location"), max_length=200, blank=True)
    capacity = models.PositiveIntegerField(_("capacity (cases per working day)"), default=10)
    opens_at = models.TimeField(_("opens at"), default="07:30", help_text=_("Shown to visitors."))
    closes_at = models.TimeField(
        _("closes at"),
        default="14:30",
        help_text=_(
            "Shown to visitors. Due dates are counted in the city's working hours, which are the same for every office."
        ),
    )
    suspended = models.BooleanField(_("suspended"), default=False)
    suspended_reason = models.CharField(_("reason for suspension"), max_length=200, blank=True)
    fallback = models.ForeignKey(
        "self",
        verbose_name=_("takes over when suspended"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # Whose name and post stand under what this office issues; empty: the office's name alone.
    signatory_ar = models.CharField(_("signatory (Arabic)"), max_length=120, blank=True, default="", db_default="")
    signatory_en = models.CharField(_("signatory (English)"), max_length=120, blank=True, default="", db_default="")
    signatory_post_ar = models.CharField(
        _("post of the signatory (Arabic)"), max_length=120, blank=True, default="", db_default=""
    )
    signatory_post_en = models.CharField(
        _("post of the signatory (English)"), max_length=120, blank=True, default="", db_default=""
    )
    certainty = models.CharField(_("certainty"), max_length=20, choices=Certainty, default=Certainty.CONFIRMED)
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        help_text=_("Degrees, for example 21.511."),
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        help_text=_("Degrees, for example 39.176."),
    )
    position_certainty = models.CharField(
        _("certainty of the position"),
        max_length=20,
        choices=Certainty,
        default=Certainty.CONFIRMED,
        blank=True,
        db_default=Certainty.CONFIRMED,
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="office_capacity_positive",
                condition=models.Q(capacity__gt=0),
                violation_error_message=_("An office must be able to take at least one case per working day."),
            ),
            models.CheckConstraint(
                name="service_centre_has_parent",
                condition=~models.Q(kind=OfficeKind.SERVICE_CENTRE) | models.Q(parent__isnull=False),
                violation_error_message=_("A service centre belongs to a sub-municipality: choose it."),
            ),
        ]

    @property
    def position(self) -> Position | None:
        """Where it stands, if that is known."""
        if self.latitude is None or self.longitude is None:
            return None
        return Position(float(self.latitude), float(self.longitude))

    def clean(self) -> None:
        refuse_changes(self, "code", "kind")
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError({"longitude": _("Give latitude and longitude, or neither.")})
        if self.position and not REGION.holds(self.position):
            raise ValidationError({"latitude": _("This is not in the region of Jeddah. Latitude comes first.")})
        if self.fallback_id and self.fallback_id == self.pk:
            raise ValidationError({"fallback": _("An office cannot replace itself.")})
        if self.parent and self.parent.kind not in (OfficeKind.SUB_MUNICIPALITY, OfficeKind.CENTRAL):
            raise ValidationError({"parent": _("Choose a sub-municipality or the central office.")})
        if self.parent_id and self.parent_id == self.pk:
            raise ValidationError({"parent": _("An office cannot belong to itself.")})
        # One that was not typed as an hour is refused already: it stands here as nothing, or as the default's text.
        hours = [hour for hour in (self.opens_at, self.closes_at) if isinstance(hour, time)]
        if len(hours) == 2 and hours[0] >= hours[1]:
            raise ValidationError({"closes_at": _("The office closes before it opens.")})
        if self.capacity and self.capacity > MAX_CAPACITY:
            message = _("An office cannot take more than %(most)d cases a day.") % {"most": MAX_CAPACITY}
            raise ValidationError({"capacity": message})


class District(Named):
    """A district of the city. With no sub-municipality its cases go to the central sorting office."""

    code = models.SlugField(
        _("code"),
        max_length=12,
        unique=True,
        error_messages={"unique": _("Another district already has this code.")},
    )
    sub_municipality = models.ForeignKey(
        Office,
        verbose_name=_("sub-municipality"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="districts",
        limit_choices_to={"kind": OfficeKind.SUB_MUNICIPALITY},
    )
    certainty = models.CharField(_("certainty"), max_length=20, choices=Certainty, default=Certainty.CONFIRMED)
    search = models.CharField(max_length=300, editable=False, default="")
    history = HistoricalRecords(excluded_fields=["search"])

    class Meta:
        verbose_name = _("district")
        verbose_name_plural = _("districts")
        ordering = ["name_ar"]

    def clean(self) -> None:
        refuse_changes(self, "code")
        # full_clean() runs before every save (services.save_reference), so the key cannot go stale.
        self.search = search_key(f"{self.name_ar} {self.name_en}")


class Holiday(Named):
    """Days on which the city does not work. The Eids are announced by decree, so they are entered, not computed."""

    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    certainty = models.CharField(_("certainty"), max_length=20, choices=Certainty, default=Certainty.CONFIRMED)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                name="holiday_ends_after_it_begins",
                condition=models.Q(last_day__gte=models.F("first_day")),
                violation_error_message=_("The last day is before the first day."),
            )
        ]

    def clean(self) -> None:
        """ValidationError for what no holiday is: ended before it began, longer than a month, years ahead."""
        if not (self.first_day and self.last_day):
            return
        validate_order(self.first_day, self.last_day, "last_day")
        validate_near(self.first_day, "first_day", years=MAX_HOLIDAY_YEARS_AHEAD)
        # Holidays may overlap, an Eid and a national day; the same days twice are one holiday entered twice.
        same = Holiday.objects.filter(first_day=self.first_day, last_day=self.last_day).exclude(pk=self.pk).first()
        if same and changed_fields(self, "first_day", "last_day"):
            entered = _("These days are already entered, as “%(name)s”.") % {"name": isolated(same.name)}
            raise ValidationError({"first_day": entered})
        days = (self.last_day - self.first_day).days + 1
        if days > MAX_HOLIDAY_DAYS:
            message = _("A holiday can last at most %(most)d days; this one would last %(days)d. Check the year.")
            raise ValidationError({"last_day": message % {"most": MAX_HOLIDAY_DAYS, "days": days}})
