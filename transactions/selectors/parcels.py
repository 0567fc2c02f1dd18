"""Parcels on file beside the corners and the number in a request: does the plot lie on the parcel it names?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from core.text import isolated
from municipality.models import GroundOutline, OutlineKind
from municipality.outlines import parcel_code
from plots.geometry import Outline
from plots.grid import ranges_near
from plots.ground import MIN_SHARED_M2, can_be_compared, shape_of, shared_with
from plots.words import metres

# What a parcel and a plot differ by, of either, before it is said: two surveys of one line (assumed).
MIN_DIFFERENCE = 0.02
# A parcel that holds less of a plot than this is a neighbour.
MIN_HELD = 0.1
MAX_PARCELS = 20
NAMED, BESIDE = "parcel", "parcel_beside"


def parcel_rows(plot: Outline | None, plan: str, block: str, parcel: str) -> QuerySet[GroundOutline, Any] | None:
    """(NAMED or BESIDE, shape, name, nothing, nothing) of the parcel of this number and of those where the plot lies,
    as a part of the one statement of selectors/duplicates. None for corners that bound no area here.
    """
    if plot is None or not can_be_compared(plot):
        return None
    try:
        ranges = ranges_near(plot.box)
    except ValueError:  # larger than any parcel
        return None
    numbered = Q(plan=parcel_code(plan), parcel=parcel_code(parcel))
    if block:
        numbered &= Q(key__in=["|".join(map(parcel_code, (plan, each, parcel))) for each in ("", block)])
    west, south, east, north = plot.box
    here = Q(*(Q(cell__range=ends) for ends in ranges), _connector=Q.OR)
    here &= Q(west__lt=east, east__gt=west, south__lt=north, north__gt=south)
    force = GroundOutline.objects.filter(kind=OutlineKind.PARCELS, in_force=True)
    keys = force.filter(numbered | here if plan and parcel else here).order_by().values("pk")[:MAX_PARCELS]
    what = Case(When(numbered, then=Value(NAMED)), default=Value(BESIDE), output_field=CharField())
    rows = force.filter(pk__in=keys).order_by().annotate(
        code=what, what=F("shape"), reference=F("name"), office=Value(None, output_field=IntegerField()),
        opens=Value(True, output_field=BooleanField()),
    )  # fmt: skip
    return rows.values_list("code", "what", "reference", "office", "opens")


def parcel_words(rows: Sequence[tuple[str, str, str]], plot: Outline, *, asked: bool) -> str:
    """What they say, in a sentence; nothing where the plot is the parcel it names, or none is on file. `asked`: the
    request names plan and parcel.
    """
    shared = [(code, name, shape_of(shape).area, shared_with(plot, shape)) for code, shape, name in rows]
    named = [each for each in shared if each[0] == NAMED]
    best = max(named, key=lambda each: each[3], default=None)
    there = [isolated(name) for _code, name, _area, common in shared if common >= MIN_HELD * plot.area]
    words = {"plot": metres(plot.area), "there": _(", ").join(there)}
    if best is None:
        if not asked or not there:
            return ""
        return _("By its corners, the plot lies on %(there)s. No parcel of the number given is on file.") % words
    _code, name, area, common = best
    if common >= (1 - MIN_DIFFERENCE) * max(area, plot.area):
        return ""
    words |= {
        "name": isolated(name),
        "area": metres(area),
        "share": f"{100 * common / plot.area:.0f}",
        "of_parcel": f"{100 * common / area:.0f}",
    }
    text = _(
        "Parcel %(name)s on file has %(area)s m², the plot by its corners %(plot)s m². %(share)s%% of the plot lies on "
        "the parcel and covers %(of_parcel)s%% of it."
    )
    if common < MIN_SHARED_M2:
        text = _("By its corners, the plot does not lie on parcel %(name)s on file (%(area)s m²).")
    if isolated(name) not in there and there:
        text += " " + _("The corners lie on %(there)s.")
    return text % words
