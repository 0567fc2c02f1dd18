"""Building permit (رخصة بناء). Documents and checklist after Riyadh: seed values, not Jeddah law."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.assurance import Level
from core.relative_days import TODAY
from transactions.domain.service_types import (
    DRAWING,
    PHOTO,
    Amount,
    Answered,
    Answers,
    Assured,
    DeficiencyCode,
    Document,
    Examples,
    Fee,
    Field,
    Kind,
    OneOf,
    Output,
    RoutingRule,
    ServiceType,
    Stage,
    Step,
    SubmittedBy,
    TariffKind,
)
from transactions.domain.workflow import Actor, MoveName, Status

from ..checklists.building_permit import CHECKLIST
from ..checks import building, geometry
from ..examples import PLAIN_DEED, deed, strips
from ..plot import CORNERS, DEED_AND_PLOT, PERMIT_PLOT, REGISTRATION
from ..services import per_square_metre

# Published in 2016. A rate outside the bounds is a slip of the pen.
TARIFF = TariffKind(
    "building-permit-m2",
    _("Building permit, per m²"),
    low=Decimal("0.10"),
    high=Decimal(100),
    rate=Decimal("3.00"),
    since=date(2016, 1, 1),
    certainty="documented",
    source="Published in 2016: 3 SAR a square metre for three years; to be confirmed by an administrator.",
    example=_("a villa of 500 m²"),
    example_units=Decimal(500),
)


def _fee(answers: Answers, on: date) -> Amount:
    return per_square_metre(TARIFF, Decimal(answers["total_area_m2"]), on)


def _plain(on: date) -> dict[str, Any]:
    return PLAIN_DEED | {
        "plot_area_m2": "625",
        "frontage_m": "25",
        "street_width_m": "20",
        "land_use": "residential",
        "survey_date": (on - timedelta(days=30)).isoformat(),
        "building_type": "villa",
        "floors": "2",
        "ground_area_m2": "300",
        "total_area_m2": "580.5",
        "units": "1",
        "parking": "2",
    }


def _varied(chance: Random, district: str, on: date) -> dict[str, Any]:
    plot = chance.choice((400, 500, 600, 625, 750, 900))
    ground = round(plot * chance.uniform(0.45, 0.74))
    floors = chance.choice((1, 2, 2, 3))
    about, front = deed(chance, district, on), chance.choice((15, 20, 25))
    return about | {
        "plot_area_m2": str(plot),
        "corners": strips(about, [front], plot / front)[0],
        "frontage_m": str(front),
        "street_width_m": str(chance.choice((12, 15, 20, 30))),
        "land_use": chance.choices(("residential", "mixed", "industrial"), (92, 6, 2))[0],
        "survey_date": (on - timedelta(days=chance.randrange(20, 900))).isoformat(),
        "building_type": "villa" if floors < 3 else "apartments",
        "floors": str(floors),
        "ground_area_m2": str(ground),
        "total_area_m2": str(round(ground * floors * 0.95) if floors > 1 else ground),
        "units": str(1 if floors < 3 else 6),
        "parking": str(2 if floors < 3 else 6),
    }


def _drawing(code: str, label: object, **extra: object) -> Document:
    return Document(code, label, accepts=DRAWING, most=10, **extra)  # type: ignore[arg-type]


SERVICE = ServiceType(
    code="building-permit",
    icon="permit",
    title=_("Building permit"),
    summary=_("To build a house or building on your plot, or to add to one."),
    audience=_("Owners of a plot with a title deed. An engineering office prepares the file; you approve it."),
    submitted_by=SubmittedBy.ENGINEERING_OFFICE,
    conditions=(
        _("The plot has a title deed and is in an approved plan."),
        _("You authorise an engineering office whose licence is in force."),
        _("The survey decision is not older than three years."),
        _("The fee is paid after approval, before the permit is issued."),
    ),
    steps=(
        DEED_AND_PLOT,
        Step(
            "plot",
            _("The plot"),
            (
                Field(
                    "plot_area_m2",
                    _("Plot area"),
                    Kind.DECIMAL,
                    unit=_("m²"),
                    low=Decimal(50),
                    high=Decimal(200000),
                    empty=_("Enter the area of the plot."),
                ),
                CORNERS,
                Field(
                    "frontage_m",
                    _("Frontage"),
                    Kind.DECIMAL,
                    unit=_("m"),
                    low=Decimal(3),
                    high=Decimal(1000),
                    empty=_("Enter the frontage of the plot."),
                ),
                Field(
                    "street_width_m",
                    _("Width of the street in front"),
                    Kind.DECIMAL,
                    hint=_("If the plot faces several streets, enter the widest one."),
                    unit=_("m"),
                    low=Decimal(3),
                    high=Decimal(120),
                    empty=_("Enter the width of the street in front."),
                ),
                Field(
                    "land_use",
                    _("Land use"),
                    Kind.CHOICE,
                    choices=(
                        ("residential", _("Residential")),
                        ("commercial", _("Commercial")),
                        ("mixed", _("Residential and commercial")),
                        ("industrial", _("Industrial")),
                    ),
                    empty=_("Choose the land use."),
                ),
                Field(
                    "survey_date",
                    _("Date of the survey decision"),
                    Kind.DATE,
                    hint=_("Hijri or Gregorian, for example 1447/05/20 or 20 Jumada al-Ula 1447."),
                    latest=TODAY,
                    empty=_("Enter the date of the survey decision."),
                ),
            ),
        ),
        Step(
            "building",
            _("The building"),
            (
                Field(
                    "building_type",
                    _("Kind of building"),
                    Kind.CHOICE,
                    choices=(
                        ("villa", _("Villa")),
                        ("apartments", _("Apartment building")),
                        ("townhouse", _("Townhouse")),
                        ("commercial", _("Commercial building")),
                    ),
                    empty=_("Choose the kind of building."),
                ),
                Field(
                    "floors",
                    _("Number of floors"),
                    Kind.INTEGER,
                    low=1,
                    high=60,
                    empty=_("Enter the number of floors."),
                ),
                Field(
                    "ground_area_m2",
                    _("Area of the ground floor"),
                    Kind.DECIMAL,
                    unit=_("m²"),
                    low=Decimal(10),
                    high=Decimal(200000),
                    empty=_("Enter the area of the ground floor."),
                ),
                Field(
                    "total_area_m2",
                    _("Total floor area"),
                    Kind.DECIMAL,
                    hint=_("The fee is calculated from this."),
                    unit=_("m²"),
                    low=Decimal(10),
                    high=Decimal(2000000),
                    empty=_("Enter the total floor area."),
                ),
                Field(
                    "units", _("Number of units"), Kind.INTEGER, low=1, high=2000, empty=_("Enter the number of units.")
                ),
                Field(
                    "parking",
                    _("Parking spaces"),
                    Kind.INTEGER,
                    low=0,
                    high=5000,
                    empty=_("Enter the number of parking spaces, 0 if there are none."),
                ),
            ),
        ),
    ),
    documents=(
        Document(
            "deed",
            _("Title deed"),
            hint=_("Both pages, every word readable."),
            good=_("Flat and whole, all four corners in the picture; number, date and stamp can be read."),
        ),
        Document(
            "survey_decision",
            _("Survey decision"),
            hint=_("Not older than three years."),
            good=_("Stamped, with its number and date and the table of coordinates."),
        ),
        Document(
            "croquis",
            _("Site sketch (croquis)"),
            good=_("The plot within its block, names and widths of the streets, north arrow, coordinates."),
        ),
        Document(
            "building_regulation",
            _("Plot building regulation statement"),
            good=_("For this plot itself: use, height, coverage and setbacks."),
        ),
        _drawing(
            "arch_drawings",
            _("Architectural drawings"),
            hint=_("PDF or DXF, up to 50 MB per file. A DWG as well, if you like: it can only be downloaded."),
            good=_("Every floor, façade and section to scale, with setbacks and areas, stamped by the office."),
        ),
        _drawing(
            "site_plan",
            _("Site plan"),
            good=_("The building on the plot with the setback on each side, scale and north arrow."),
        ),
        Document(
            "soil_report",
            _("Soil study report"),
            good=_("Locations and depths of the boreholes, signed and stamped by the laboratory."),
        ),
        Document(
            "office_pledge",
            _("Supervising-office pledge"),
            hint=_("Signed and stamped by the office."),
            good=_("Names this plot and this building; dated."),
        ),
        Document(
            "owner_pledge",
            _("Owner declaration on rules"),
            hint=_("Signed by the owner."),
            good=_("Names this plot and this building; dated."),
        ),
        _drawing("struct_drawings", _("Structural drawings"), least=0),
        _drawing("elec_drawings", _("Electrical drawings"), least=0),
        _drawing("mech_drawings", _("Mechanical drawings"), least=0),
        _drawing("safety_drawings", _("Safety and security plan"), least=0),
        _drawing("energy_drawings", _("Energy-efficiency drawings"), least=0),
        Document("elevation_photo", _("Elevation picture"), accepts=(*PHOTO, "application/pdf"), least=0),
        Document("survey_report", _("Survey report"), least=0),
        Document("levels_letter", _("Levels letter"), least=0),
        Document("location_conditions", _("Location-specific conditions"), least=0),
        Document("waste_pledge", _("Waste-removal pledge"), least=0),
        Document("fence_pledge", _("Fencing pledge"), least=0),
        Document("fence_plan", _("Temporary fence plan"), least=0),
        Document("declarations", _("Declarations"), least=0),
        Document("supervision_contract", _("Supervision contract"), least=0),
        Document("insurance", _("Inherent-defects insurance policy"), least=0),
        Document("salamah", _("Civil-Defence Salamah accreditation of the office"), least=0),
        Document("registry_cert", _("Real-estate register extract"), least=0),
        Document("approved_regulation", _("Approved building-regulation statement"), least=0),
    ),
    stages=(
        REGISTRATION,
        Stage("completeness", _("Completeness audit"), Status.UNDER_ADMIN_AUDIT, Actor.REVIEWER, 1, MoveName.RECOMMEND),
        Stage("technical", _("Technical study"), Status.UNDER_STUDY, Actor.REVIEWER, 3, MoveName.RECOMMEND),
        Stage(
            "approval", _("Supervisor's approval"), Status.AWAITING_SUPERVISOR, Actor.SUPERVISOR, 1, MoveName.APPROVE
        ),
        Stage(
            "fee", _("Payment of the fee"), Status.AWAITING_PAYMENT, Actor.REGISTRY_CLERK, 0, MoveName.RECORD_PAYMENT
        ),
        Stage("issue", _("Issue of the permit"), Status.APPROVED, Actor.REGISTRY_CLERK, 1, MoveName.ISSUE),
    ),
    routing_rules=(
        RoutingRule(
            "building.industrial",
            Answered("land_use") & ~OneOf("land_use", ("residential", "commercial", "mixed")),
            reason=_("Industrial buildings are decided by the central office."),
        ),
    ),
    deficiencies=(
        DeficiencyCode(
            "deed-unreadable", _("The title deed is not readable. Attach a clear copy of every page."), "deed"
        ),
        DeficiencyCode(
            "survey-old",
            _("The survey decision is older than three years. Attach a new one."),
            "survey_decision",
            opens=("survey_date",),
        ),
        DeficiencyCode(
            "croquis-missing-coordinates",
            _("The site sketch does not show the coordinates of the plot."),
            "croquis",
            opens=("corners",),
        ),
        DeficiencyCode(
            "arch-setbacks",
            _("The drawings do not show the setbacks from the street and neighbouring plots."),
            "arch_drawings",
        ),
        DeficiencyCode(
            "arch-coverage",
            _("The building covers more of the plot than is allowed."),
            "arch_drawings",
            opens=("ground_area_m2", "total_area_m2", "floors"),
        ),
        DeficiencyCode(
            "arch-parking",
            _("The drawings show fewer parking spaces than are needed."),
            "arch_drawings",
            opens=("parking", "units"),
        ),
        DeficiencyCode(
            "arch-accessibility", _("The entrance has no ramp for people with disabilities."), "arch_drawings"
        ),
        DeficiencyCode("site-plan-scale", _("The site plan has no scale or north arrow."), "site_plan"),
        DeficiencyCode("soil-borings", _("The soil report has too few boreholes for this area."), "soil_report"),
        DeficiencyCode("office-pledge-stamp", _("The pledge of the office is not stamped."), "office_pledge"),
        DeficiencyCode("owner-pledge-signature", _("The owner's declaration is not signed."), "owner_pledge"),
        DeficiencyCode(
            "area-mismatch",
            _("The areas in the form and in the drawings differ."),
            "total_area_m2",
            opens=("plot_area_m2", "ground_area_m2", "floors", "arch_drawings"),
        ),
    ),
    checklist=CHECKLIST,
    fee=Fee(_fee, _("3 SAR per square metre of total floor area, for three years."), (TARIFF,)),
    # An authorisation lets others act, and a permit is shown to third parties: both need the original ID, seen once.
    assured=Assured(start=Level.PHONE, submit=Level.PHONE, authorise=Level.COUNTER, receive=Level.COUNTER),
    output=Output(
        "building-permit",
        pgettext_lazy("the document", "Building permit"),
        "permits/outputs/building_permit.html",
        valid_years=3,
        holder=_("Owner"),
        figures=("building_type", "floors", "total_area_m2", "units"),
        closing=(
            _(
                "The owner may build as shown in the approved drawings. The permit is kept at the site and shown on "
                "request."
            ),
        ),
    ),
    check=building.problems,
    plot=PERMIT_PLOT,
    flag=geometry.with_flags(PERMIT_PLOT, building.flags),
    examples=Examples(_plain, _varied, weight=19),
)
