"""Outlines as GeoJSON (RFC 7946): degrees, longitude first, the outer ring against the clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .outlines import Outline, _signed_area
from .projection import to_degrees

# Nine places are a tenth of a millimetre.
PLACES = 9


def feature_of(outline: Outline, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A Feature with one Polygon."""
    corners = outline.corners if _signed_area(outline.corners) >= 0 else outline.corners[::-1]
    outline_degrees = [[round(value, PLACES) for value in to_degrees(x, y)] for x, y in (*corners, corners[0])]
    return {
        "type": "Feature",
        "properties": dict(properties),
        "geometry": {"type": "Polygon", "coordinates": [outline_degrees]},
    }
