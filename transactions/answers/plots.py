"""The plot an engineering office is authorised for, and whether a request is about that one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Authorisation
from core.text import isolated, search_key, written_code

from ..domain.errors import Problem


def plot_of(authorisation: Authorisation) -> dict[str, str]:
    """The plot an office is authorised for, as answers to the questions about it."""
    return {"plan_number": authorisation.plan_number, "parcel_number": authorisation.parcel_number}


def plot_problems(authorisation: Authorisation, values: Mapping[str, Any]) -> list[Problem]:
    """An authorisation is for one plot, however its numbers are spelt."""
    messages = {
        "plan_number": _("The authorisation is for plan no. %(number)s. Another plot needs its own authorisation."),
        "parcel_number": _("The authorisation is for parcel no. %(number)s. Another plot needs its own authorisation."),
    }
    return [
        Problem(name, messages[name] % {"number": isolated(number)}, "another_plot")
        for name, number in plot_of(authorisation).items()
        if name in values and _plot_key(values[name]) != _plot_key(number)
    ]


def _plot_key(number: str) -> str:
    return search_key(written_code(number))
