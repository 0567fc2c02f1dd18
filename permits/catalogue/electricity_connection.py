"""Electricity connection (إيصال التيار). The six conditions are as published for Jeddah; durations are seeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.assurance import Level
from transactions.domain.service_types import (
    PHOTO,
    Assured,
    Condition,
    DeficiencyCode,
    Document,
    Examples,
    Field,
    Kind,
    Location,
    OneOf,
    Output,
    ServiceType,
    Stage,
    Step,
)
from transactions.domain.workflow import Actor, MoveName, Status

from ..bodies import CONNECTION
from ..checklists.electricity_connection import CHECKLIST
from ..examples import STREETS, deed
from ..plot import BLOCK, DEED_DATE, DEED_NUMBER, DISTRICT, PARCEL, PLAN, REGISTRATION

WITHOUT_DEED = OneOf("ownership", ("none",), words=_("Required if the home has no title deed"))
WITH_DEED = OneOf(
    "ownership", ("deed", "permit"), words=_("Required if the home has a title deed or a building permit")
)


def _only(field: Field, when: Condition) -> Field:
    return replace(field, when=when)


PLEDGES = ("lived_in", "not_in_wadi", "not_state_land", "not_disputed", "not_in_breach", "no_ownership")


def _plain(on: date) -> dict[str, Any]:
    return {
        "request_kind": "new",
        "ownership": "none",
        "load_kva": "25",
        "meters": "1",
        "district": "SHR-01",
        "street": "شارع حائل",
        **dict.fromkeys(PLEDGES, True),
    }


def _varied(chance: Random, district: str, on: date) -> dict[str, Any]:
    ownership = chance.choices(("none", "deed", "permit"), (60, 25, 15))[0]
    answers = {
        "request_kind": chance.choices(("new", "increase", "split"), (70, 20, 10))[0],
        "ownership": ownership,
        "load_kva": str(chance.choice((15, 25, 30, 50, 69))),
        "meters": str(chance.choice((1, 1, 1, 2, 3))),
        "district": district,
        "street": chance.choice(STREETS),
        **dict.fromkeys(PLEDGES, True),
    }
    if ownership != "none":
        of_deed = deed(chance, district, on)
        names = ["plan_number", "block_number", "parcel_number"]
        names += ["deed_number", "deed_date"] if ownership == "deed" else []
        answers |= {name: of_deed[name] for name in names}
    return answers


SERVICE = ServiceType(
    code="electricity-connection",
    icon="electricity",
    title=_("Electricity connection request"),
    summary=_("To connect a home to the electricity grid, increase its load or add a meter."),
    audience=_("People who live in a home in Jeddah, with or without a title deed."),
    conditions=(
        _("The home is lived in."),
        _("It is not in a wadi or a flood course."),
        _("It is not on state land."),
        _("It is not the subject of a court dispute."),
        _("It does not breach the building rules of the district."),
        _("The connection is not proof of ownership."),
    ),
    steps=(
        Step(
            "request",
            _("Connection requested"),
            (
                Field(
                    "request_kind",
                    _("Kind of request"),
                    Kind.CHOICE,
                    choices=(
                        ("new", _("New connection")),
                        ("increase", _("Load increase")),
                        ("split", _("Additional meter")),
                    ),
                    empty=_("Choose the kind of request."),
                ),
                Field(
                    "ownership",
                    _("Does the home have a title deed?"),
                    Kind.CHOICE,
                    choices=(
                        ("none", _("No, an ownership document with attestation")),
                        ("deed", _("Yes, a title deed")),
                        ("permit", _("Yes, a building permit")),
                    ),
                    empty=_("Say whether the home has a title deed."),
                ),
                Field(
                    "load_kva",
                    _("Requested load"),
                    Kind.DECIMAL,
                    unit=_("kVA"),
                    help=_(
                        "The total load of all meters in the home. Your electrician or engineering office "
                        "calculates it from the appliances; it is also on the coordination certificate. It is not "
                        "the amperage of a breaker."
                    ),
                    low=Decimal(1),
                    high=Decimal(5000),
                    empty=_("Enter the requested load."),
                ),
                Field(
                    "meters",
                    _("Number of meters"),
                    Kind.INTEGER,
                    low=1,
                    high=200,
                    empty=_("Enter the number of meters."),
                ),
            ),
        ),
        Step(
            "place",
            _("Where the home is"),
            (
                DISTRICT,
                Field(
                    "street",
                    _("Street or nearest landmark"),
                    max_length=120,
                    empty=_("Enter the street or the nearest landmark."),
                ),
                Field(
                    "short_address",
                    _("Short national address"),
                    required=False,
                    pattern=r"^[A-Za-z]{4}[0-9]{4}$",
                    pattern_message=_("Four letters and four digits, for example JADA2345."),
                    hint=_("Four letters and four digits. Leave empty if you do not know it."),
                    max_length=8,
                ),
                _only(DEED_NUMBER, OneOf("ownership", ("deed",))),
                _only(DEED_DATE, OneOf("ownership", ("deed",))),
                _only(PLAN, WITH_DEED),
                _only(BLOCK, WITH_DEED),
                _only(PARCEL, WITH_DEED),
            ),
        ),
        Step(
            "conditions",
            _("Conditions"),
            (
                Field(
                    "lived_in",
                    _("I confirm that the home is lived in."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that the home is lived in."),
                ),
                Field(
                    "not_in_wadi",
                    _("I confirm that it is not in a wadi or a flood course."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that the home is not in a wadi or a flood course."),
                ),
                Field(
                    "not_state_land",
                    _("I confirm that it is not on state land."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that the home is not on state land."),
                ),
                Field(
                    "not_disputed",
                    _("I confirm that it is not the subject of a court dispute."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that the home is not the subject of a court dispute."),
                ),
                Field(
                    "not_in_breach",
                    _("I confirm that it does not breach the building rules."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that the home does not breach the building rules."),
                ),
                Field(
                    "no_ownership",
                    _("I understand that the connection is not proof of ownership."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that you understand the connection is not proof of ownership."),
                ),
            ),
            intro=_("Read each sentence and confirm it. A false statement ends the request."),
        ),
    ),
    documents=(
        Document(
            "ownership_doc",
            _("Ownership document with attestation"),
            hint=_("Attested by the sheikh of the tribe or the umda of the district."),
            when=WITHOUT_DEED,
            good=_("Names the owner and the place; seal and signature of the sheikh or umda can be read."),
        ),
        Document(
            "id_copy", _("Copy of ID or iqama"), good=_("In date, the whole card in the picture, every digit readable.")
        ),
        Document(
            "facade_photo",
            _("Photos of two façades"),
            hint=_("Two photos in daylight: the front with the door, and one side."),
            accepts=PHOTO,
            least=2,
            most=6,
            when=WITHOUT_DEED,
            good=_("In daylight, from across the street: the whole front with its door, then another side."),
        ),
        Document(
            "croquis",
            _("Survey sketch"),
            hint=_("By an accredited office, with its stamp."),
            when=WITHOUT_DEED,
            good=_("The building, its neighbours and the nearest street, with coordinates."),
        ),
        Document(
            "building_proof",
            _("Proof-of-building form"),
            hint=_("Completed and stamped by the accredited office, if you already have it."),
            least=0,
            when=WITHOUT_DEED,
        ),
        Document(
            "deed_or_permit",
            _("Title deed or building permit"),
            when=WITH_DEED,
            good=_("Flat and whole, all four corners in the picture; number, date and stamp can be read."),
        ),
        Document(
            "coordination",
            _("SEC coordination certificate"),
            when=WITH_DEED,
            good=_("In date, for the same plot and the same load."),
        ),
    ),
    stages=(
        REGISTRATION,
        Stage("study", _("Study at the sub-municipality"), Status.UNDER_STUDY, Actor.REVIEWER, 5, MoveName.RECOMMEND),
        Stage(
            "informal",
            _("Audit by the informal-areas department"),
            Status.UNDER_TECH_AUDIT,
            Actor.INFORMAL_AREAS,
            5,
            MoveName.RECOMMEND,
            location=Location.INFORMAL_AREAS,
            when=WITHOUT_DEED,
        ),
        Stage(
            "approval", _("Supervisor's approval"), Status.AWAITING_SUPERVISOR, Actor.SUPERVISOR, 2, MoveName.APPROVE
        ),
        Stage(
            "dispatch",
            _("Sending to the electricity company"),
            Status.APPROVED,
            Actor.REGISTRY_CLERK,
            1,
            MoveName.DISPATCH,
        ),
    ),
    deficiencies=(
        DeficiencyCode("ownership-attestation", _("The ownership document has no attestation."), "ownership_doc"),
        DeficiencyCode("id-unreadable", _("The copy of the ID is not readable."), "id_copy"),
        DeficiencyCode(
            "photo-second-facade", _("Both photos show the same façade. Attach one of another."), "facade_photo"
        ),
        DeficiencyCode("photo-dark", _("The photos are too dark to see the building."), "facade_photo"),
        DeficiencyCode("croquis-stamp", _("The survey sketch has no stamp from an accredited office."), "croquis"),
        DeficiencyCode("building-proof", _("Attach the stamped proof-of-building form."), "building_proof"),
        DeficiencyCode("deed-unreadable", _("The deed or permit is not readable."), "deed_or_permit"),
        DeficiencyCode("coordination-old", _("The coordination certificate is out of date."), "coordination"),
        DeficiencyCode("load-reason", _("Explain why this load is needed."), "load_kva", opens=("meters",)),
    ),
    checklist=CHECKLIST,
    # A letter to the company: it proves nothing in its owner's hands.
    assured=Assured(start=Level.PHONE, submit=Level.PHONE, receive=Level.PHONE),
    output=Output(
        "electricity-letter",
        _("Letter to the electricity company"),
        "permits/outputs/electricity_letter.html",
        recipient=_("Saudi Electricity Company"),
        figures=("request_kind", "load_kva", "meters"),
        opening=(_("We have no objection to the connection requested below. This letter is not proof of ownership."),),
    ),
    referrals=(CONNECTION,),
    examples=Examples(_plain, _varied, weight=60),
)
