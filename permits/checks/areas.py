"""Do the parts of a subdivision make up the plot? Pure.

Up to 0.5 % or 1 m² (whichever is more) is a surveyor's rounding (assumed: no published figure). More than that is
flagged for the reviewer. More than a tenth of the plot is a slip of the pen, and refused so that it can be mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from transactions.domain.errors import Problem
from transactions.domain.service_types import Answers, Flag, RuleSet

TOLERANCE_SHARE = Decimal("0.005")
TOLERANCE_M2 = Decimal(1)
SLIP_SHARE = Decimal("0.10")
ASSUMED = RuleSet("assumed: 0.5 % or 1 m²", gettext_lazy("Assumed: a surveyor's rounding"))


def _sums(answers: Answers) -> tuple[Decimal, Decimal]:
    plot = Decimal(answers["area_m2"])
    return plot, sum((Decimal(part["area_m2"]) for part in answers["parts"]), Decimal(0))


def problems(answers: Answers) -> Iterable[Problem]:
    plot, parts = _sums(answers)
    if abs(parts - plot) > plot * SLIP_SHARE:
        yield Problem(
            "parts",
            _("The parts add up to %(parts)s m², but the plot has %(plot)s m². Correct one or the other.")
            % {"parts": parts, "plot": plot},
            "areas_do_not_add_up",
        )


def flags(answers: Answers) -> Iterable[Flag]:
    areas = [part.get("area_m2") for part in answers.get("parts", ())]
    if "area_m2" not in answers or not areas or None in areas:
        return
    plot, parts = _sums(answers)
    if abs(parts - plot) > max(plot * TOLERANCE_SHARE, TOLERANCE_M2):
        yield Flag(
            "area-tolerance",
            _("The parts add up to %(parts)s m² of %(plot)s m².") % {"parts": parts, "plot": plot},
            ASSUMED,
            "parts",
        )
