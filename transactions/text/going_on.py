"""Where somebody goes on to who has to sign in first, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.portal import ltr

from ..domain import service_types

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PLACES: dict[str, StrOrPromise] = {
    "transactions:requests": gettext_lazy("My requests"),
    "transactions:drafts": gettext_lazy("My requests"),
    "transactions:notices": gettext_lazy("Notices"),
    "transactions:office": gettext_lazy("Engineering office"),
    "accounts:authorisations": gettext_lazy("Engineering offices I authorised"),
    "accounts:profile": gettext_lazy("My profile"),
}
OF_A_DRAFT = frozenset(f"transactions:{name}" for name in ("draft", "step", "documents", "check", "discard"))


def describe_destination(path: str) -> StrOrPromise:
    """What an address leads to; empty where there is nothing to say. Reads no row: a stranger may have written it."""
    try:
        parts = urlsplit(path)
        if parts.scheme or parts.netloc:
            return ""
        match = resolve(parts.path)
    except (Resolver404, ValueError):
        return ""
    if match.view_name == "transactions:start":
        service = service_types.find(match.kwargs["code"])
        return service.title if service else ""
    if match.view_name in OF_A_DRAFT:
        return _("the request you are writing")
    if match.view_name.startswith("transactions:") and "reference" in match.kwargs:
        return _("request %(number)s") % {"number": ltr(match.kwargs["reference"])}
    if match.view_name.startswith("staff:"):
        return _("Staff workbench")
    return PLACES.get(match.view_name, "")
