"""Between degrees (WGS 84) and UTM zones, and areas on the ellipsoid. pyproj is loaded when first asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from .outlines import Point

ZONE = 37
# Where plots of the municipality can lie: the governorate with some room around it (assumed). West, south, east, north.
AREA_DEGREES = (38.3, 20.3, 40.3, 23.0)
AREA_METRES = (425_000.0, 2_240_000.0, 640_000.0, 2_550_000.0)


def is_here(x: float, y: float) -> bool:
    """Is this point of the plane somewhere a plot of the municipality can be?"""
    west, south, east, north = AREA_METRES
    return west <= x <= east and south <= y <= north


def lies_here(corners: Iterable[Point]) -> bool:
    """Are all of these? Elsewhere nothing can be said in degrees, or of neighbours."""
    return all(is_here(*corner) for corner in corners)


def is_degrees_here(longitude: float, latitude: float) -> bool:
    west, south, east, north = AREA_DEGREES
    return west <= longitude <= east and south <= latitude <= north


@cache
def _transformer(zone: int) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs("EPSG:4326", f"EPSG:{32600 + zone}", always_xy=True)


@cache
def _ellipsoid() -> Any:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def to_plane(longitude: float, latitude: float) -> Point:
    """Degrees to metres of zone 37, to the millimetre."""
    x, y = _transformer(ZONE).transform(longitude, latitude)
    return Point(round(x, 3), round(y, 3))


def to_plane_all(longitudes: Sequence[float], latitudes: Sequence[float]) -> list[tuple[float, float]]:
    """Many at once, which takes a hundredth of the time."""
    xs, ys = _transformer(ZONE).transform(longitudes, latitudes)
    return list(zip(xs, ys, strict=True))


def to_degrees(x: float, y: float, zone: int = ZONE) -> tuple[float, float]:
    """(longitude, latitude) of a point of a zone."""
    longitude, latitude = _transformer(zone).transform(x, y, direction="INVERSE")
    return float(longitude), float(latitude)


def other_zone(x: float, y: float) -> int | None:
    """The neighbouring zone in which these metres lie in the municipality's area; None when in neither."""
    for zone in (ZONE - 1, ZONE + 1):
        longitude, latitude = to_degrees(x, y, zone)
        if is_degrees_here(longitude, latitude):
            return zone
    return None


def ellipsoid_area(corners: Sequence[Point]) -> float:
    """Square metres of an outline on the ellipsoid (geodesic sides)."""
    degrees = [to_degrees(x, y) for x, y in corners]
    area, _perimeter = _ellipsoid().polygon_area_perimeter([lon for lon, _l in degrees], [lat for _l, lat in degrees])
    return abs(float(area))
