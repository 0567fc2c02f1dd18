"""Plots of other requests near one, and what they share with it; as far as the reader may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Q, Value, When

from accounts.models import User
from plots.geometry import Outline, shared_area

from .. import access
from ..domain import service_types
from ..domain.deadlines import IS_OPEN
from ..domain.plots import shape_of
from ..models import PlotBox, Transaction

# Neighbours share a line, and two surveys never agree on it to the centimetre: less is no overlap (assumed).
MIN_OVERLAP_M2 = 1.0
# Metres around a plot in which others are drawn beside it.
AROUND_M = 40.0
# More are never read at once: a plot that so many overlap is told of all the same.
MAX_NEIGHBOURS = 60


@dataclass(frozen=True)
class Neighbour:
    """Another request's plot. `shared` is in square metres, 0 below the tolerance; `opens`: the reader may open it."""

    reference: str
    office: int | None
    opens: bool
    outline: Outline
    shared: float


def neighbours(plot: Outline, reader: User, *, at_desk: bool, itself: int | None = None) -> list[Neighbour]:
    """Plots of open and issued requests that overlap this one or lie beside it, the most shared first. One query."""
    if not plot.is_simple:
        return []
    west, south, east, north = plot.box
    near = PlotBox.objects.near((west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M))
    may_open = access.staff_condition(reader) if at_desk else access.applicant_condition(reader)
    counts = Q(withdrawn_at=None) & (IS_OPEN | Q(issued_at__isnull=False))
    opens = Case(When(may_open, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows = Transaction.objects.filter(counts, pk__in=near.values("pk")).exclude(pk=itself or 0).order_by("-pk")
    read = rows.annotate(opens=opens).values_list("reference", "held_by", "opens", "service", "answers")
    beside = [_neighbour(plot, *row) for row in read[:MAX_NEIGHBOURS]]
    return sorted(filter(None, beside), key=lambda neighbour: -neighbour.shared)


def _neighbour(
    plot: Outline, reference: str, office: int | None, opens: bool, service: str, answers: dict[str, Any]
) -> Neighbour | None:
    shape = shape_of(service_types.get(service).plot, answers)
    if shape is None or shape.plot is None or not shape.plot.is_simple:
        return None
    shared = shared_area(plot, shape.plot)
    return Neighbour(reference, office, opens, shape.plot, shared if shared >= MIN_OVERLAP_M2 else 0.0)
