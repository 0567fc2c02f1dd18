"""What the examples of several services have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate, pairwise
from random import Random
from typing import Any

from transactions.domain.service_types import Answers

STREETS = (
    "شارع حائل",
    "شارع فلسطين",
    "شارع الأربعين",
    "شارع قريش",
    "شارع حراء",
    "شارع صاري",
    "شارع الستين",
    "شارع عبدالله السليمان",
    "خلف مسجد الحي",
    "بجوار المدرسة الابتدائية",
)
PLAIN_DEED = {
    "deed_number": "320211004455",
    "deed_date": "1440/03/15",
    "plan_number": "415",
    "parcel_number": "27",
    "district": "SHR-01",
}


def strips(about: Answers, widths: Sequence[float], depth: float, slip: float = 0.0) -> tuple[str, list[str]]:
    """The corners of a plot somewhere in the city, and of the strips it is cut into from west to east, the first of
    them too wide by `slip` metres. The same for the same plan and parcel.
    """
    place = Random(f"{about['plan_number']}-{about['parcel_number']}")  # noqa: S311 – an example, no secret
    x, y = place.randrange(515_000, 530_000, 100), place.randrange(2_370_000, 2_400_000, 100)
    turn = math.radians(place.uniform(-25, 25))

    def corners(west: float, east: float) -> str:
        box = ((west, 0.0), (east, 0.0), (east, depth), (west, depth))
        return "\n".join(
            f"{x + e * math.cos(turn) - n * math.sin(turn):.3f} {y + e * math.sin(turn) + n * math.cos(turn):.3f}"
            for e, n in box
        )

    edges = [0.0, *accumulate(widths)]
    parts = [corners(west, east + (0 if n else slip)) for n, (west, east) in enumerate(pairwise(edges))]
    return corners(0.0, edges[-1]), parts


def deed(chance: Random, district: str, on: date) -> dict[str, Any]:
    """Answers about a title deed and the plot it is for (plot.DEED_AND_PLOT)."""
    return {
        "deed_number": str(chance.randrange(10**9, 10**12)),
        "deed_date": (on - timedelta(days=chance.randrange(200, 7000))).isoformat(),
        "plan_number": str(chance.randrange(100, 900)),
        "block_number": str(chance.randrange(1, 40)),
        "parcel_number": str(chance.randrange(1, 400)),
        "district": district,
    }
