"""Lists narrowed to ground: what an address says of it (`at` and `to` or `radius`), as a condition on transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from core.text import one_line
from plots.geometry import Point
from plots.regions import NotARegion, Region, read_region, written_point
from plots.words import region_words

from ..models import PlotBox

# What an address says of ground. `by=middle`: where each plot counts in one place only, as on a map.
NAMES = ("at", "to", "radius", "by")
MAX_TYPED = 200


@dataclass(frozen=True)
class Location:
    """As it was typed. `trouble` says in words why it is no ground; then nothing lies there, so that nobody takes the
    whole list for what they asked for.
    """

    at: str = ""
    to: str = ""
    radius: str = ""
    by: str = ""
    region: Region | None = None
    trouble: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.region or self.trouble)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """As an address or a form carries it on."""
        return [(name, getattr(self, name)) for name in NAMES if getattr(self, name)]

    @property
    def condition(self) -> Q:
        """On transactions; everything where no ground is named."""
        if self.trouble:
            return Q(pk__in=[])
        if self.region is None:
            return Q()
        return Q(pk__in=PlotBox.objects.over(self.region, by_middle=self.by == "middle").values("pk"))

    @property
    def words(self) -> str:
        """What it narrows to, for a list's heading; empty where it narrows nothing."""
        if self.region is None:
            return ""
        west, south, east, north = self.region.box
        if self.region.centre is not None:
            words = {"metres": f"{self.region.radius:,g}", "point": _isolated(self.region.centre)}
            return _("Up to %(metres)s m from %(point)s") % words
        return _("Between %(point)s and %(other)s") % {
            "point": _isolated(Point(west, south)),
            "other": _isolated(Point(east, north)),
        }


EVERYWHERE = Location()


def _isolated(point: Point) -> str:
    return f"\u2066{written_point(point)}\u2069"


def read_location(asked: Mapping[str, str]) -> Location:
    """The ground an address names; never raises, whatever was typed."""
    at, to, radius = (one_line(asked.get(name, ""))[:MAX_TYPED] for name in NAMES[:3])
    by = "middle" if asked.get("by") == "middle" else ""
    try:
        region = read_region(at, to, radius)
    except NotARegion as wrong:
        return Location(at, to, radius, by, trouble=region_words(wrong))
    return Location(at, to, radius, by, region) if region else EVERYWHERE
