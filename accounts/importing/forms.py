"""What a row of each list is: a form that checks it as the pages do, and the words its columns may bear."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core.forms.fields import BOXES, DateField, EmailField
from core.forms.named_errors import NamedErrors
from municipality.models import District, Holiday, Office
from municipality.services import get_office

from ..forms import MobileField, NameField, NationalIdField
from ..models import Import, Language, Role
from .reading import looks_like_formula


def _box(db_field: Any, **kwargs: Any) -> Any:
    """The box a column has on the pages of the administrators."""
    own = next((BOXES[kind] for kind in type(db_field).__mro__ if kind in BOXES), {})
    return db_field.formfield(**(own | kwargs))


class OfficeByCode(forms.ModelChoiceField):
    """An office by its code, which is also how the one on file is compared and shown."""

    def __init__(self, offices: QuerySet[Office], label: Any, *, required: bool = True) -> None:
        unknown = _("There is no such office: give its code.")
        errors = {"invalid_choice": unknown}
        super().__init__(offices, to_field_name="code", label=label, required=required, error_messages=errors)

    def prepare_value(self, value: Any) -> Any:
        return get_office(value).code if isinstance(value, int) else super().prepare_value(value)


class NoFormulas(NamedErrors):
    """A cell that a program for tables would work out is refused, except where a number may begin with a sign."""

    labels_are_columns = True
    signed: ClassVar[tuple[str, ...]] = ()

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.fields:
            cell = self.data.get(name, "")
            if name not in self.signed and looks_like_formula(cell):
                self.add_error(name, _("A cell cannot begin with =, +, - or @."))


class OfficeRow(NoFormulas, forms.ModelForm):
    # What the administrators' page fixes besides the code: where cases go and which posts there are follows from it.
    fixed = ("kind",)
    parent = OfficeByCode(Office.objects.all(), _("belongs to"), required=False)

    class Meta:
        model = Office
        fields = ("code", "name_ar", "name_en", "kind", "parent", "location_ar", "capacity", "opens_at", "closes_at")
        formfield_callback = _box

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        for name in self.fixed:
            if self.instance.pk and name in typed and typed[name] != self.initial[name]:
                self.add_error(name, _("The kind of an office is fixed once it is entered."))
        return typed


class DistrictRow(NoFormulas, forms.ModelForm):
    sub_municipality = OfficeByCode(
        Office.objects.filter(kind="sub_municipality"), _("sub-municipality"), required=False
    )

    class Meta:
        model = District
        fields = ("code", "name_ar", "name_en", "sub_municipality")
        formfield_callback = _box


class HolidayRow(NoFormulas, forms.ModelForm):
    class Meta:
        model = Holiday
        fields = ("name_ar", "name_en", "first_day", "last_day")
        formfield_callback = _box


class PersonRow(NoFormulas, forms.Form):
    """Somebody and the post they get; also the form that adds one person by hand."""

    signed = ("phone",)
    national_id = NationalIdField(other_kinds=True, label=_("ID number"))
    full_name = NameField(label=_("full name"), max_length=150)
    phone = MobileField(label=_("mobile"))
    email = EmailField(label=_("email"), required=False)
    language = forms.ChoiceField(label=_("language"), choices=Language, required=False)
    office = OfficeByCode(Office.objects.order_by("code"), _("office"))
    role = forms.ChoiceField(label=_("role"), choices=Role)
    starts_on = DateField(label=_("from"), required=False)
    ends_on = DateField(label=_("to"), required=False)


FORMS: dict[str, type[forms.BaseForm]] = {
    Import.Kind.PEOPLE: PersonRow,
    Import.Kind.OFFICES: OfficeRow,
    Import.Kind.DISTRICTS: DistrictRow,
    Import.Kind.HOLIDAYS: HolidayRow,
}
# By what a row is known again; a holiday by its days.
KEYS: dict[str, tuple[str, ...]] = {
    Import.Kind.PEOPLE: ("national_id", "office", "role"),
    Import.Kind.OFFICES: ("code",),
    Import.Kind.DISTRICTS: ("code",),
    Import.Kind.HOLIDAYS: ("first_day", "last_day"),
}
MODELS: dict[str, type[Model]] = {
    Import.Kind.OFFICES: Office,
    Import.Kind.DISTRICTS: District,
    Import.Kind.HOLIDAYS: Holiday,
}


def headings_of(kind: str) -> dict[str, list[str]]:
    """What each column may be called: in the reader's language first, then in both."""
    form = FORMS[kind]()
    headings = {}
    for name, field in form.fields.items():
        words = [str(field.label)]
        for language in ("ar", "en"):
            with translation.override(language):
                words.append(str(field.label))
        headings[name] = words
    return headings


def required_of(kind: str) -> list[str]:
    """The columns that have to be there; those with a usual value need not."""
    model = MODELS.get(kind)
    usual = {field.name for field in model._meta.concrete_fields if field.has_default()} if model else set()
    return [name for name, field in FORMS[kind]().fields.items() if field.required and name not in usual]


def in_codes(kind: str, cells: dict[str, str]) -> dict[str, str]:
    """Choices may be given by their word in either language as well as by their code."""
    codes = dict(cells)
    for name, field in FORMS[kind]().fields.items():
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField) and cells.get(name):
            codes[name] = _code_of(field, cells[name])
    return codes


def _code_of(field: forms.ChoiceField, word: str) -> str:
    for language in ("ar", "en"):
        with translation.override(language):
            for code, label in field.widget.choices:
                if str(label) == word:
                    return str(code)
    return word
