"""The boxes in which a printed number is typed to be verified."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms.fields import CompactField, LineField
from core.forms.named_errors import NamedErrors


class NumberForm(NamedErrors, forms.Form):
    number = LineField(
        label=_("Document number"),
        help_text=_("As printed, for example SHR-1448-000123."),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    last_four = CompactField(
        label=_("Last four digits of the holder’s ID"),
        help_text=_("National ID, residence permit or unified number."),
        max_length=10,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"}),
    )
