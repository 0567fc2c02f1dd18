"""What is typed beside a drawing that is checked without a request."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms.fields import DecimalField, IntegerField
from core.forms.named_errors import NamedErrors

from .domain.facts import Facts, Kind
from .words import UNITS

KINDS = (
    ("villa", _("Building: villa")),
    ("apartment_building", _("Building: apartment building")),
    ("townhouse", _("Building: townhouse")),
    ("detached", _("Subdivision for detached houses")),
    ("attached", _("Subdivision for attached villas")),
)
DIVISIONS = frozenset({"detached", "attached"})


def _metres(label: Any, high: int, **more: Any) -> DecimalField:
    return DecimalField(label=label, unit=_("m"), required=False, min_value=Decimal("0.1"), max_value=high, **more)


class CheckForm(NamedErrors, forms.Form):
    what = forms.ChoiceField(label=_("What it is"), choices=KINDS, widget=forms.RadioSelect, initial="villa")
    plot_area = DecimalField(
        label=_("Plot area"),
        unit=_("m²"),
        min_value=1,
        max_value=5_000_000,
        help_text=_("As in the deed. It is compared with the drawing."),
    )
    street_width = _metres(
        _("Width of the street in front"), 120, help_text=_("For a building: the setback depends on it.")
    )
    units = IntegerField(
        label=_("Number of units"),
        required=False,
        min_value=1,
        max_value=2000,
        help_text=_("For a building: parking depends on it."),
    )
    file = forms.FileField(
        label=_("Drawing"), widget=forms.FileInput(attrs={"accept": ".dxf"}), help_text=_("DXF, text or binary.")
    )

    def facts(self) -> Facts:
        """What was typed, as the checks read it."""
        data = self.cleaned_data
        what, width = data["what"], data["street_width"]
        if what in DIVISIONS:
            return Facts(Kind.DIVISION, villas=what, plot_area=float(data["plot_area"]))
        return Facts(
            Kind.BUILDING,
            building=what,
            plot_area=float(data["plot_area"]),
            street_width=float(width) if width else None,
            units=data["units"],
        )


class UnitForm(NamedErrors, forms.Form):
    """Asked once of a drawing that states no unit."""

    unit = forms.TypedChoiceField(
        label=_("Unit of the drawing"), choices=tuple(UNITS.items()), coerce=int, widget=forms.RadioSelect
    )
    known_side = _metres(
        _("Length of a side that you know"),
        10_000,
        help_text=_("Any side of the plot, as in the deed. The unit is checked against it."),
    )
