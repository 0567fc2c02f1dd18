"""A divided plot with a mistake of two metres, for the page of components."""

from __future__ import annotations

from transactions.answers.plot_view import PlotView, plot_view
from transactions.domain import service_types

_WHOLE = "521000 2380000\n521030 2380000\n521030 2380024.5\n521024 2380030\n521000 2380030"
_FIRST = "521000 2380000\n521017 2380000\n521017 2380030\n521000 2380030"
_SECOND = "521015 2380000\n521030 2380000\n521030 2380024.5\n521024 2380030\n521015 2380030"


def plotted() -> PlotView | None:
    """What its component shows."""
    answers = {"corners": _WHOLE, "parts": [{"corners": _FIRST}, {"corners": _SECOND}]}
    return plot_view(service_types.get("land-subdivision"), answers)
