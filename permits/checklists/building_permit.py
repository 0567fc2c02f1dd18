"""The checklist of a building permit. Ten points of the technical study are the published ones of Riyadh."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from transactions.domain.service_types import CheckPoint, Greater, OneOf

COMPLETENESS, TECHNICAL, APPROVAL = ("completeness",), ("technical",), ("approval",)
COMMERCIAL = OneOf("building_type", ("commercial",)) | OneOf("land_use", ("commercial", "mixed", "industrial"))
APARTMENTS = OneOf("building_type", ("apartments",))
# What Civil Defence looks at too (assumed: flats, shops and offices, and whatever is higher than three floors).
CIVIL_DEFENCE = COMMERCIAL | APARTMENTS | Greater("floors", 3)
LARGE_CAR_PARK = Greater("parking", 25)

CHECKLIST = (
    CheckPoint(
        "deed",
        _("Title deed: every page can be read; number, date and plot are as in the form"),
        COMPLETENESS,
        ("deed", "deed_number", "deed_date", "plan_number", "block_number", "parcel_number"),
        deficiency="deed-unreadable",
    ),
    CheckPoint(
        "survey",
        _("Survey decision: stamped, not older than three years, boundaries as in the deed"),
        COMPLETENESS,
        ("survey_decision", "survey_date"),
        deficiency="survey-old",
    ),
    CheckPoint(
        "sketch",
        _("Site sketch: the plot in its block, with streets and coordinates"),
        COMPLETENESS,
        ("croquis",),
        deficiency="croquis-missing-coordinates",
    ),
    CheckPoint(
        "regulation",
        _("Building regulation statement: for this very plot"),
        COMPLETENESS,
        ("building_regulation", "parcel_number"),
    ),
    CheckPoint(
        "drawings",
        _("Architectural drawings: every floor, façade and section, stamped by the office"),
        COMPLETENESS,
        ("arch_drawings",),
    ),
    CheckPoint(
        "site-plan",
        _("Site plan: setback on every side, scale and north arrow"),
        COMPLETENESS,
        ("site_plan",),
        deficiency="site-plan-scale",
    ),
    CheckPoint(
        "soil",
        _("Soil report: signed by the laboratory, boreholes enough for the area"),
        COMPLETENESS,
        ("soil_report",),
        deficiency="soil-borings",
    ),
    CheckPoint(
        "office-pledge",
        _("Pledge of the supervising office: for this plot, signed and stamped"),
        COMPLETENESS,
        ("office_pledge",),
        deficiency="office-pledge-stamp",
    ),
    CheckPoint(
        "owner-pledge",
        _("Declaration of the owner: for this plot, signed"),
        COMPLETENESS,
        ("owner_pledge",),
        deficiency="owner-pledge-signature",
    ),
    CheckPoint(
        "safety-papers",
        _("Civil Defence: safety plan and the accreditation of the office in Salamah are attached"),
        COMPLETENESS,
        ("safety_drawings", "salamah"),
        CIVIL_DEFENCE,
    ),
    CheckPoint(
        "setbacks",
        _("Setbacks as regulated"),
        TECHNICAL,
        ("arch_drawings", "site_plan", "street_width_m"),
        deficiency="arch-setbacks",
    ),
    CheckPoint(
        "coverage",
        _("Building coverage"),
        TECHNICAL,
        ("arch_drawings", "plot_area_m2", "ground_area_m2"),
        deficiency="arch-coverage",
        flags=("coverage", "floor-area-ratio", "plot-area"),
    ),
    CheckPoint("height", _("Number of floors and height"), TECHNICAL, ("arch_drawings", "floors", "building_type")),
    CheckPoint(
        "parking",
        _("Parking"),
        TECHNICAL,
        ("arch_drawings", "parking", "units"),
        deficiency="arch-parking",
        flags=("parking",),
    ),
    CheckPoint("rooms", _("Areas of rooms and spaces"), TECHNICAL, ("arch_drawings",)),
    CheckPoint(
        "accessibility",
        _("Requirements for people with disabilities"),
        TECHNICAL,
        ("arch_drawings",),
        deficiency="arch-accessibility",
    ),
    CheckPoint(
        "use", _("Use as classified"), TECHNICAL, ("land_use", "building_type", "building_regulation", "arch_drawings")
    ),
    CheckPoint(
        "same-use",
        _("Same use in deed, earlier permit and building regulation"),
        TECHNICAL,
        ("deed", "building_regulation", "approved_regulation", "land_use"),
    ),
    CheckPoint(
        "same-areas",
        _("Same areas in report, drawings and form"),
        TECHNICAL,
        ("plot_area_m2", "ground_area_m2", "total_area_m2", "floors", "arch_drawings", "survey_decision"),
        deficiency="area-mismatch",
    ),
    CheckPoint("facades", _("Review of the façades"), TECHNICAL, ("arch_drawings", "elevation_photo")),
    CheckPoint(
        "apartments",
        _("Apartment building: width of the street, area of each unit and width of the entrance"),
        TECHNICAL,
        ("arch_drawings", "street_width_m", "units"),
        APARTMENTS,
    ),
    CheckPoint(
        "shops",
        _("Commercial part: entrances, loading and parking apart from the dwellings"),
        TECHNICAL,
        ("arch_drawings", "land_use"),
        COMMERCIAL,
    ),
    CheckPoint(
        "car-park",
        _("Car park for more than 25 cars: two ramps, their width, length and slope"),
        TECHNICAL,
        ("arch_drawings", "parking"),
        LARGE_CAR_PARK,
    ),
    CheckPoint(
        "exits",
        _("Civil Defence: exits, stairs and corridors are as in the safety plan"),
        TECHNICAL,
        ("arch_drawings", "safety_drawings"),
        CIVIL_DEFENCE,
    ),
    CheckPoint("study", _("Notes of the study and advisory flags were read"), APPROVAL),
    CheckPoint(
        "authority",
        _("The decision is within the authority of this office"),
        APPROVAL,
        ("land_use", "plot_area_m2", "district"),
    ),
    CheckPoint("fee", _("The fee is worked out from the right floor area"), APPROVAL, ("total_area_m2",)),
)
