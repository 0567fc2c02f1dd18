"""What is wrong with a file of outlines, and with its features, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.text import isolated
from plots.ground import MAX_POINTS_EACH, MIN_AREA_M2, NotAFile

from .outlines import OutlinesRefused


def file_words(wrong: NotAFile) -> str:
    """Why a file cannot be read at all."""
    return _FILES[wrong.code]() % {
        "value": isolated(f"{wrong.value:,}" if isinstance(wrong.value, int) else wrong.value)
    }


_FILES: dict[str, Callable[[], str]] = {
    "too_large": lambda: _("The file is larger than %(value)s MB. Bring it in several files."),
    "too_many_points": lambda: _(
        "The file has more than %(value)s points. Simplify the lines, or bring several files."
    ),
    "too_many_features": lambda: _("The file has more than %(value)s features. Bring it in several files."),
    "no_json": lambda: _("This is not a GeoJSON file. Export the layer as GeoJSON in UTF-8."),
    "no_collection": lambda: _("This is not a GeoJSON file of type FeatureCollection. Export the whole layer."),
    "empty": lambda: _("There is no feature in this file."),
    "too_much_overlap": lambda: _("Too many features of this file lie on each other. Check the layer, then export it."),
    "other_frame": lambda: _(
        "The file says that its coordinates are in %(value)s. Export it in degrees (EPSG:4326) or in UTM zone 37 north "
        "(EPSG:32637)."
    ),
}


def problem_words(problem: Mapping[str, Any]) -> str:
    """Why one feature was left out."""
    at = problem.get("at")
    values = {
        "name": isolated(problem["name"]),
        "place": isolated(f"{at[0]:.2f} {at[1]:.2f}") if isinstance(at, list | tuple) else "?",
        "other": at,
        "points": f"{MAX_POINTS_EACH:,}",
        "least": f"{MIN_AREA_M2:g}",
    }
    return _PROBLEMS[problem["code"]]() % values


_PROBLEMS: dict[str, Callable[[], str]] = {
    "no_feature": lambda: _("This is no GeoJSON feature."),
    "no_polygon": lambda: _("It has no polygon: only Polygon and MultiPolygon are read."),
    "no_numbers": lambda: _("A coordinate in it is not a pair of numbers."),
    "too_few": lambda: _("A line of it has fewer than three different points."),
    "too_fine": lambda: _("It has more than %(points)s points, or too many lines. Simplify it."),
    "crosses": lambda: _("Its outline crosses or touches itself at %(place)s."),
    "no_area": lambda: _("It has less than %(least)s m²."),
    "swapped": lambda: _("It is not in or around Jeddah; latitude and longitude seem to be swapped."),
    "elsewhere": lambda: _("It is not in or around Jeddah, or its coordinates are in another system."),
    "no_name": lambda: _("It names no district: it needs “code”, or a name such as “name_ar”."),
    "no_district": lambda: _("There is no single district called %(name)s."),
    "no_parcel": lambda: _("It needs “plan_number” and “parcel_number”, each of up to 30 characters."),
    "twice": lambda: _("The same is in feature %(other)s already."),
}


def refused_words(refused: OutlinesRefused) -> str:
    """Why what was pressed was not done."""
    return _REFUSED[refused.code]()


_REFUSED: dict[str, Callable[[], str]] = {
    "nothing_new": lambda: _("There is nothing new in this file."),
    "changed_meanwhile": lambda: _(
        "Something of this was changed meanwhile, so the file would do something else now. Look again."
    ),
    "not_the_latest": lambda: _("Only what was put in force last can be undone."),
}
