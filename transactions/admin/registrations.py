"""Reference data of every room on the staff site, for administrators."""

from __future__ import annotations

from django.utils.module_loading import import_string

from core.admin.guarded import AdministeredSite

# permits, billing, outside and boxes lie above this room, so they are asked by name for what they want registered.
ROOMS = ("municipality", "accounts", "permits", "billing", "outside", "boxes")


def register(site: AdministeredSite) -> None:
    for room in ROOMS:
        import_string(f"{room}.admin.register")(site)
