"""Tariffs in the staff admin."""

from __future__ import annotations

from municipality.guarded_admin import Administered, AdministeredSite, RecordedAdmin

from .models import Tariff


class TariffAdmin(Administered, RecordedAdmin):
    list_display = ("code", "rate", "valid_from", "certainty")


def register(site: AdministeredSite) -> None:
    site.register(Tariff, TariffAdmin)
