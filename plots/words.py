"""What is odd about corners, in sentences; and measures as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .geometry import MAX_CORNERS, Finding, Patch, Side, Slip, Unreadable
from .geometry import findings as odd
from .regions import MAX_RADIUS, NotARegion

# Beyond these nobody reads on.
_SENTENCES = 8


def metres(value: float) -> str:
    """A length or an area to two decimal places: 25.00."""
    return f"{value:,.2f}"


def bearing(side: Side) -> str:
    """Degrees clockwise from grid north: 087.50°."""
    return f"{side.bearing % 360:06.2f}°"


def patch_words(kind: str, patch: Patch) -> str:
    """What a patch of ground is: `kind` is overlap, gap or outside."""
    area = metres(patch.area)
    if kind == "overlap":
        first, second = patch.parts
        return _("Part %(one)d overlaps part %(other)d by %(area)s m².") % {"one": second, "other": first, "area": area}
    if kind == "outside":
        return _("Part %(n)d extends %(area)s m² beyond the plot.") % {"n": patch.parts[0], "area": area}
    return _("No part covers %(area)s m² of the plot.") % {"area": area}


def slip_words(slip: Slip) -> str:
    """Why a line of corners was not understood."""
    return _SLIPS[slip.code if slip.line or slip.code != "degrees_elsewhere" else "all_elsewhere"]() % {
        "line": slip.line,
        "text": f"\u2068{slip.text}\u2069",
        "most": MAX_CORNERS,
        "example": "\u2066520000.12 2380000.50\u2069",
    }


_SLIPS: dict[str, Callable[[], str]] = {
    "line": lambda: _(
        "Line %(line)d is not understood: %(text)s. Write easting and northing, for example %(example)s."
    ),
    "point": lambda: _(
        "“%(text)s” is not a point in or around Jeddah. Write easting and northing, such as %(example)s."
    ),
    "degrees_elsewhere": lambda: _("Line %(line)d is not in or around Jeddah: %(text)s. Check the degrees."),
    "all_elsewhere": lambda: _("These degrees are not in or around Jeddah: %(text)s."),
    "one_point": lambda: _("Give one point: easting and northing, for example %(example)s, or degrees."),
    "too_few": lambda: _("An outline has at least three corners, one on each line."),
    "too_many": lambda: _("An outline can have up to %(most)d corners."),
    "too_long": lambda: _("This is too long to be a list of corners."),
    "json_broken": lambda: _(
        "This begins like GeoJSON, but it cannot be read. Export it again, or write one corner on each line."
    ),
    "json_no_outline": lambda: _("This GeoJSON contains no polygon with corners in numbers."),
    "json_several": lambda: _("This GeoJSON contains several polygons. Give the one that is meant."),
    "json_holes": lambda: _("This outline has a hole. Give the outer corners only."),
}


def region_words(wrong: NotARegion) -> str:
    """Why ground that somebody typed is none, with the name of the field."""
    field = _FIELDS[wrong.name]()
    return _("%(field)s: %(sentence)s") % {"field": field, "sentence": _region_sentence(wrong.reason)}


def _region_sentence(reason: Unreadable | Finding | str) -> str:
    if isinstance(reason, Unreadable):
        return slip_words(Slip("point", text=reason.slips[0].text) if reason.slips[0].text else reason.slips[0])
    if isinstance(reason, Finding):
        return _OF_A_POINT[reason.code]() % {"zone": int(reason.value)}
    return _OF_A_REGION[reason]() % {"most": f"{MAX_RADIUS:,}"}


_FIELDS: dict[str, Callable[[], str]] = {
    "at": lambda: _("Point"),
    "to": lambda: _("Opposite corner"),
    "radius": lambda: _("Radius"),
}
_OF_A_REGION: dict[str, Callable[[], str]] = {
    "missing": lambda: _("Give the coordinates of a point."),
    "both": lambda: _("Give an opposite corner or a radius, not both."),
    "radius": lambda: _("Give metres as a number, up to %(most)s."),
}
_OF_A_POINT: dict[str, Callable[[], str]] = {
    odd.SWAPPED: lambda: _("Easting and northing seem to be swapped."),
    odd.WRONG_ZONE: lambda: _("These seem to be metres of UTM zone %(zone)d. Jeddah is in zone 37."),
    odd.FAR_AWAY: lambda: _("This is far from Jeddah. Check the digits."),
}


def sentences(findings: Iterable[Finding]) -> list[str]:
    """A sentence for each thing that is odd; what is odd about several corners alike is said once."""
    together: dict[tuple[str, float], list[int]] = {}
    listed = []
    for finding in findings:
        if finding.code in _OF_CORNERS:
            key = (finding.code, finding.value)
            if key not in together:
                listed.append(finding)
            together.setdefault(key, []).append(finding.corners[0])
        else:
            listed.append(finding)
    return [_sentence(each, together.get((each.code, each.value), ())) for each in listed[:_SENTENCES]]


def _sentence(finding: Finding, corners: Sequence[int]) -> str:
    if finding.code in _OF_CORNERS:
        words = {"corners": _(", ").join(map(str, corners)), "zone": int(finding.value)}
        return _OF_CORNERS[finding.code](len(corners)) % words
    if finding.code == odd.SELF_CROSSING:
        a, b, c, d = finding.corners
        words = {"a": a, "b": b, "c": c, "d": d}
        return (
            _("The side from corner %(a)d to %(b)d meets the side from corner %(c)d to %(d)d. Check their order.")
            % words
        )
    if finding.code == odd.REPEATED:
        first, again = finding.corners
        return _("Corner %(again)d is the same point as corner %(first)d.") % {"first": first, "again": again}
    if finding.code == odd.NOT_CLOSED:
        words = {"last": finding.corners[1], "metres": metres(finding.value)}
        return _("The outline does not close: corner %(last)d is %(metres)s m from corner 1.") % words
    return _("The corners lie on one line and enclose no area.")


_OF_CORNERS: dict[str, Callable[[int], str]] = {
    odd.SWAPPED: lambda n: ngettext(
        "Corner %(corners)s: easting and northing seem to be swapped.",
        "Corners %(corners)s: easting and northing seem to be swapped.",
        n,
    ),
    odd.WRONG_ZONE: lambda n: ngettext(
        "Corner %(corners)s seems to be in metres of UTM zone %(zone)d. Jeddah is in zone 37.",
        "Corners %(corners)s seem to be in metres of UTM zone %(zone)d. Jeddah is in zone 37.",
        n,
    ),
    odd.FAR_AWAY: lambda n: ngettext(
        "Corner %(corners)s is far from Jeddah. Check the digits.",
        "Corners %(corners)s are far from Jeddah. Check the digits.",
        n,
    ),
}
