"""Outlines of districts and parcels: whose they are, since when, and what of them is in force (docs/adr/0065)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutlineKind(models.TextChoices):
    DISTRICTS = "districts", _("Districts")
    PARCELS = "parcels", _("Parcels")


class OutlineImport(models.Model):
    """A file of outlines that was brought, with its provenance as whoever brought it typed it. Its outlines lie beside
    it until it is carried out; what it replaced stays, so that the latest can be undone.
    """

    kind = models.CharField(_("what"), max_length=10, choices=OutlineKind)
    file_name = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField(max_length=64)
    source = models.CharField(_("source"), max_length=200)
    as_of = models.DateField(_("date of the data"))
    licence = models.TextField(_("licence of the data"), max_length=2000)
    is_complete = models.BooleanField(_("complete"), default=False)
    # [{"number", "code", "name", "key", "at"}], and [[key, key, m²]]: read once, said in the reader's language.
    problems = models.JSONField(default=list)
    overlaps = models.JSONField(default=list)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(_("at"))
    done_at = models.DateTimeField(_("carried out at"), null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    # {"new": …, "changed": …, "same": …, "gone": …}, as it was carried out.
    result = models.JSONField(_("result"), null=True)

    class Meta:
        verbose_name = _("import of outlines")
        verbose_name_plural = _("imports of outlines")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="outlines_in_force_have_a_result",
                condition=Q(done_at=None, undone_at=None) | Q(done_at__isnull=False, result__isnull=False),
                violation_error_message=_("An import that was carried out has its result."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class GroundOutline(models.Model):
    """The ground of one district or parcel, as one file has it. Never changed; `in_force` says whether it counts, and
    then a district has it as `outline`.
    """

    brought = models.ForeignKey(
        OutlineImport, verbose_name=_("import of outlines"), on_delete=models.CASCADE, related_name="outlines"
    )
    kind = models.CharField(_("what"), max_length=10, choices=OutlineKind)
    # The code of a district; plan, block and parcel.
    key = models.CharField(max_length=100)
    plan = models.CharField(_("plan"), max_length=30, blank=True, default="")
    parcel = models.CharField(_("parcel"), max_length=30, blank=True, default="")
    name = models.CharField(_("name"), max_length=120)
    number = models.PositiveIntegerField(_("number in the file"))
    district = models.OneToOneField(
        "municipality.District",
        verbose_name=_("district"),
        null=True,
        on_delete=models.PROTECT,
        related_name="outline",
    )
    in_force = models.BooleanField(_("in force"), default=False)
    replaced_by = models.ForeignKey(
        OutlineImport, verbose_name=_("replaced by"), null=True, on_delete=models.PROTECT, related_name="replaced"
    )
    # WKT, metres of UTM zone 37 north; its box and area.
    shape = models.TextField()
    digest = models.CharField(max_length=64)
    west = models.FloatField(_("west"))
    south = models.FloatField(_("south"))
    east = models.FloatField(_("east"))
    north = models.FloatField(_("north"))
    area = models.FloatField(_("area"))
    # plots.grid; one larger than its cells has none.
    cell = models.BigIntegerField(_("cell"), null=True)

    class Meta:
        verbose_name = _("outline of a district or parcel")
        verbose_name_plural = _("outlines of districts and parcels")
        indexes = [
            models.Index(fields=["cell"], name="ground_cell", condition=Q(in_force=True)),
            models.Index(fields=["plan", "parcel"], name="ground_parcel", condition=Q(in_force=True, kind="parcels")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(in_force=True),
                name="one_outline_in_force",
                violation_error_message=_("There is another outline in force."),
            ),
            models.CheckConstraint(
                name="only_ground_in_force_is_a_districts",
                condition=Q(district=None) | Q(in_force=True, kind="districts"),
                violation_error_message=_("Only an outline in force is that of a district."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
