from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from municipality.text import western_digits, without_marks

from .identity import clean_mobile, clean_national_id
from .models import EngineeringOffice, User

NUMBER = {"inputmode": "numeric", "dir": "ltr"}


class NationalIdField(forms.CharField):
    """An ID or iqama, typed with spaces or Eastern digits if one likes."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("National ID or iqama"))
        kwargs.setdefault("max_length", 30)
        super().__init__(**kwargs)
        self.widget.attrs.update(NUMBER)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_national_id(text) if text else text


class MobileField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile number"))
        kwargs.setdefault("max_length", 30)
        super().__init__(**kwargs)
        self.widget = forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "tel"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_mobile(text) if text else text


class LoginForm(AllauthLoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = NationalIdField()
        self.fields["login"].widget.attrs.update({"autocomplete": "username", "autofocus": True})
        self.fields["password"].label = _("Password")
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""
        self.fields.pop("remember", None)


class FirstSignInForm(forms.Form):
    national_id = NationalIdField()
    full_name = forms.CharField(
        label=_("Full name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = MobileField(
        help_text=_("For example 0512345678. If we know you already, the code goes to the number we have.")
    )

    def clean_full_name(self) -> str:
        return " ".join(without_marks(self.cleaned_data["full_name"]).split())


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The six digits from the message"),
        max_length=12,
        widget=forms.TextInput(attrs={**NUMBER, "autocomplete": "one-time-code", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("At least ten characters, not only digits."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def clean_code(self) -> str:
        digits = western_digits(self.cleaned_data["code"]).replace(" ", "")
        if not (digits.isascii() and digits.isdecimal() and len(digits) == 6):
            raise ValidationError(_("The code has six digits."), code="code_length")
        return digits


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email", "language", "sms_notices", "email_notices")
        widgets = {"language": forms.RadioSelect, "email": forms.EmailInput(attrs={"autocomplete": "email"})}


class AuthoriseForm(forms.Form):
    licence_number = forms.CharField(
        label=_("Licence number of the engineering office"),
        help_text=_("It stands on the office's letters, for example ENG-1001."),
        max_length=20,
        widget=forms.TextInput(attrs={"dir": "ltr", "list": "offices"}),
    )
    plan_number = forms.CharField(
        label=_("Plan number"), help_text=_("As written in the deed, for example 415/ج/س."), max_length=30
    )
    parcel_number = forms.CharField(label=_("Parcel number"), help_text=_("As written in the deed."), max_length=30)

    def clean_licence_number(self) -> str:
        number = western_digits(self.cleaned_data["licence_number"]).strip().upper()
        self.office = EngineeringOffice.objects.filter(licence_number=number).first()
        if self.office is None:
            raise ValidationError(_("No engineering office has this licence number."), code="unknown_office")
        return number

    def clean_plan_number(self) -> str:
        return western_digits(self.cleaned_data["plan_number"]).strip()

    def clean_parcel_number(self) -> str:
        return western_digits(self.cleaned_data["parcel_number"]).strip()
