"""What the examples of several services have in common."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

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
