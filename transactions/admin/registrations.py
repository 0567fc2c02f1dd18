"""Reference data of every room on the staff site, for administrators."""

from __future__ import annotations

from django.utils.module_loading import import_string

from core.admin.guarded import AdministeredSite

# permits, billing and outside lie above this room, so they are asked by name for what they want registered.
ROOMS = ("municipality", "accounts", "permits", "billing", "outside")


def register(site: AdministeredSite) -> None:
    for room in ROOMS:
        import_string(f"{room}.admin.register")(site)
