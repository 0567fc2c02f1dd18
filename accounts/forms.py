from __future__ import annotations

from textwrap import wrap
from typing import Any, cast

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as app_forms
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.forms.fields import CodeField, CompactField, EmailField, LineField
from core.forms.named_errors import NamedErrors
from core.forms.versioned import VersionedForm
from core.templatetags.portal import mobile
from core.text import written_code

from . import emails, sms
from .identity import clean_any_mobile, clean_id, clean_name
from .models import EngineeringOffice, Scope, User
from .sessions import mark_second_factor

NUMBER = {"inputmode": "numeric", "dir": "ltr"}


class NationalIdField(CompactField):
    """An ID of any kind, typed with spaces and the digits of any script if one likes."""

    def __init__(self, *, other_kinds: bool = False, **kwargs: Any) -> None:
        """`other_kinds`: with a keyboard that has letters, for IDs that begin with those of a country."""
        kwargs.setdefault("label", _("National ID or iqama"))
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)
        self.widget.attrs.update({"dir": "ltr", "autocapitalize": "characters"} if other_kinds else NUMBER)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_id(text) if text else text


class MobileField(CompactField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile number"))
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)
        self.widget = forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "tel"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_any_mobile(text) if text else text

    def prepare_value(self, value: Any) -> Any:
        """On file in E.164; in a box as its owner types it."""
        return mobile(value) if isinstance(value, str) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != (initial or ""))
        except ValidationError:
            return True


class NameField(LineField):
    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return clean_name(text) if text else text


# What the button says that static/js/show-password.js puts beside each box.
SHOW = {"data-show": _("Show"), "data-show-label": _("Show the password")}


class PasswordField(forms.CharField):  # noqa: TID251 – a password is taken as it is typed
    """`autocomplete` tells password managers whether to fill in the password there is or to offer a new one."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, **SHOW})
        super().__init__(widget=widget, strip=False, **kwargs)


NEW_PASSWORD_HINT = _("At least ten characters, and not only digits.")


class LoginForm(NamedErrors, account_forms.LoginForm):
    password = PasswordField(label=_("Password"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        other = self.request is not None and self.request.GET.get("id") == "other"
        self.fields["login"] = NationalIdField(other_kinds=other)
        self.fields["login"].widget.attrs.update({"autocomplete": "username", "autofocus": True})
        self.fields.pop("remember", None)


class ReauthenticateForm(NamedErrors, account_forms.ReauthenticateForm):
    password = PasswordField(label=_("Password"), autocomplete="current-password")


class NewPasswordField(account_forms.SetPasswordField):
    """allauth's own, because it checks the password; in our words."""

    def __init__(self) -> None:
        super().__init__(label=_("New password"), help_text=NEW_PASSWORD_HINT)
        self.widget.attrs.pop("placeholder")
        self.widget.attrs |= SHOW


class ChangePasswordForm(NamedErrors, account_forms.ChangePasswordForm):
    oldpassword = PasswordField(label=_("Current password"), autocomplete="current-password")
    password1 = NewPasswordField()
    password2 = PasswordField(label=_("New password again"), autocomplete="new-password")


class SecondFactorField(CompactField):
    """A code of an authenticator app or a recovery code, in the digits of any script, grouped as one likes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        self.widget.attrs.update({**NUMBER, "autocomplete": "one-time-code"})


EITHER_CODE = _("Code from the app or a recovery code")


class AuthenticateForm(NamedErrors, factor_forms.AuthenticateForm):
    code = SecondFactorField(label=EITHER_CODE)


class ReauthenticateByCodeForm(NamedErrors, factor_forms.ReauthenticateForm):
    code = SecondFactorField(label=EITHER_CODE)


class ActivateTOTPForm(NamedErrors, app_forms.ActivateTOTPForm):
    code = SecondFactorField(label=_("Six digits shown in the app"))

    def clean_code(self) -> str:
        """Whoever shows a code of what they set up has shown their second factor, in this session and in no other."""
        code: str = super().clean_code()
        mark_second_factor(context.request)
        return code

    @property
    def key_in_fours(self) -> str:
        """The secret as one can type it off a screen."""
        return " ".join(wrap(self.secret, 4))


OTHER_KINDS = _(
    "An establishment number (7…); a GCC ID with its two-letter country code, for example KW289010112345; or a "
    "passport with its three-letter country code, for example PAKAB1234567."
)


class FirstSignInForm(NamedErrors, forms.Form):
    """A box for the e-mail is there for those whose mobile no SMS is sent to."""

    national_id = NationalIdField()
    full_name = NameField(label=_("Full name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = MobileField(help_text=_("For example 0512345678. The code goes to this number."))
    email = EmailField(
        label=_("Email"),
        required=False,
        help_text=_("We cannot send SMS to this country. The code goes to your registered email."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, other_kinds: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if other_kinds:
            self.fields["national_id"] = NationalIdField(other_kinds=True, help_text=OTHER_KINDS)
        self.no_sms = _no_sms_to(self.data.get("phone", "") if self.is_bound else "")
        if not self.no_sms:
            del self.fields["email"]
        self.fields["national_id"].widget.attrs["autocomplete"] = "username"

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if self.no_sms and not typed.get("email") and "email" not in self.errors:
            self.add_error("email", _("Enter the email registered with this mobile."))
        return typed


def _no_sms_to(typed: str) -> bool:
    """Is this a good mobile that no SMS is sent to?"""
    try:
        return not sms.can_reach(clean_any_mobile(typed))
    except ValidationError:
        return False


class SixDigitsField(CompactField):
    """A code that came by SMS or mail, in the digits of any script."""

    def __init__(self) -> None:
        super().__init__(label=_("Six digits from the message"), max_length=40)
        self.widget.attrs.update({**NUMBER, "autocomplete": "one-time-code", "autofocus": True})

    def clean(self, value: Any) -> str:
        digits: str = super().clean(value)
        if digits and not (digits.isascii() and digits.isdecimal() and len(digits) == 6):
            raise ValidationError(_("The code has six digits."), code="code_length")
        return digits


class CodeForm(NamedErrors, forms.Form):
    code = SixDigitsField()
    password = PasswordField(label=_("New password"), help_text=NEW_PASSWORD_HINT, autocomplete="new-password")


class ProfileForm(VersionedForm):
    class Meta:
        model = User
        fields = ("email", "language", "sms_notices", "email_notices")
        field_classes = {"email": EmailField}
        widgets = {"language": forms.RadioSelect, "email": forms.EmailInput(attrs={"autocomplete": "email"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["email"] = self._stored(self.instance, "email")
        self.fields["email"].help_text = _(
            "A new address is used once you have confirmed it by the link we send there."
        )

    def _values(self, row: models.Model) -> dict[str, Any]:
        return super()._values(row) | {"email": self._stored(row, "email")}

    def _stored(self, row: models.Model, name: str) -> Any:
        """The address somebody wants is the one that waits, where one does."""
        wanted = emails.pending_address_of(cast(User, row)) if name == "email" else ""
        return wanted or super()._stored(row, name)


class OfficeField(forms.ChoiceField):
    """One of the practising offices that were found, by its licence number."""

    def to_python(self, value: Any) -> str:
        return written_code(value or "").upper()


class AuthoriseForm(NamedErrors, forms.Form):
    """The plot, and one of `offices`, whose names are shown beside their licence numbers."""

    licence_number = OfficeField(
        label=_("Engineering office"),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("No licensed engineering office has this number.")},
    )
    plan_number = CodeField(
        label=_("Plan number"),
        help_text=_("As written in the deed, for example 415/ج/س."),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    parcel_number = CodeField(
        label=_("Parcel number"),
        help_text=_("As written in the deed."),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, offices: list[EngineeringOffice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offices = {office.licence_number: office for office in offices}
        cast("forms.ChoiceField", self.fields["licence_number"]).choices = [
            (office.licence_number, _name_and_number(office)) for office in offices
        ]

    @property
    def office(self) -> EngineeringOffice:
        """Of a valid form."""
        return self._offices[self.cleaned_data["licence_number"]]


def _name_and_number(office: EngineeringOffice) -> SafeString:
    words = '<bdi>{}</bdi> <bdi dir="ltr" class="ltr soft">{}</bdi>'
    return format_html(words, office.name, office.licence_number)


class ApiTokenForm(NamedErrors, forms.Form):
    """A token to be. What a press without a form leaves out is as it is offered."""

    name = LineField(
        label=_("Program name"),
        help_text=_("A name you will recognise, for example your drawing software."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"), choices=Scope.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label=_("Valid for"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spans = [days for days in (30, 90, 180, 365) if days < settings.TOKEN_DAYS] + [settings.TOKEN_DAYS]
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in spans
        ]
        self.fields["days"].initial, self.fields["scopes"].initial = settings.TOKEN_DAYS, list(Scope.values)

    def clean_scopes(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["scopes"]
        return chosen if chosen or "days" in self.data else list(Scope.values)
