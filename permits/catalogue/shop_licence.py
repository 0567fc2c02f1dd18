"""Shop licence (رخصة محل). Rates, limits and durations are assumed: no published figure of Jeddah's was found, so they
are where a municipality starts from, and an administrator enters its own rates before the first fee is charged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.assurance import Level
from core.relative_days import FromToday, years_later
from transactions.domain.errors import Problem
from transactions.domain.service_types import (
    PHOTO,
    Amount,
    Answers,
    ApplicantKind,
    Assured,
    DeficiencyCode,
    Document,
    Examples,
    Fee,
    Field,
    Flag,
    Greater,
    Kind,
    Less,
    OneOf,
    Output,
    RoutingRule,
    RuleSet,
    ServiceType,
    SiteInspection,
    Stage,
    Step,
    TariffKind,
)
from transactions.domain.workflow import Actor, MoveName, Status

from ..checklists.shop_licence import checklist
from ..examples import STREETS
from ..plot import DEED_NUMBER, DISTRICT, REGISTRATION
from ..services import dearest_per_square_metre

ASSUMED = RuleSet("assumed (shop licence)", _("Assumed: to be replaced by the municipality's own rule"))
FOOD, TRADE, WORKSHOP = "food", "trade", "workshop"
# Activity → the class its fee goes by, and its words.
ACTIVITIES = {
    "grocery": (TRADE, _("Grocery")),
    "clothing": (TRADE, _("Clothing and fabrics")),
    "pharmacy": (TRADE, _("Pharmacy")),
    "barber": (TRADE, _("Barber or beauty salon")),
    "laundry": (TRADE, _("Laundry")),
    "restaurant": (FOOD, _("Restaurant or café")),
    "bakery": (FOOD, _("Bakery or sweets")),
    "butcher": (FOOD, _("Butcher or fishmonger")),
    "car_workshop": (WORKSHOP, _("Car workshop")),
    "carpentry": (WORKSHOP, _("Carpentry or metalwork")),
    "gas": (WORKSHOP, _("Gas cylinders")),
}
COOKING = OneOf("activities", ("restaurant", "bakery"))
CRAFT = OneOf("activities", ("car_workshop", "carpentry"))
# Where Civil Defence certifies that a shop is safe.
SAFETY_AT_RISK = COOKING | CRAFT | OneOf("activities", ("gas",)) | Greater("area_m2", 100)
LEASED, OWNED = OneOf("holding", ("lease",)), OneOf("holding", ("own",))


def _tariff(kind: str, title: Any, rate: str) -> TariffKind:
    return TariffKind(
        f"shop-{kind}-m2",
        title,
        low=Decimal("0.50"),
        high=Decimal(200),
        rate=Decimal(rate),
        since=date(2025, 1, 1),
        certainty="sample",
        source="Assumed: no published rate was answers. Enter the municipality's own before the service opens.",
        example=_("a shop of 50 m² for one year"),
        example_units=Decimal(50),
    )


TARIFFS = {
    TRADE: _tariff(TRADE, _("Shop licence, trade and services, per m² and year"), "4.00"),
    FOOD: _tariff(FOOD, _("Shop licence, food, per m² and year"), "6.00"),
    WORKSHOP: _tariff(WORKSHOP, _("Shop licence, workshops, per m² and year"), "8.00"),
}


def _years(answers: Answers) -> int:
    return int(answers["years"])


def _fee(answers: Answers, on: date) -> Amount:
    kinds = [TARIFFS[kind] for kind in dict.fromkeys(ACTIVITIES[code][0] for code in answers["activities"])]
    return dearest_per_square_metre(kinds, Decimal(answers["area_m2"]), on, years=_years(answers))


def _check(answers: Answers, today: date) -> Iterable[Problem]:
    if "lease_ends" in answers and date.fromisoformat(answers["lease_ends"]) < years_later(today, _years(answers)):
        words = _now("The lease ends before a licence of so many years would. Choose fewer years.")
        yield Problem("years", words, "lease_too_short")


def _flag(answers: Answers) -> Iterable[Flag]:
    if COOKING(answers) and Less("area_m2", 20)(answers):
        yield Flag("kitchen-area", _("A kitchen in less than 20 m²: look at its exits."), ASSUMED, "area_m2")


def _plain(on: date) -> dict[str, Any]:
    return {
        "trade_name": "مخبز الشرفية الحديث",
        "register_number": "4030112233",
        "register_ends": years_later(on, 4).isoformat(),
        "district": "SHR-01",
        "street": "شارع حائل",
        "area_m2": "80.5",
        "holding": "lease",
        "lease_number": "10455123",
        "lease_ends": years_later(on, 4).isoformat(),
        "activities": ["grocery", "bakery"],
        "cylinders": "2",
        "years": "2",
        "safe": True,
    }


def _varied(chance: Random, district: str, on: date) -> dict[str, Any]:
    activities = chance.sample(sorted(ACTIVITIES), k=chance.choice((1, 1, 1, 2, 3)))
    years = chance.choices((1, 2, 3), (60, 25, 15))[0]
    leased = chance.random() < 0.85
    answers = {
        "trade_name": chance.choice(("واحة التموين", "ركن الشرفية", "زاوية البلد", "نكهة الحجاز", "أناقة جدة")),
        "register_number": f"4030{chance.randrange(10**5, 10**6)}",
        "register_ends": (on + timedelta(days=chance.randrange(200, 1500))).isoformat(),
        "district": district,
        "street": chance.choice(STREETS),
        "area_m2": str(chance.choice((18, 24, 36, 48, 60, 85, 120, 260, 420))),
        "holding": "lease" if leased else "own",
        "activities": activities,
        "years": str(years),
        "safe": True,
    }
    if leased:
        ends = years_later(on, years) + timedelta(days=chance.randrange(1, 400))
        answers |= {"lease_number": str(chance.randrange(10**7, 10**8)), "lease_ends": ends.isoformat()}
    else:
        answers["deed_number"] = str(chance.randrange(10**9, 10**12))
    return answers | ({"cylinders": str(chance.randrange(1, 7))} if COOKING(answers) else {})


SERVICE = ServiceType(
    code="shop-licence",
    icon="shop",
    title=_("Shop licence"),
    summary=_("To open a shop, a restaurant or a workshop, for one to three years."),
    audience=_("Establishments with a unified number (7…) that rent or own the shop."),
    applicants=frozenset({ApplicantKind.ESTABLISHMENT}),
    conditions=(
        _("The commercial register and the lease are in force; the lease lasts as long as the licence."),
        _("The place is ready: an inspector visits it before the decision."),
        _("Car workshops and carpentries above 200 m², and all gas shops, are decided by the central office."),
        _("The fee is paid after approval, before the licence is issued."),
    ),
    steps=(
        Step(
            "establishment",
            _("The establishment"),
            (
                Field("trade_name", _("Trade name"), max_length=80, empty=_("Enter the trade name.")),
                Field(
                    "register_number",
                    _("Commercial register number"),
                    pattern=r"^[0-9]{10}$",
                    pattern_message=_("A commercial register number has ten digits."),
                    empty=_("Enter the commercial register number."),
                    max_length=10,
                ),
                Field(
                    "register_ends",
                    _("The commercial register is valid until"),
                    Kind.DATE,
                    hint=_("Hijri or Gregorian, as on the register."),
                    earliest=FromToday(days=1),
                    empty=_("Enter the day until which the register is valid."),
                ),
            ),
        ),
        Step(
            "shop",
            _("The shop"),
            (
                replace(
                    DISTRICT, help=_("The district the shop is in today; the national address on its door shows it.")
                ),
                Field(
                    "street",
                    _("Street and number, or nearest landmark"),
                    max_length=120,
                    empty=_("Enter the street or the nearest landmark."),
                ),
                Field(
                    "area_m2",
                    _("Area of the shop"),
                    Kind.DECIMAL,
                    hint=_("With storage and kitchen. The fee is calculated from this."),
                    unit=_("m²"),
                    low=Decimal(4),
                    high=Decimal(20000),
                    empty=_("Enter the area of the shop."),
                ),
                Field(
                    "holding",
                    _("How you hold the shop"),
                    Kind.CHOICE,
                    choices=(("lease", _("Lease")), ("own", _("Own property"))),
                    empty=_("Choose how you hold the shop."),
                ),
            ),
        ),
        Step(
            "activity",
            _("Lease or deed, activities and duration"),
            (
                Field(
                    "lease_number",
                    _("Number of the lease"),
                    pattern=r"^[0-9]{6,12}$",
                    pattern_message=_("The number of a registered lease has 6 to 12 digits."),
                    empty=_("Enter the number of the lease."),
                    max_length=12,
                    when=LEASED,
                ),
                Field(
                    "lease_ends",
                    _("The lease ends on"),
                    Kind.DATE,
                    hint=_("Hijri or Gregorian. It must last as long as the licence."),
                    earliest=FromToday(days=1),
                    empty=_("Enter the day on which the lease ends."),
                    when=LEASED,
                ),
                replace(DEED_NUMBER, when=OWNED),
                Field(
                    "activities",
                    _("Activities"),
                    Kind.MULTIPLE,
                    hint=_("Up to four. The fee is that of the most expensive one."),
                    choices=tuple((code, words) for code, (_kind, words) in ACTIVITIES.items()),
                    low=1,
                    high=4,
                    empty=_("Choose at least one activity."),
                ),
                Field(
                    "cylinders",
                    _("Gas cylinders in the kitchen"),
                    Kind.INTEGER,
                    hint=_("Only for a restaurant, café, bakery or sweets shop; 0 if there are none."),
                    low=0,
                    high=50,
                    empty=_("Enter the number of gas cylinders, 0 if there are none."),
                    when=COOKING,
                ),
                Field(
                    "years",
                    _("Duration of the licence"),
                    Kind.CHOICE,
                    choices=(("1", _("One year")), ("2", _("Two years")), ("3", _("Three years"))),
                    empty=_("Choose for how long."),
                ),
                Field(
                    "safe",
                    _("I confirm that exits are clear and a fire extinguisher in date is at hand."),
                    Kind.ACKNOWLEDGE,
                    empty=_("Confirm that exits are clear and an extinguisher is at hand."),
                ),
            ),
        ),
    ),
    documents=(
        Document(
            "commercial_register",
            _("Commercial register"),
            good=_("In date, with the unified number and every activity you chose."),
        ),
        Document(
            "lease",
            _("Registered lease"),
            when=LEASED,
            good=_("Every page, with its number, the parties, the shop and the day it ends."),
        ),
        Document(
            "deed", _("Title deed"), when=OWNED, good=_("Flat and whole, all four corners in the picture; readable.")
        ),
        Document(
            "shop_front",
            _("Photo of the shop front"),
            accepts=PHOTO,
            most=4,
            good=_("In daylight from across the street: door, sign and the shops beside it."),
        ),
        Document(
            "fire_safety",
            _("Civil-Defence safety certificate"),
            when=replace(
                SAFETY_AT_RISK,
                words=_("Required for cooking, workshops and gas, and for every shop above 100 m²"),
            ),
            good=_("In date, for this shop and these activities."),
        ),
    ),
    stages=(
        REGISTRATION,
        Stage("study", _("Study of the documents"), Status.UNDER_STUDY, Actor.REVIEWER, 2, MoveName.RECOMMEND),
        Stage(
            "site",
            _("Inspection of the shop"),
            Status.UNDER_TECH_AUDIT,
            Actor.INSPECTOR,
            3,
            MoveName.INSPECT,
            inspection=SiteInspection(
                (
                    _("Address, area and activities are as in the request"),
                    _("Exits are clear; extinguishers are in date"),
                    _("The sign is in place and does not block the pavement"),
                    _("Clean, ventilated and lit; waste is stored apart"),
                ),
                least=2,
            ),
        ),
        Stage(
            "approval",
            _("Supervisor's approval"),
            Status.AWAITING_SUPERVISOR,
            Actor.SUPERVISOR,
            1,
            MoveName.APPROVE,
        ),
        Stage(
            "fee", _("Payment of the fee"), Status.AWAITING_PAYMENT, Actor.REGISTRY_CLERK, 0, MoveName.RECORD_PAYMENT
        ),
        Stage("issue", _("Issue of the licence"), Status.APPROVED, Actor.REGISTRY_CLERK, 1, MoveName.ISSUE),
    ),
    routing_rules=(
        RoutingRule(
            "shop.large", Greater("area_m2", 1000), _("Shops above 1,000 m² are decided by the central office.")
        ),
        RoutingRule(
            "shop.hazard",
            OneOf("activities", ("gas",)) | (CRAFT & Greater("area_m2", 200)),
            _("Gas shops, and workshops above 200 m², are decided by the central office."),
        ),
    ),
    deficiencies=(
        DeficiencyCode(
            "register-activity",
            _("The commercial register does not show every activity you chose."),
            "commercial_register",
            opens=("activities",),
        ),
        DeficiencyCode(
            "lease-unreadable", _("The lease is not readable. Attach every page."), "lease", opens=("lease_ends",)
        ),
        DeficiencyCode("front-photo", _("The photo does not show door and sign of the shop."), "shop_front"),
        DeficiencyCode("fire-safety", _("The safety certificate is out of date or for another shop."), "fire_safety"),
        DeficiencyCode("area-differs", _("The areas in the request and in the lease differ."), "area_m2"),
    ),
    checklist=checklist(COOKING, SAFETY_AT_RISK),
    fee=Fee(
        _fee,
        _("By area, years and the most expensive of the activities. You read the amount with the approval."),
        tuple(TARIFFS.values()),
    ),
    # Whoever hangs it on a wall shows it to third parties: the original register is seen once.
    assured=Assured(start=Level.PHONE, submit=Level.PHONE, receive=Level.COUNTER),
    output=Output(
        "shop-licence",
        pgettext_lazy("the document", "Shop licence"),
        "permits/outputs/shop_licence.html",
        valid_years=_years,
        holder=_("Licence holder"),
        figures=("activities", "area_m2"),
        closing=(
            _("The shop may be run for the activities named above. The licence is displayed where customers see it."),
        ),
    ),
    check=_check,
    flag=_flag,
    examples=Examples(_plain, _varied, weight=30),
)
