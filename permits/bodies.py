"""The bodies outside that services speak with, and what each may answer (docs/operations.md: what to ask them for)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from transactions.domain.service_types import Body, Outcome, Referral
from transactions.domain.workflow import MoveName

ELECTRICITY = Body("electricity", _("The electricity company"))
NOTARY = Body("notary", _("The notary"))
SURVEY = Body("survey", _("The survey department"))

# The company's own published standard (2018).
CONNECTION_WORKING_DAYS = 40
CONNECTION = Referral(
    "connection",
    ELECTRICITY,
    _("Connection to the grid"),
    MoveName.DISPATCH,
    (
        *("request_kind", "ownership", "load_kva", "meters", "district", "street", "short_address"),
        *("deed_number", "plan_number", "block_number", "parcel_number"),
    ),
    (
        Outcome(
            "connected",
            _("Connected"),
            _("The electricity company has connected the home"),
            _("It says the home is connected. Meter: %(given)s."),
            gives=_("Meter number"),
        ),
        Outcome(
            "refused",
            _("Refused"),
            _("The electricity company refuses the connection"),
            _("The municipality's approval stands; the company decides on the connection itself."),
            good=False,
            needs_reason=True,
        ),
    ),
    working_days=CONNECTION_WORKING_DAYS,
    source=_("the company's published standard, 2018"),
)
DEEDS = Referral(
    "deeds",
    NOTARY,
    _("Deeds for the parts"),
    MoveName.ISSUE,
    ("deed_number", "deed_date", "plan_number", "block_number", "parcel_number", "district", "area_m2", "parts"),
    (
        Outcome(
            "given",
            _("Deeds issued"),
            _("The notary has issued the deeds"),
            _("Numbers of the deeds: %(given)s. Collect them from the notary."),
            gives=_("Numbers of the deeds"),
        ),
        Outcome(
            "refused",
            _("Refused"),
            _("The notary refuses the deeds"),
            _("The subdivision stays approved; the notary decides on the deeds."),
            good=False,
            needs_reason=True,
        ),
    ),
)
SURVEY_DECISION = Referral(
    "survey",
    SURVEY,
    _("Survey decision"),
    MoveName.REGISTER,
    ("deed_number", "plan_number", "block_number", "parcel_number", "district", "area_m2", "parts"),
    (
        Outcome(
            "decided",
            _("Decided"),
            _("The survey department has given its decision"),
            _("Number of the survey decision: %(given)s. Your request continues with the reviewer."),
            gives=_("Number of the survey decision"),
        ),
        Outcome(
            "refused",
            _("Refused"),
            _("The survey department does not confirm the plot"),
            _("The reviewer decides what follows for your request."),
            good=False,
            needs_reason=True,
        ),
    ),
)
