"""The plots of a list of cases on a map: each drawn while they are few, counted by squares of ground otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count, Max, Min
from django.db.models.fields import FloatField
from django.db.models.functions import Floor

from plots.geometry import Outline, Point
from plots.grid import Box

from ..domain.plots import outline_in
from ..models import PlotBox, TransactionQuerySet
from ..models.outlines import MIDDLE_X, MIDDLE_Y, PlotBoxQuerySet
from .neighbours import names_of_corners

# More outlines are not drawn; more squares in a row or a column are not counted.
MAX_OUTLINES, MAX_ACROSS = 80, 10


@dataclass(frozen=True)
class Square:
    """Plots counted together: those whose middle lies in `box`; `middle` is where they lie on average."""

    count: int
    middle: Point
    box: Box


@dataclass(frozen=True)
class MappedPlot:
    reference: str
    service: str
    outline: Outline


@dataclass(frozen=True)
class CaseMap:
    """`without` cases of the list have no corners. Either `squares` or `plots`; `frame` holds them all."""

    placed: int = 0
    without: int = 0
    frame: Box | None = None
    squares: tuple[Square, ...] = ()
    plots: tuple[MappedPlot, ...] = ()


def map_of(rows: TransactionQuerySet) -> CaseMap:
    """What to draw of these transactions; three questions, however many there are."""
    rows = rows.order_by()
    boxes = PlotBox.objects.filter(transaction__in=rows.values("pk"))
    extent = boxes.aggregate(
        placed=Count("pk"), west=Min("west"), south=Min("south"), east=Max("east"), north=Max("north")
    )
    placed, without = extent["placed"], rows.count() - extent["placed"]
    if not placed:
        return CaseMap(0, without)
    frame = (extent["west"], extent["south"], extent["east"], extent["north"])
    if placed > MAX_OUTLINES:
        return CaseMap(placed, without, frame, squares=tuple(_squares(boxes, frame)))
    return CaseMap(placed, without, frame, plots=tuple(_plots(rows)))


def square_size(frame: Box) -> float:
    """The side of the squares in metres: a power of two, so that a sum of them is exact in any program."""
    west, south, east, north = frame
    size = 1.0
    while max(east // size - west // size, north // size - south // size) >= MAX_ACROSS:
        size *= 2
    return size


def _squares(boxes: PlotBoxQuerySet, frame: Box) -> list[Square]:
    size = square_size(frame)
    whole = FloatField()
    placed = boxes.annotate(
        column=Floor(MIDDLE_X / size, output_field=whole), line=Floor(MIDDLE_Y / size, output_field=whole)
    )
    counted = placed.values("column", "line").annotate(many=Count("pk"), east=Avg(MIDDLE_X), north=Avg(MIDDLE_Y))
    return [
        Square(
            row["many"],
            Point(row["east"], row["north"]),
            (row["column"] * size, row["line"] * size, (row["column"] + 1) * size, (row["line"] + 1) * size),
        )
        for row in counted.order_by("-line", "column")
    ]


def _plots(rows: TransactionQuerySet) -> list[MappedPlot]:
    """From north to south, as a page is read."""
    names = names_of_corners()
    placed = rows.filter(plot_box__isnull=False)
    read = placed.values_list("reference", "service", *(f"answers__{name}" for name in names))
    drawn = []
    for reference, service, *corners in read[:MAX_OUTLINES]:
        outline = outline_in(next(filter(None, corners), None))
        if outline is not None and outline.corners:
            drawn.append(MappedPlot(reference, service, outline))
    return sorted(drawn, key=lambda plot: (-plot.outline.box[3], plot.outline.box[0], plot.reference))
