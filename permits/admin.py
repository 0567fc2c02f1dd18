"""Tariffs in the staff admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin.guarded import Administered, AdministeredSite, RecordedAdmin, code
from core.admin.previewed import PreviewedAdmin

from .models import Tariff


class TariffAdmin(PreviewedAdmin, Administered, RecordedAdmin):
    """One that was entered by mistake is deleted or corrected as long as no fee rests on it."""

    list_display = ("names", "rate", "valid_from", "certainty")
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Tariff | None = None) -> bool:
        return self.has_change_permission(request, obj) and (obj is None or not obj.is_used())

    @admin.display(description=_("tariff"), ordering="code")
    def names(self, tariff: Tariff) -> SafeString:
        return format_html('{}<span class="under">{}</span>', tariff.title, code(tariff.code))


def register(site: AdministeredSite) -> None:
    site.register(Tariff, TariffAdmin)
