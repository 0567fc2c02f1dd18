"""The plot of a request in templates."""

from __future__ import annotations

from django import template

from ..answers.plot_view import PlotView, plot_view
from ..domain.service_types import Answers, ServiceType

register = template.Library()


@register.simple_tag
def plot_of(service: ServiceType, answers: Answers) -> PlotView | None:
    """The plot in these answers as its component shows it; None when no corners are given."""
    return plot_view(service, answers)
