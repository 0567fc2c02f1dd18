"""Reference data of every room on the staff site, for administrators."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.module_loading import import_string

from accounts.access import is_administrator, signed_in

# permits lies above this room, so it is asked by name for what it wants registered.
ROOMS = ("municipality", "accounts", "permits")


def may_edit(request: HttpRequest) -> bool:
    return is_administrator(signed_in(request))


def register(site: AdminSite) -> None:
    for room in ROOMS:
        if apps.is_installed(room):
            import_string(f"{room}.admin.register")(site, may_edit=may_edit)
