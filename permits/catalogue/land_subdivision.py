"""Land subdivision (تقسيم / تجزئة الأراضي). Least sizes are Riyadh's, authority as published: seed values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.assurance import Level
from transactions.domain.errors import Problem
from transactions.domain.service_types import (
    DRAWING,
    Answered,
    Answers,
    Assured,
    DeficiencyCode,
    Document,
    Examples,
    Field,
    Flag,
    Greater,
    Group,
    Kind,
    OneOf,
    Output,
    PlotQuestions,
    RoutingRule,
    ServiceType,
    Stage,
    Step,
)
from transactions.domain.workflow import Actor, MoveName, Status

from ..bodies import DEEDS, SURVEY_DECISION
from ..checklists.land_subdivision import CHECKLIST
from ..checks import areas, geometry, parts
from ..examples import PLAIN_DEED, STREETS, deed, strips
from ..plot import CORNERS, DEED_AND_PLOT, PART_CORNERS, REGISTRATION

PLOT = PlotQuestions(
    corners="corners",
    area="area_m2",
    parts="parts",
    part_corners="corners",
    part_area="area_m2",
    part_frontage="frontage_m",
)


def _check(answers: Answers, today: date) -> Iterable[Problem]:
    return areas.problems(answers)


def _flag(answers: Answers) -> Iterable[Flag]:
    yield from areas.flags(answers)
    yield from parts.flags(answers)
    yield from geometry.flags(PLOT, answers)


def _plain(on: date) -> dict[str, Any]:
    return PLAIN_DEED | {
        "area_m2": "900",
        "land_use": "residential",
        "villas": "detached",
        "parts": [
            {"area_m2": "450", "frontage_m": "15", "street": "شارع 1", "street_width_m": "15"},
            {"area_m2": "450", "frontage_m": "15", "street": "شارع 2", "street_width_m": "12"},
        ],
    }


def _varied(chance: Random, district: str, on: date) -> dict[str, Any]:
    area = chance.choice((800, 900, 1000, 1250, 1600, 2400, 3600, 4900, 6200, 9000))
    count = 2 if area < 1500 else chance.choice((2, 3, 4))
    part = round(area / count, 2)
    parts = [
        {
            "area_m2": str(part if n else round(area - part * (count - 1), 2)),
            "frontage_m": str(chance.choice((11, 12, 15, 18, 20))),
            "street": chance.choice(STREETS),
            "street_width_m": str(chance.choice((10, 12, 15, 20))),
        }
        for n in range(count)
    ]
    about = deed(chance, district, on)
    # Most of them bring corners, on strips of 30 m; every seventh has one strip two metres too wide.
    corners: dict[str, Any] = {}
    if (which := int(about["parcel_number"]) % 7) < 5:
        widths = [round(float(each["area_m2"]) / 30, 2) for each in parts]
        plot, cut = strips(about, widths, 30, slip=0 if which else 2)
        corners = {"corners": plot}
        for each, width, outline in zip(parts, widths, cut, strict=True):
            each |= {"frontage_m": str(width), "corners": outline}
    return (
        about
        | corners
        | {
            "area_m2": str(area),
            "land_use": chance.choices(("residential", "commercial"), (95, 5))[0],
            "villas": chance.choice(("detached", "attached")),
            "parts": parts,
        }
    )


SERVICE = ServiceType(
    code="land-subdivision",
    icon="subdivision",
    title=_("Land subdivision"),
    summary=_("To split one plot into two or more, each with its own deed afterwards."),
    audience=_("Owners of a plot with a title deed, with a survey by an accredited office."),
    conditions=(
        _("The plot has a title deed and is in an approved plan."),
        _(
            "Each part has an area of at least 200 m², a frontage of at least 12 m (10 m for attached villas) "
            "and a street at least 10 m wide."
        ),
        _("Residential plots up to 5,000 m² are decided by your sub-municipality, others by the central office."),
        _("The minutes go to the notary, who issues the new deeds."),
    ),
    steps=(
        DEED_AND_PLOT,
        Step(
            "plot",
            _("The plot"),
            (
                Field(
                    "area_m2",
                    _("Area of the plot"),
                    Kind.DECIMAL,
                    hint=_("As in the deed. The survey may differ slightly; the reviewer checks this."),
                    unit=_("m²"),
                    low=Decimal(100),
                    high=Decimal(5000000),
                    empty=_("Enter the area of the plot."),
                ),
                CORNERS,
                Field(
                    "land_use",
                    _("Land use"),
                    Kind.CHOICE,
                    choices=(
                        ("residential", _("Residential")),
                        ("commercial", _("Commercial")),
                        ("agricultural", _("Agricultural")),
                    ),
                    empty=_("Choose the land use."),
                ),
                Field(
                    "villas",
                    _("What will be built on the parts"),
                    Kind.CHOICE,
                    choices=(("detached", _("Detached houses")), ("attached", _("Attached villas"))),
                    empty=_("Choose what will be built on the parts."),
                ),
            ),
        ),
        Step(
            "parts",
            _("The parts"),
            (
                Group(
                    "parts",
                    _("Proposed parts"),
                    _("Part"),
                    (
                        Field(
                            "area_m2",
                            _("Area"),
                            Kind.DECIMAL,
                            unit=_("m²"),
                            low=Decimal(1),
                            high=Decimal(5000000),
                            empty=_("Enter the area of this part."),
                        ),
                        Field(
                            "frontage_m",
                            _("Frontage"),
                            Kind.DECIMAL,
                            unit=_("m"),
                            low=Decimal(1),
                            high=Decimal(5000),
                            empty=_("Enter the frontage of this part."),
                        ),
                        Field(
                            "street",
                            _("Street it faces"),
                            max_length=80,
                            empty=_("Enter the street this part faces."),
                        ),
                        Field(
                            "street_width_m",
                            _("Width of that street"),
                            Kind.DECIMAL,
                            unit=_("m"),
                            low=Decimal(1),
                            high=Decimal(120),
                            empty=_("Enter the width of that street."),
                        ),
                        PART_CORNERS,
                    ),
                    least=2,
                    most=20,
                    hint=_("The areas of the parts add up to the area of the plot."),
                    adds_up=("area_m2", "area_m2"),
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
            "survey_report",
            _("Survey report"),
            hint=_("By an accredited office, with its stamp."),
            good=_("Coordinates of every corner, lengths of every side and the area."),
        ),
        Document(
            "plan_extract",
            _("Extract of the organisational plan"),
            good=_("Shows the whole block with the number of the plan and of each parcel."),
        ),
        Document(
            "division_drawing",
            _("Subdivision drawing"),
            accepts=DRAWING,
            hint=_("PDF or DXF with the lengths of every side. A DWG as well, if you like."),
            good=_("Each part with its area, sides and street, and no gaps between the parts."),
        ),
        Document(
            "id_copy", _("Copy of national ID"), good=_("In date, the whole card in the picture, every digit readable.")
        ),
        Document("poa", _("Power of attorney"), hint=_("Only if someone else acts for the owner."), least=0),
    ),
    stages=(
        REGISTRATION,
        Stage("survey", _("Survey decision"), Status.UNDER_TECH_AUDIT, Actor.REVIEWER, 10, MoveName.RECOMMEND),
        Stage("technical", _("Technical study"), Status.UNDER_STUDY, Actor.REVIEWER, 5, MoveName.RECOMMEND),
        Stage(
            "approval", _("Supervisor's approval"), Status.AWAITING_SUPERVISOR, Actor.SUPERVISOR, 2, MoveName.APPROVE
        ),
        Stage(
            "minutes", _("Sending the minutes to the notary"), Status.APPROVED, Actor.REGISTRY_CLERK, 1, MoveName.ISSUE
        ),
    ),
    routing_rules=(
        RoutingRule(
            "subdivision.area-over-5000",
            Greater("area_m2", 5000),
            reason=_("Plots above 5,000 m² are decided by the central office."),
        ),
        RoutingRule(
            "subdivision.not-residential",
            Answered("land_use") & ~OneOf("land_use", ("residential",)),
            reason=_("Plots that are not residential are decided by the central office."),
        ),
    ),
    deficiencies=(
        DeficiencyCode(
            "deed-unreadable", _("The title deed is not readable. Attach a clear copy of every page."), "deed"
        ),
        DeficiencyCode(
            "survey-stamp", _("The survey report has no stamp from the accredited office."), "survey_report"
        ),
        DeficiencyCode(
            "survey-coordinates",
            _("The survey report does not show the coordinates of the corners."),
            "survey_report",
            opens=("corners",),
        ),
        DeficiencyCode("drawing-lengths", _("The drawing does not show the lengths of the sides."), "division_drawing"),
        DeficiencyCode(
            "part-frontage",
            _("A part has too short a frontage. Change the division or explain."),
            "parts",
            opens=("division_drawing",),
        ),
        DeficiencyCode(
            "part-area",
            _("A part is smaller than 200 m². Change the division or explain."),
            "parts",
            opens=("division_drawing",),
        ),
        DeficiencyCode(
            "areas-differ",
            _("The areas in the form and in the survey differ."),
            "area_m2",
            opens=("corners", "parts", "survey_report", "division_drawing"),
        ),
        DeficiencyCode("plan-extract", _("The extract does not show the whole block."), "plan_extract"),
    ),
    checklist=CHECKLIST,
    assured=Assured(start=Level.PHONE, submit=Level.PHONE, receive=Level.COUNTER),
    output=Output(
        "subdivision-minutes",
        _("Subdivision minutes"),
        "permits/outputs/subdivision_minutes.html",
        recipient=_("The notary public office"),
        holder=_("Owner"),
        figures=("area_m2", "land_use"),
        opening=(
            _(
                "The plot described below was studied and its division is approved. Please issue the deeds for "
                "the parts accordingly."
            ),
        ),
    ),
    plot=PLOT,
    check=_check,
    flag=_flag,
    referrals=(SURVEY_DECISION, DEEDS),
    examples=Examples(_plain, _varied, weight=21),
)
