"""A ModelAdmin for hostile days: Django's own ends in a 500 on ids that are no numbers and on filters of one's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import BadRequest
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from ..forms.fields import BOXES, DateField, MomentField
from ..forms.versioned import VersionedForm
from ..plausible import validate_day
from ..text import parse_int

# What follows the name of a declared filter in the address of a filtered list.
LOOKUPS = ("", "exact", "id__exact", "pk__exact", "isnull", "gte", "lt", "year", "month", "day")
MAX_NEW_ROWS = 20
# Clocks by the browser's own picker; days in either calendar, which no picker of a browser takes. No day outside the
# Hijri table is taken.
CLOCK, INSIDE = {"type": "time"}, {"validators": [validate_day]}
PICKERS: dict[Any, dict[str, Any]] = BOXES | {
    models.DateField: BOXES[models.DateField] | INSIDE,
    models.TimeField: BOXES[models.TimeField] | {"widget": forms.TimeInput(CLOCK, "%H:%M")},
    models.DateTimeField: BOXES[models.DateTimeField]
    | INSIDE
    | {"widget": forms.SplitDateTimeWidget(date_format="%Y-%m-%d", time_format="%H:%M", time_attrs=CLOCK)},
}


def tag(kind: str, word: object) -> SafeString:
    """A state in a list: success, error, warning, info or plain, and its word."""
    return format_html('<span class="tag tag--{}">{}</span>', kind, word)


def in_both_languages(row: Any) -> SafeString:
    """The name of a row in both languages, the reader's own first."""
    first, second = (row.name_ar, row.name_en) if row.name == row.name_ar else (row.name_en, row.name_ar)
    return format_html('<bdi>{}</bdi><span class="under"><bdi>{}</bdi></span>', first, second)


def code(identifier: object) -> SafeString:
    """What programs call a thing."""
    return format_html('<code dir="ltr">{}</code>', identifier)


def typed(text: str) -> SafeString:
    """What a person wrote, in whatever language."""
    return format_html('<span dir="auto" class="clip">{}</span>', text or "—")


def are_numbers(ids: Iterable[str]) -> bool:
    """True when each could be the id of a row."""
    return all(parse_int(str(value)) is not None for value in ids)


class GuardedAdmin(admin.ModelAdmin):
    form = VersionedForm
    formfield_overrides = PICKERS

    @property
    def media(self) -> forms.Media:
        """One script, and only where something can be done to many rows; Django's other nine have no use here."""
        return forms.Media(js=["admin/js/actions.js"] if self.actions else [])

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """A plain list to choose from, without the signs beside it that open windows of their own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        if isinstance(field, DateField | MomentField) and not field.help_text:
            field.help_text = _("Hijri or Gregorian, for example 1448/06/14 or 2026-11-24.")
        return field

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The form's own mark is no question; templates/admin/change_form.html shows it."""
        return [name for name in super().get_fields(request, obj) if name != "version_seen"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only the filters the list declares; by default any field may be probed, and any lookup broken."""
        declared = [self.date_hierarchy, *self.get_list_filter(request)]
        names = [item if isinstance(item, str) else getattr(item, "parameter_name", None) for item in declared]
        return any(name and lookup in (name, *(f"{name}__{end}" for end in LOOKUPS)) for name in names)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """By the primary key: Django takes an empty _to_field for the name of a field."""
        return super().get_object(request, object_id, from_field or None)

    def response_action(self, request: HttpRequest, queryset: Any, *more: Any, **also: Any) -> HttpResponse | None:
        if not are_numbers(request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("ids are numbers")
        return super().response_action(request, queryset, *more, **also)


class AdministeredSite(admin.AdminSite, ABC):
    @abstractmethod
    def may_edit(self, request: HttpRequest) -> bool:
        """Is this one of the administrators? The site that is served knows them."""


class Administered(GuardedAdmin):
    """Administrators see and edit it, nobody else; nobody deletes."""

    admin_site: AdministeredSite

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.may_edit(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.may_edit(request)

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordedAdmin(GuardedAdmin, SimpleHistoryAdmin):
    """Keeps the history of its rows."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not are_numbers([object_id]):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if not are_numbers([object_id, version_id]):
            raise Http404
        if "_popup" in request.POST:
            raise BadRequest("an old version is no popup")
        return super().history_form_view(request, object_id, version_id, extra_context)


class GuardedInline(admin.StackedInline):
    """Rows inside a form: those there are and an empty one; a few more are taken, however many a request claims."""

    extra = 1
    form = VersionedForm
    media = forms.Media()
    formfield_overrides = PICKERS

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        there = self.get_queryset(request).filter(**{self._parent_field(): obj}).count() if obj else 0
        most = there + MAX_NEW_ROWS
        return super().get_formset(request, obj, **kwargs | {"max_num": most, "absolute_max": most})

    def _parent_field(self) -> str:
        names = [field.name for field in self.model._meta.fields if field.related_model is self.parent_model]
        return self.fk_name or names[0]
