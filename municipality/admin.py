"""Reference data in the staff admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin.guarded import Administered, AdministeredSite, RecordedAdmin, code, in_both_languages, tag
from core.admin.previewed import PreviewedAdmin
from core.admin.signals import office_suspended
from core.forms.versioned import VersionedForm

from . import services
from .models import Certainty, District, Holiday, Named, Office
from .search import filter_by_text

UNSURE = {Certainty.SAMPLE, Certainty.GUESS, Certainty.UNKNOWN, Certainty.RECONSTRUCTED}


class ReferenceAdmin(PreviewedAdmin, Administered, RecordedAdmin):
    list_per_page = 50

    def save_model(self, request: HttpRequest, obj: Named, form: Any, change: bool) -> None:
        services.save_reference(obj)

    @admin.display(description=_("name"), ordering="name_ar")
    def names(self, row: Named) -> SafeString:
        return in_both_languages(row)

    @admin.display(description=_("code"), ordering="code")
    def short(self, row: Any) -> SafeString:
        return code(row.code)

    @admin.display(description=_("certainty"), ordering="certainty")
    def sureness(self, row: Any) -> SafeString:
        return tag("warning" if row.certainty in UNSURE else "plain", row.get_certainty_display())


class FixedCodeAdmin(ReferenceAdmin):
    """What the program and stored rows know a row by is typed once: offices are routed to by it, answers hold it."""

    # Each with what shows it afterwards.
    fixed: dict[str, str] = {"code": "short"}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(self.fixed.values()) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return list(dict.fromkeys(self.fixed.get(name, name) for name in fields)) if obj else fields


class OfficeForm(VersionedForm):
    hand_over = forms.BooleanField(
        label=_("also hand over its existing cases"),
        required=False,
        help_text=_("New requests go to the office that takes over in any case. Without this, existing cases stay."),
    )

    class Meta:
        model = Office
        exclude = ()

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("hand_over") and not typed.get("suspended"):
            self.add_error("hand_over", _("Cases can only be handed over from a suspended office."))
        # For whoever says beforehand what saving this would do (signals.consequences_wanted).
        self.instance.hand_over_files = typed.get("hand_over", False)
        return typed


class OfficeAdmin(FixedCodeAdmin):
    form = OfficeForm
    fixed = {"code": "short", "kind": "kind"}
    list_display = ("short", "names", "kind", "parent", "a_day", "state", "sureness")
    list_filter = ("kind", "suspended", "certainty")
    list_select_related = ("parent",)
    search_fields = ("code",)  # a box; see get_search_results

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Office], search_term: str
    ) -> tuple[QuerySet[Office], bool]:
        return filter_by_text(queryset, search_term, "code", places=True), False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        hand_over = form.cleaned_data.get("hand_over", False)
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if obj.suspended and ("suspended" in form.changed_data or hand_over):
                office_suspended.send(Office, office=obj, hand_over=hand_over)

    @admin.display(description=_("daily capacity"), ordering="capacity")
    def a_day(self, office: Office) -> int:
        return office.capacity

    @admin.display(description=_("state"), ordering="suspended")
    def state(self, office: Office) -> SafeString:
        return tag("error", _("Suspended")) if office.suspended else tag("success", _("Working"))


class DistrictAdmin(FixedCodeAdmin):
    list_display = ("short", "names", "sub_municipality", "sureness")
    list_filter = ("sub_municipality", "certainty")
    list_select_related = ("sub_municipality",)
    search_fields = ("code",)  # a box; see get_search_results

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[District], search_term: str
    ) -> tuple[QuerySet[District], bool]:
        return filter_by_text(queryset, search_term, "code", places=True), False


class HolidayAdmin(ReferenceAdmin):
    """One that was entered by mistake is deleted; what that moves is said first."""

    list_display = ("names", "first_day", "last_day", "sureness")
    list_filter = ("certainty",)
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        services.delete_reference(obj)


def register(site: AdministeredSite) -> None:
    site.register(Office, OfficeAdmin)
    site.register(District, DistrictAdmin)
    site.register(Holiday, HolidayAdmin)
