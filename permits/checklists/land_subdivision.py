"""The checklist of a subdivision."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from transactions.domain.service_types import Answered, CheckPoint, Greater, OneOf

SURVEY, TECHNICAL, APPROVAL = ("survey",), ("technical",), ("approval",)
CENTRAL = Greater("area_m2", 5000) | (Answered("land_use") & ~OneOf("land_use", ("residential",)))

CHECKLIST = (
    CheckPoint(
        "deed",
        _("Title deed: every page can be read; number, date and plot are as in the form"),
        SURVEY,
        ("deed", "deed_number", "deed_date", "plan_number", "block_number", "parcel_number"),
        deficiency="deed-unreadable",
    ),
    CheckPoint(
        "survey-stamp",
        _("Survey report: by an accredited office, with its stamp"),
        SURVEY,
        ("survey_report",),
        deficiency="survey-stamp",
    ),
    CheckPoint(
        "coordinates",
        _("Survey report: coordinates of every corner, length of every side"),
        SURVEY,
        ("survey_report",),
        deficiency="survey-coordinates",
    ),
    CheckPoint(
        "area",
        _("Same area in deed, survey and form"),
        SURVEY,
        ("deed", "survey_report", "area_m2"),
        deficiency="areas-differ",
    ),
    CheckPoint(
        "plan", _("Extract of the plan shows the whole block"), SURVEY, ("plan_extract",), deficiency="plan-extract"
    ),
    CheckPoint(
        "owner", _("The applicant is the owner named in the deed, or acts for them"), SURVEY, ("id_copy", "poa")
    ),
    CheckPoint(
        "sums",
        _("Areas of the parts add up to the plot"),
        TECHNICAL,
        ("parts", "area_m2", "division_drawing"),
        deficiency="areas-differ",
        flags=("area-tolerance",),
    ),
    CheckPoint(
        "minimum",
        _("Minimum area, frontage and street width of each part"),
        TECHNICAL,
        ("parts", "villas", "division_drawing"),
        deficiency="part-frontage",
        flags=("part-area", "part-frontage", "part-street"),
    ),
    CheckPoint(
        "boundaries",
        _("Same boundaries in deed, survey and drawing"),
        TECHNICAL,
        ("deed", "survey_report", "division_drawing"),
        deficiency="drawing-lengths",
    ),
    CheckPoint(
        "buildings", _("No building is cut by a new boundary"), TECHNICAL, ("division_drawing", "survey_report")
    ),
    CheckPoint("access", _("Every part opens to a street of the plan, corners cut off"), TECHNICAL, ("parts",)),
    CheckPoint(
        "not-residential",
        _("More than 5,000 m², or not residential: the planning study agrees"),
        TECHNICAL,
        ("area_m2", "land_use", "plan_extract"),
        CENTRAL,
    ),
    CheckPoint("study", _("Notes of the study and advisory flags were read"), APPROVAL),
    CheckPoint(
        "authority",
        _("The decision is within the authority of this office"),
        APPROVAL,
        ("land_use", "area_m2", "district"),
    ),
    CheckPoint(
        "minutes", _("The parts in the form are as the minutes shall say"), APPROVAL, ("parts", "division_drawing")
    ),
)
