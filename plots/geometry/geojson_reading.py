"""The corners of a GeoJSON text or object: one polygon, or the line or points that make one."""

from __future__ import annotations

import json
import math
from typing import Any

# Why one was not understood, as `read_corners` says it.
GEOJSON_SLIPS = ("json_broken", "json_no_outline", "json_several", "json_holes")
_MAX_FEATURES = 200


def positions(given: object, most: int) -> list[tuple[float, float]]:
    """The positions of its one outline, as they stand. ValueError with one of GEOJSON_SLIPS, or `too_many`."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise ValueError("json_broken") from error
    outlines = _outlines(given)
    if not outlines:
        raise ValueError("json_no_outline")
    points = [line for kind, rings in outlines if kind == "Point" for line in rings]
    shapes = [rings for kind, rings in outlines if kind != "Point"]
    if len(shapes) > 1:
        raise ValueError("json_several")
    if shapes and len(shapes[0]) > 1:
        raise ValueError("json_holes")
    corners = shapes[0][0] if shapes else [position for line in points for position in line]
    if len(corners) > most:
        raise ValueError("too_many")
    return [_position(position) for position in corners]


def _outlines(given: object) -> list[tuple[str, list[list[Any]]]]:
    """Every geometry as rings; points that lie about alone as rings of one."""
    if isinstance(given, list):  # bare coordinates: [[x, y], …] or [[[x, y], …]]
        nested = given and isinstance(given[0], list) and given[0] and isinstance(given[0][0], list)
        return [("Polygon", _rings(given if nested else [given]))]
    if not isinstance(given, dict):
        return []
    kind = given.get("type")
    if kind == "FeatureCollection":
        return [each for feature in _listed(given.get("features"))[:_MAX_FEATURES] for each in _outlines_of(feature)]
    return _outlines_of(given)


def _outlines_of(given: object) -> list[tuple[str, list[list[Any]]]]:
    if not isinstance(given, dict):
        return []
    geometry = given.get("geometry") if given.get("type") == "Feature" else given
    if not isinstance(geometry, dict):
        return []
    coordinates = _listed(geometry.get("coordinates"))
    match geometry.get("type"):
        case "Polygon":
            return [("Polygon", _rings(coordinates))]
        case "MultiPolygon":
            return [("Polygon", _rings(_listed(rings))) for rings in coordinates]
        case "LineString" | "MultiPoint":
            return [("LineString", [coordinates])]
        case "Point":
            return [("Point", [[coordinates]])]
        case _other:
            return []


def _rings(given: list[Any]) -> list[list[Any]]:
    rings = [line for line in given if isinstance(line, list) and line]
    if not rings:
        raise ValueError("json_no_outline")
    return rings


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _position(given: object) -> tuple[float, float]:
    """A position; numbers may be written as texts, a height is left out."""
    if not isinstance(given, list) or not 2 <= len(given) <= 3:
        raise ValueError("json_no_outline")
    try:
        x, y = (float(value) for value in given[:2] if not isinstance(value, bool))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("json_no_outline") from error
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("json_no_outline")
    return x, y
