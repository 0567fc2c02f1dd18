"""The role `office`: the same code with the back office left out. Its modules cannot be imported there, and of the
pages that share a room with the counter those alone answer that a counter without a centre has a use for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

# Of the workbench, what the counter is made of.
COUNTER = frozenset({"site", "counter", "intake_page", "tickets", "visitor", "visits"})
# The pages, the API and the centre's side of the boxes.
BACK_OFFICE = (
    "api.authentication",
    "api.docs",
    "api.pages",
    "api.schema",
    "api.v1",
    "billing.admin",
    "billing.urls",
    "boxes.admin",
    "boxes.centre",
    "drawings.urls",
    "drawings.views",
    "jeddah_portal.urls",
    "municipality.admin",
    "outside.admin",
    "outside.pages",
    "outside.urls",
    "permits.admin",
    "accounts.admin",
    "accounts.power_admin",
)
# Pages by the names of their addresses.
PAGES = frozenset({
    "transactions:home", "transactions:receipt", "transactions:discard", "transactions:file", "transactions:preview",
    "transactions:preview_page", "transactions:preview_part", "transactions:sheet", "transactions:sheet_sizes",
    "transactions:tile", "transactions:without_programs", "transactions:inquiry",
    "account_login", "account_logout", "account_inactive", "account_reauthenticate", "mfa_authenticate",
    "mfa_reauthenticate", "mfa_index", "mfa_activate_totp", "account_change_password",
    "journal:verify", "journal:verify_token", "set_language", "healthz", "readyz",
    "staff:index", "staff:login", "staff:logout", "staff:counter", "staff:intake", "staff:intake_visitor",
    "staff:intake_check", "staff:case", "staff:box_stick", "staff:box_stick_part", "staff:box_news",
    "staff:box_lookup",
})  # fmt: skip


class BackOfficeAway(ImportError):
    """This is an office box: it has no back office."""


def is_back_office(name: str) -> bool:
    """Is this module one that a box does without?"""
    room, _dot, rest = name.partition("transactions.admin.")
    if not room and rest:
        return rest.partition(".")[0] not in COUNTER
    return any(name == part or name.startswith(f"{part}.") for part in BACK_OFFICE)


class _Refuser(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if is_back_office(name):
            raise BackOfficeAway(f"{name} is no part of an office box")
        return None


def keep_out() -> None:
    """From now on this process imports nothing of the back office."""
    if not any(isinstance(finder, _Refuser) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Refuser())


class OfficePages:
    """Whatever else an address leads to is not there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or (match.view_name and match.view_name not in PAGES):
            raise Http404
        return None
