"""What the pages of the national sign-on ask."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms.named_errors import NamedErrors

from ..forms import NationalIdField
from ..identity import clean_national_id
from .people import MINE, NOT_MINE, ON_FILE, REGISTER, Answers, Questions


class SignOnIdField(NationalIdField):
    """An ID or iqama: whom the national sign-on knows."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_national_id(text) if text else text


class SignOnForm(NamedErrors, forms.Form):
    national_id = SignOnIdField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["national_id"].widget.attrs.update({"autocomplete": "username"})


class ConfirmForm(NamedErrors, forms.Form):
    """Nothing to type: who asks is signed in. It carries what went wrong."""


class DifferencesForm(NamedErrors, forms.Form):
    """A question for each thing on file that the register does not confirm."""

    phone = forms.ChoiceField(label=_("Is this mobile yours?"), widget=forms.RadioSelect)
    name = forms.ChoiceField(label=_("Which name is right?"), widget=forms.RadioSelect, required=False)

    def __init__(self, *args: Any, questions: Questions, register_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        phone, name = self.fields["phone"], self.fields["name"]
        phone.label = _("The mobile on file ends in %(end)s. Is it yours?") % {"end": questions.phone_end}
        phone.choices = [  # type: ignore[attr-defined]
            (MINE, _("Yes, it is mine")),
            (NOT_MINE, _("No. Remove it, and end everything that was set up with it")),
        ]
        name.choices = [  # type: ignore[attr-defined]
            (REGISTER, _("%(name)s (national register)") % {"name": register_name}),
            (ON_FILE, _("%(name)s (on file); a service centre has to look at it") % {"name": questions.name_on_file}),
        ]
        name.required = bool(questions.name_on_file)
        for field, asked in (("phone", questions.phone_end), ("name", questions.name_on_file)):
            if not asked:
                del self.fields[field]

    @property
    def answers(self) -> Answers:
        """Of a valid form."""
        return Answers(self.cleaned_data.get("phone", ""), self.cleaned_data.get("name", ""))
