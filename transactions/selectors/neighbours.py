"""Plots of other requests near one, and what they share with it; as far as the reader may know of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, Value, When

from accounts.models import User
from plots.geometry import Outline, lies_here, shared_area

from .. import access
from ..domain import service_types
from ..domain.deadlines import IS_OPEN
from ..domain.plots import outline_in
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
    """Plots of open and issued requests that overlap this one or lie beside it, the most shared first. One query; none
    for an outline that cannot be a plot here, such as one with a digit too many.
    """
    if not lies_here(plot.corners) or not plot.is_simple:
        return []
    near = PlotBox.objects.near(plot.box, AROUND_M)
    touching = Exists(PlotBox.objects.touching(plot.box).filter(pk=OuterRef("pk")))
    may_open = access.staff_condition(reader) if at_desk else access.applicant_condition(reader)
    counts = Q(withdrawn_at=None) & (IS_OPEN | Q(issued_at__isnull=False))
    opens = Case(When(may_open, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows = Transaction.objects.filter(counts, pk__in=near.values("pk")).exclude(pk=itself or 0)
    # However many lie beside it, those that can overlap it are read first.
    first = rows.annotate(opens=opens).order_by(touching.desc(), "-pk")
    corners = (f"answers__{name}" for name in names_of_corners())
    read = first.values_list("reference", "held_by", "opens", *corners)
    beside = [_neighbour(plot, *row) for row in read[:MAX_NEIGHBOURS]]
    return sorted(filter(None, beside), key=lambda neighbour: -neighbour.shared)


def names_of_corners() -> list[str]:
    """The names under which services ask for the corners of a plot."""
    return sorted({service.plot.corners for service in service_types.all_services() if service.plot})


def _neighbour(plot: Outline, reference: str, office: int | None, opens: bool, *corners: object) -> Neighbour | None:
    """By the corners under whichever name its service asks for them."""
    other = outline_in(next(filter(None, corners), None))
    if other is None or not other.is_simple:
        return None
    shared = shared_area(plot, other)
    return Neighbour(reference, office, opens, other, shared if shared >= MIN_OVERLAP_M2 else 0.0)
