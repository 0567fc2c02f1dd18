"""What a clerk enters of a letter that went out, or of a paper that came."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms.fields import DateField, LineField, ProseField

from .answers import MAX_GIVEN, MAX_LENGTH, MAX_REASON
from .models import Referral
from .progress import ACKNOWLEDGED, SENT


class PaperForm(forms.Form):
    """One message of a body on paper, or our own letter to it. The key makes a second press harmless."""

    kind = forms.ChoiceField(label=_("What happened"), error_messages={"required": _("Choose what happened.")})
    day = DateField(
        label=_("Day on the paper"),
        help_text=_("In either calendar."),
        error_messages={"required": _("Enter the day.")},
    )
    number = LineField(label=_("The body's own number"), required=False, max_length=MAX_LENGTH)
    given = ProseField(
        label=_("Numbers it gave"),
        help_text=_("Meter, decision or deeds, one a line."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
    )
    reason = ProseField(
        label=_("The reason it gave"),
        help_text=_("The applicant sees this."),
        required=False,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, referral: Referral, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        declared = referral.declared
        outcomes = [(outcome.code, outcome.label) for outcome in declared.outcomes] if declared else []
        letter = [] if referral.sent_at else [(SENT, _("Our letter was sent"))]
        kind = self.fields["kind"]
        if isinstance(kind, forms.ChoiceField):
            kind.choices = [("", "—"), *letter, (ACKNOWLEDGED, _("It has the request under its number")), *outcomes]
        self.fields["key"].initial = uuid4()

    def clean_given(self) -> list[str]:
        """The lines, without those that are empty."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["given"].splitlines()]
        return [line for line in lines if line][: MAX_GIVEN + 1]
