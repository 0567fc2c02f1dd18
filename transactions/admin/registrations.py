"""Reference data of every room on the staff site, for administrators."""

from __future__ import annotations

from django.utils.module_loading import import_string

from core.admin.guarded import AdministeredSite

# permits lies above this room, so it is asked by name for what it wants registered.
ROOMS = ("municipality", "accounts", "permits")


def register(site: AdministeredSite) -> None:
    for room in ROOMS:
        import_string(f"{room}.admin.register")(site)
