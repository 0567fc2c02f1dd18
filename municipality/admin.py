"""Reference data in the staff admin. `register` puts it on a site; who may edit is the site's to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from . import services
from .guarded_admin import RecordedAdmin
from .models import Certainty, District, Holiday, Named, Office
from .text import search_key

UNSURE = {Certainty.SAMPLE, Certainty.GUESS, Certainty.UNKNOWN, Certainty.RECONSTRUCTED}


class ReferenceAdmin(RecordedAdmin):
    """Only those who may edit see it; nobody deletes."""

    may_edit: Callable[[HttpRequest], bool]
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_edit(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_edit(request)

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Named, form: Any, change: bool) -> None:
        services.save_reference(obj)

    @admin.display(description=_("name"), ordering="name_ar")
    def names(self, row: Named) -> SafeString:
        """In both languages, the reader's own first."""
        first, second = (row.name_ar, row.name_en) if row.name == row.name_ar else (row.name_en, row.name_ar)
        return format_html('<bdi>{}</bdi><span class="under"><bdi>{}</bdi></span>', first, second)

    @admin.display(description=_("certainty"), ordering="certainty")
    def sureness(self, row: Any) -> SafeString:
        kind = "tag--warning" if row.certainty in UNSURE else "tag--plain"
        return format_html('<span class="tag {}">{}</span>', kind, row.get_certainty_display())


class OfficeAdmin(ReferenceAdmin):
    list_display = ("code", "names", "kind", "parent", "a_day", "state", "sureness")
    list_filter = ("kind", "suspended", "certainty")
    list_select_related = ("parent",)
    search_fields = ("code", "name_ar", "name_en")

    @admin.display(description=_("files a day"), ordering="capacity")
    def a_day(self, office: Office) -> int:
        return office.capacity

    @admin.display(description=_("state"), ordering="suspended")
    def state(self, office: Office) -> SafeString:
        kind, word = ("error", _("Suspended")) if office.suspended else ("success", _("Working"))
        return format_html('<span class="tag tag--{}">{}</span>', kind, word)


class DistrictAdmin(ReferenceAdmin):
    list_display = ("code", "names", "sub_municipality", "sureness")
    list_filter = ("sub_municipality", "certainty")
    list_select_related = ("sub_municipality",)
    search_fields = ("code", "search")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[District], search_term: str
    ) -> tuple[QuerySet[District], bool]:
        return super().get_search_results(request, queryset, search_key(search_term))


class HolidayAdmin(ReferenceAdmin):
    list_display = ("name_ar", "name_en", "first_day", "last_day", "sureness")
    list_filter = ("certainty",)


def register(site: AdminSite, *, may_edit: Callable[[HttpRequest], bool]) -> None:
    """Put offices, districts and holidays on a site; `may_edit` says who is an administrator."""
    for model, base in ((Office, OfficeAdmin), (District, DistrictAdmin), (Holiday, HolidayAdmin)):
        site.register(model, type(base.__name__, (base,), {"may_edit": staticmethod(may_edit)}))
