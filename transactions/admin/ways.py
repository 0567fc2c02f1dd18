"""The way back: whoever opens a file from a list comes back to the same list, filter and page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FROM = "from"
LISTS: dict[str, StrOrPromise] = {
    "staff:index": _("My queue"),
    "staff:supervision": _("Supervision"),
    "staff:transactions_transaction_changelist": _("All cases"),
}


@dataclass(frozen=True)
class WayBack:
    """A list with its filters; `url` is always one of ours, however the address was written."""

    url: str
    label: StrOrPromise

    def ahead(self, path: str, **more: str) -> str:
        """An address of a file that remembers this list; the plain queue needs no remembering."""
        if self.url != reverse("staff:index"):
            more[FROM] = self.url
        return f"{path}?{urlencode(more)}" if more else path


def way_back(request: HttpRequest) -> WayBack:
    """The list this page was opened from; the queue when it does not say, or says another place."""
    path, _mark, query = (request.POST.get(FROM) or request.GET.get(FROM, "")).partition("?")
    for name, label in LISTS.items():
        if path == reverse(name):
            asked = QueryDict(query, encoding="utf-8").urlencode()
            return WayBack(f"{path}?{asked}" if asked else path, label)
    return WayBack(reverse("staff:index"), LISTS["staff:index"])


def here(request: HttpRequest) -> dict[str, Any]:
    """For a list: what its links to files end in."""
    return {"from_here": urlencode({FROM: request.get_full_path()})}
