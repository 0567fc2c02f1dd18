"""The way back: whoever opens a file from a list comes back to the same list, filter, order and page.

The list stands in the address (`from`), so that two windows of one person each keep their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from ..models import Transaction
from ..selectors.case_lists import CaseList, Place, read_list

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FROM = "from"
LISTS: dict[str, StrOrPromise] = {
    "staff:index": _("My queue"),
    "staff:supervision": _("Supervision"),
    "staff:transactions_transaction_changelist": _("All cases"),
    "staff:transactions_movement_changelist": _("Registers"),
}
PLACES = {"staff:index": Place.QUEUE, "staff:supervision": Place.SUPERVISION}


@dataclass(frozen=True)
class WayBack:
    """A list with its filters; `url` is always one of ours, however the address was written."""

    name: str
    query: str

    @property
    def url(self) -> str:
        path = reverse(self.name)
        return f"{path}?{self.query}" if self.query else path

    @property
    def label(self) -> StrOrPromise:
        return LISTS[self.name]

    @property
    def walks(self) -> bool:
        """Can one go from file to file here?"""
        return self.name in PLACES

    def ahead(self, path: str, **more: str) -> str:
        """An address of a file that remembers this list; the plain queue needs no remembering."""
        if self.url != reverse("staff:index"):
            more[FROM] = self.url
        return f"{path}?{urlencode(more)}" if more else path

    def case_list(self, user: User, now: datetime) -> CaseList | None:
        """The list itself; None where it is Django's own, or not for this person."""
        place = PLACES.get(self.name)
        return read_list(place, QueryDict(self.query), user, now) if place else None

    def neighbour(self, case: Transaction, user: User, now: datetime, *, back: bool = False) -> Transaction | None:
        """The file after this one in the list, or before it."""
        listed = self.case_list(user, now)
        return listed.neighbour(case, back=back) if listed else None


def way_back(request: HttpRequest) -> WayBack:
    """The list this page was opened from; the queue when it does not say, or says another place."""
    return read_way(request.POST.get(FROM) or request.GET.get(FROM, ""))


def read_way(address: str) -> WayBack:
    """The list an address names; the queue for any other."""
    path, _mark, query = address.partition("?")
    for name in LISTS:
        if path == reverse(name):
            return WayBack(name, QueryDict(query, encoding="utf-8").urlencode())
    return WayBack("staff:index", "")


def here(request: HttpRequest) -> dict[str, Any]:
    """For a list: its address, and what its links to files end in."""
    return {"list_url": request.get_full_path(), "from_here": urlencode({FROM: request.get_full_path()})}
