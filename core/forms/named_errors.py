"""Errors of forms that say which box they are about and what belongs there: “Enter the transaction number.”

Django says “This field is required.” of every box alike. Every form of ours is a NamedErrors (a test looks at each), so
a page may show such an error without the label before it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.utils import pretty_name
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

# Codes of errors whose sentence names the box.
NAMED = frozenset({"required", "min_value", "max_value"})
_DJANGOS = forms.Field.default_error_messages["required"]
_KEEP_THEIR_CAPITAL = ("Hijri",)


def _inside(label: str) -> str:
    """A label as it stands inside an English sentence after “the”; Arabic has no capitals."""
    label = label.strip().rstrip(".:")
    if label[:4] == "The ":
        return label[4:]
    if label[1:2].islower() and not label.startswith(_KEEP_THEIR_CAPITAL):
        return label[0].lower() + label[1:]
    return label


def is_feminine(label: str) -> bool:
    """Does the verb after this Arabic label take the feminine form? By the ending of its first word."""
    first = label.split(" ", 1)[0]
    return first.endswith(("ة", "ات"))


def required_words(field: forms.Field, label: str, *, quoted: bool = False) -> str:
    """What to do with an empty box. `quoted` for labels that make no sentence: names of columns in the admin."""
    if quoted:
        return _("Fill in “%(field)s”.") % {"field": label}
    named = {"field": _inside(label)}
    if isinstance(field, forms.BooleanField):
        return _("Confirm: %(field)s.") % {"field": label.rstrip(".")}
    if isinstance(field, forms.FileField):
        return _("Attach the %(field)s.") % named
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        return _("Choose the %(field)s.") % named
    return _("Enter the %(field)s.") % named


def _limit(label: str, limit: object, unit: str, *, least: bool) -> str:
    params = {"field": label, "limit": f"{limit} {unit}".strip()}
    if least and is_feminine(label):
        return pgettext("feminine", "%(field)s must be at least %(limit)s.") % params
    if least:
        return pgettext("masculine", "%(field)s must be at least %(limit)s.") % params
    if is_feminine(label):
        return pgettext("feminine", "%(field)s must be at most %(limit)s.") % params
    return pgettext("masculine", "%(field)s must be at most %(limit)s.") % params


_lazily = lazy(lambda words: words(), str)


def name_errors(field: forms.Field, label: Any, *, quoted: bool = False) -> None:
    """Give a box its own sentences, each in the language of whoever reads it. Sentences it was given before stay."""
    if field.error_messages.get("required") is _DJANGOS:
        field.error_messages["required"] = _lazily(lambda: required_words(field, str(label), quoted=quoted))
    for number, validator in enumerate(field.validators):
        if not isinstance(validator, MinValueValidator | MaxValueValidator) or "message" in vars(validator):
            continue
        least = isinstance(validator, MinValueValidator)
        unit = getattr(field, "unit", "")
        limit = validator.limit_value
        words = partial(_limit_words, label, limit, unit, least=least)
        field.validators[number] = type(validator)(limit, message=_lazily(words))


def _limit_words(label: Any, limit: object, unit: Any, *, least: bool) -> str:
    """A validator fills its message in once more, so a percent sign in a label is doubled."""
    return _limit(str(label), limit, str(unit), least=least).replace("%", "%%")


class NamedErrors(forms.BaseForm):
    """Mixed into a form, before forms.Form: names its boxes before it asks them."""

    labels_are_columns = False

    def full_clean(self) -> None:
        for name, field in self.fields.items():
            label = field.label if field.label is not None else pretty_name(name)
            name_errors(field, label, quoted=self.labels_are_columns)
        super().full_clean()
