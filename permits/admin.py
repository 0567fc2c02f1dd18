"""Tariffs in the staff admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest

from municipality.guarded_admin import RecordedAdmin

from .models import Tariff


class TariffAdmin(RecordedAdmin):
    may_edit: Callable[[HttpRequest], bool]
    list_display = ("code", "rate", "valid_from", "certainty")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_edit(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_edit(request)

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def register(site: AdminSite, *, may_edit: Callable[[HttpRequest], bool]) -> None:
    """Put tariffs on a site; `may_edit` says who is an administrator."""
    site.register(Tariff, type("TariffAdmin", (TariffAdmin,), {"may_edit": staticmethod(may_edit)}))
