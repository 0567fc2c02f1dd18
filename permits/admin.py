"""Tariffs in the staff admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from municipality.guarded_admin import Administered, AdministeredSite, RecordedAdmin, code

from .models import Tariff


class TariffAdmin(Administered, RecordedAdmin):
    list_display = ("names", "rate", "valid_from", "certainty")

    @admin.display(description=_("tariff"), ordering="code")
    def names(self, tariff: Tariff) -> SafeString:
        return format_html('{}<span class="under">{}</span>', tariff.title, code(tariff.code))


def register(site: AdministeredSite) -> None:
    site.register(Tariff, TariffAdmin)
