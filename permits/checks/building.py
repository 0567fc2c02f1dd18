"""Plausibility of a building permit's figures. Pure. Refusals only where figures contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.relative_days import years_later
from transactions.domain.errors import Problem
from transactions.domain.service_types import Answers, Flag, RuleSet

RIYADH = RuleSet("riyadh_guide_2025 (seed)", gettext_lazy("Riyadh building guide, 2025"))
MOMAH = RuleSet("momah_2024 (seed)", gettext_lazy("Ministry of Municipalities, 2024"))
SURVEY_YEARS = 3
VILLA_GROUND_SHARE = Decimal("0.70")
MOMAH_GROUND_SHARE = Decimal("0.75")
FLOOR_AREA_RATIO = Decimal("1.2")
MIN_PLOT_M2 = Decimal(200)


def problems(answers: Answers, today: date) -> Iterable[Problem]:
    plot, ground = Decimal(answers["plot_area_m2"]), Decimal(answers["ground_area_m2"])
    total, floors = Decimal(answers["total_area_m2"]), int(answers["floors"])
    if ground > plot:
        yield Problem("ground_area_m2", _("The ground floor is larger than the plot."), "areas_do_not_add_up")
    if not ground <= total <= ground * (floors + 2):
        yield Problem(
            "total_area_m2",
            _("This does not match the ground floor area and number of floors. Check all three figures."),
            "areas_do_not_add_up",
        )
    survey = date.fromisoformat(answers["survey_date"])
    if survey < years_later(today, -SURVEY_YEARS):
        yield Problem(
            "survey_date", _("The survey decision is older than three years. A new one is needed."), "survey_too_old"
        )


def flags(answers: Answers) -> Iterable[Flag]:
    plot, ground, total = (_number(answers, name) for name in ("plot_area_m2", "ground_area_m2", "total_area_m2"))
    if plot is not None and plot < MIN_PLOT_M2:
        message = _("The plot is under %(least)s m².") % {"least": MIN_PLOT_M2}
        yield Flag("plot-area", message, RIYADH, "plot_area_m2")
    if plot is not None and answers.get("building_type") == "villa":
        yield from _villa(plot, ground, total)
    parking, units = answers.get("parking"), answers.get("units")
    if parking is not None and units is not None and int(parking) < int(units):
        yield Flag("parking", _("There are fewer parking spaces than units."), RIYADH, "parking")


def _villa(plot: Decimal, ground: Decimal | None, total: Decimal | None) -> Iterable[Flag]:
    if ground is not None:
        for share, rule_set in ((VILLA_GROUND_SHARE, RIYADH), (MOMAH_GROUND_SHARE, MOMAH)):
            if ground > plot * share:
                text = _("The ground floor covers %(covered)d %% of the plot; the maximum is %(most)d %%.")
                message = text % {"covered": round(ground / plot * 100), "most": share * 100}
                yield Flag("coverage", message, rule_set, "ground_area_m2")
    if total is not None and total > plot * FLOOR_AREA_RATIO:
        text = _("The floor area is %(ratio)s times the area of the plot; the maximum is %(most)s.")
        ratio = (total / plot).quantize(Decimal("0.01"))
        yield Flag("floor-area-ratio", text % {"ratio": ratio, "most": FLOOR_AREA_RATIO}, RIYADH, "total_area_m2")


def _number(answers: Answers, name: str) -> Decimal | None:
    """An answer as a number; None while it is not there."""
    value = answers.get(name)
    return None if value is None else Decimal(value)
