"""Where the plots of requests lie, kept with their answers: the only writer of its table."""

from __future__ import annotations

from collections.abc import Iterable

from plots.geometry import lies_here

from ..domain.plots import shape_of
from ..models import PlotBox, Transaction


def keep_boxes(cases: Iterable[Transaction]) -> None:
    """Write down where the plots of these requests lie by their answers in force; of one whose
    corners bound no area here, nothing. As often as it is asked, in the transaction of whoever asks.
    """
    boxes, without = [], []
    for case in cases:
        asked = case.service_type.plot
        if asked is None:
            continue
        shape = shape_of(asked, case.answers)
        plot = shape.plot if shape else None
        box = PlotBox.of(case.pk, plot) if plot and lies_here(plot.corners) and plot.is_simple else None
        if box is not None:
            boxes.append(box)
        elif case.answers_version > 1:
            without.append(case.pk)
    if without:
        PlotBox.objects.filter(pk__in=without).delete()
    if boxes:
        PlotBox.objects.bulk_create(
            boxes,
            update_conflicts=True,
            unique_fields=["transaction"],
            update_fields=["cell", "west", "south", "east", "north"],
        )
