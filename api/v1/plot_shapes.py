"""The plot of a transaction as GeoJSON in the public contract, version 1."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from plots.geometry import feature_of, lies_here
from transactions.domain.plots import shape_of
from transactions.models import Transaction


@extend_schema_field(
    {
        "type": "object",
        "nullable": True,
        "additionalProperties": {},
        "description": (
            "The corners in the answers as a GeoJSON FeatureCollection (RFC 7946, degrees): a polygon whose `role` is "
            "plot, and for each part that has corners one whose `role` is part, with its `number`. `area_m2` is "
            "measured on the plane of UTM zone 37 north. An outline with a corner outside the "
            "governorate is left out. Null where no corners were given."
        ),
    }
)
class PlotField(serializers.Field[Any, Any, Any, Transaction]):
    def to_representation(self, case: Transaction) -> Any:
        shape = shape_of(case.service_type.plot, case.answers)
        if shape is None:
            return None
        outlines: list[tuple[dict[str, Any], Any]] = [({"role": "plot"}, shape.plot)] if shape.plot else []
        outlines += [({"role": "part", "number": number}, part) for number, part in shape.given_parts]
        features = [
            feature_of(outline, {"reference": case.reference, **about, "area_m2": round(outline.area, 2)})
            for about, outline in outlines
            if len(outline.corners) > 2 and lies_here(outline.corners)
        ]
        return {"type": "FeatureCollection", "features": features}
