"""Where the plot of a request lies: a box and its cell, by which plots that overlap are found (plots.grid)."""

from __future__ import annotations

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from plots.geometry import Outline
from plots.grid import Box, cell_of, ranges_near, ranges_over
from plots.regions import Region

from .requests import Transaction

# The middle of a plot's box: where a map counts it, once.
MIDDLE_X = ExpressionWrapper((F("west") + F("east")) / 2, output_field=models.FloatField())
MIDDLE_Y = ExpressionWrapper((F("south") + F("north")) / 2, output_field=models.FloatField())


class PlotBoxQuerySet(models.QuerySet["PlotBox"]):
    def near(self, box: Box, around: float = 0.0) -> PlotBoxQuerySet:
        """Those whose box shares ground with this one (west, south, east, north in metres of UTM zone 37 north) or with
        so many metres around it, at most 64. None are near one that is larger than any plot.
        """
        if cell_of(box) is None:
            return self.none()
        west, south, east, north = box[0] - around, box[1] - around, box[2] + around, box[3] + around
        ranges = ranges_near((west, south, east, north))
        in_cells = Q(*(Q(cell__range=ends) for ends in ranges), _connector=Q.OR)
        return self.filter(in_cells).touching((west, south, east, north))

    def over(self, region: Region, *, by_middle: bool = False) -> PlotBoxQuerySet:
        """Those whose box touches this ground, or whose box has its middle there (west and south of a box belong to it,
        its east and north to what lies beyond). Found by the index, however large the ground.
        """
        west, south, east, north = region.box
        in_cells = Q(*(Q(cell__range=ends) for ends in ranges_over(region.box)), _connector=Q.OR)
        rows = self.filter(in_cells)
        if by_middle:
            middles = rows.alias(x=MIDDLE_X, y=MIDDLE_Y)
            return middles.filter(x__gte=west, x__lt=east, y__gte=south, y__lt=north)
        rows = rows.filter(west__lte=east, east__gte=west, south__lte=north, north__gte=south)
        if region.centre is None:
            return rows
        # How far the nearest point of the box is from the centre, along each axis.
        x, y = region.centre
        beside = Greatest(F("west") - x, x - F("east"), Value(0.0), output_field=models.FloatField())
        above = Greatest(F("south") - y, y - F("north"), Value(0.0), output_field=models.FloatField())
        distance = ExpressionWrapper(beside * beside + above * above, output_field=models.FloatField())
        return rows.alias(distance=distance).filter(distance__lte=region.radius**2)

    def touching(self, box: Box) -> PlotBoxQuerySet:
        """Those whose box shares ground with this one; `near` finds them by the index."""
        west, south, east, north = box
        return self.filter(west__lt=east, east__gt=west, south__lt=north, north__gt=south)


class PlotBox(models.Model):
    """Of the answers in force, written with each version of them; the corners are in the answers."""

    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, primary_key=True, related_name="plot_box", verbose_name=_("transaction")
    )
    cell = models.BigIntegerField(_("cell"))
    west = models.FloatField(_("west"))
    south = models.FloatField(_("south"))
    east = models.FloatField(_("east"))
    north = models.FloatField(_("north"))

    objects = PlotBoxQuerySet.as_manager()

    class Meta:
        verbose_name = _("place of a plot")
        verbose_name_plural = _("places of plots")
        indexes = [models.Index(fields=["cell"], name="plot_cell")]

    def __str__(self) -> str:
        return f"{self.transaction_id}: {self.west:.0f} {self.south:.0f}"

    @classmethod
    def of(cls, transaction_id: int, outline: Outline) -> PlotBox | None:
        """The row of a plot; None of one that no grid holds."""
        cell = cell_of(outline.box)
        west, south, east, north = outline.box
        if cell is None:
            return None
        return cls(transaction_id=transaction_id, cell=cell, west=west, south=south, east=east, north=north)
