"""What each layer of the template is for, in words, and the example that the guide shows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from . import layer_template, plans

# Layer, what is drawn on it, and what it is drawn for.
LAYERS = (
    ("JM-PLOT", _("Boundary of the plot, one closed outline"), _("every drawing")),
    ("JM-STREET", _("A line along each side that faces a street"), _("every drawing")),
    ("JM-PART", _("Each part of a subdivision, a closed outline"), _("subdivisions")),
    ("JM-SETBACK", _("The building line, one closed outline"), _("buildings")),
    ("JM-FLOOR-0", _("Outline of the ground floor at its place on the plot"), _("buildings")),
    ("JM-FLOOR-1, -2, …", _("Outline of each further floor, over the ground floor"), _("buildings")),
    ("JM-FLOOR-ROOF", _("Outline of the upper annex"), _("buildings")),
    ("JM-FLOOR-B1", _("Outline of a basement"), _("buildings")),
    ("JM-PARKING", _("Each parking bay, a closed outline"), _("buildings")),
    ("JM-UNIT", _("Each dwelling unit, a closed outline"), _("buildings")),
    ("JM-HEIGHT", _("A text with the height of the building in metres"), _("buildings")),
    ("JM-NORTH", _("The north arrow"), _("every drawing")),
    ("JM-TEXT", _("Texts that belong to the drawing"), _("every drawing")),
)


def example() -> plans.Plan | None:
    """The villa of the template."""
    rings: list[dict[str, Any]] = [
        {"layer": name, "closed": True, "points": [list(point) for point in boundary]}
        for name, boundary in layer_template.RINGS
    ]
    lines = [
        {"layer": name, "closed": False, "points": [list(point) for point in line]}
        for name, line in layer_template.LINES
    ]
    return plans.plan_of({"plan": rings + lines, "metres": 1.0}, ())
