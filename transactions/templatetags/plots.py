"""The plot of a request in templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from ..answers.plot_view import PlotView, plot_view, view_of
from ..domain.plots import shape_in
from ..domain.service_types import Answers, ServiceType

register = template.Library()


@register.simple_tag
def plot_on_paper(content: Mapping[str, Any]) -> PlotView | None:
    """The plot that a paper holds (papers/paper_content.py), as it was decided on."""
    shape = shape_in(content.get("geometry"))
    return view_of(shape, flagged=False) if shape else None


@register.simple_tag
def plot_of(service: ServiceType, answers: Answers) -> PlotView | None:
    """The plot in these answers as its component shows it; None when no corners are given."""
    return plot_view(service, answers)
