"""Least sizes of the parts of a subdivision. Advisory; the figures are Riyadh's (building_rules.json). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from transactions.domain.service_types import Answers, Flag, RuleSet

RULE_SET = RuleSet("riyadh 2025 (seed)", gettext_lazy("Riyadh building guide, 2025"))
MIN_AREA_M2 = Decimal(200)
MIN_FRONTAGE_M = {"detached": Decimal(12), "attached": Decimal(10)}
MIN_STREET_M = Decimal(10)


def flags(answers: Answers) -> Iterable[Flag]:
    frontage = MIN_FRONTAGE_M[answers.get("villas", "detached")]
    for number, part in enumerate(answers.get("parts", ()), start=1):
        for name, least, code, text in (
            (
                "area_m2",
                MIN_AREA_M2,
                "part-area",
                _("Part %(n)d has an area of %(value)s m²; the minimum is %(least)s m²."),
            ),
            (
                "frontage_m",
                frontage,
                "part-frontage",
                _("Part %(n)d has a frontage of %(value)s m; the minimum is %(least)s m."),
            ),
            (
                "street_width_m",
                MIN_STREET_M,
                "part-street",
                _("Part %(n)d faces a street %(value)s m wide; the minimum is %(least)s m."),
            ),
        ):
            value = part.get(name)
            if value is not None and Decimal(value) < least:
                message = text % {"n": number, "value": value, "least": least}
                yield Flag(code, message, RULE_SET, f"parts.{number - 1}.{name}")
