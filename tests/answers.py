"""Right answers to every question of each service."""

from __future__ import annotations

from typing import Any

ANSWERS: dict[str, dict[str, Any]] = {
    "electricity-connection": {
        "request_kind": "new",
        "ownership": "none",
        "load_kva": "25",
        "meters": "1",
        "district": "SHR-01",
        "street": "شارع حائل",
        **dict.fromkeys(
            ("lived_in", "not_in_wadi", "not_state_land", "not_disputed", "not_in_breach", "no_ownership"), True
        ),
    },
    "land-subdivision": {
        "deed_number": "320211004455",
        "deed_date": "1440/03/15",
        "plan_number": "415",
        "parcel_number": "27",
        "district": "SHR-01",
        "area_m2": "900",
        "land_use": "residential",
        "villas": "detached",
        "parts": [
            {"area_m2": "450", "frontage_m": "15", "street": "شارع 1", "street_width_m": "15"},
            {"area_m2": "450", "frontage_m": "15", "street": "شارع 2", "street_width_m": "12"},
        ],
    },
    "building-permit": {
        "deed_number": "320211004455",
        "deed_date": "1440/03/15",
        "plan_number": "415",
        "parcel_number": "27",
        "district": "SHR-01",
        "plot_area_m2": "625",
        "frontage_m": "25",
        "street_width_m": "20",
        "land_use": "residential",
        "survey_date": "2026-01-10",
        "building_type": "villa",
        "floors": "2",
        "ground_area_m2": "300",
        "total_area_m2": "580.5",
        "units": "1",
        "parking": "2",
    },
}
