"""Pages that the workbench shares with the public: opened from there (?desk), they stand in its frame and lead back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin.sites import all_sites
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import current_user

from .. import access
from ..models import Transaction

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FROM_THE_DESK = "?desk=1"


@dataclass(frozen=True)
class Desk:
    """Where whoever works here goes back to."""

    url: str
    label: StrOrPromise


def frame(request: HttpRequest, case: Transaction) -> dict[str, Any]:
    """The context of the workbench's frame, with `desk` in it, for staff who came from there; nothing for anybody else.

    The paper that is printed is the same: only what stands around it on the screen differs.
    """
    staff_site = next(site for site in all_sites if site.name == "staff")
    if "desk" not in request.GET or not staff_site.has_permission(request):
        return {}
    return {**staff_site.each_context(request), "desk": _way_back(request, case)}


def _way_back(request: HttpRequest, case: Transaction) -> Desk:
    user = current_user(request)
    if access.works_on(user, case) or access.works_at_counter(user):
        # The list the case was opened from goes along; the case's page knows which lists there are.
        asked = {"from": request.GET["from"]} if request.GET.get("from") else None
        return Desk(reverse("staff:case", args=[case.reference], query=asked), case.reference)
    return Desk(reverse("staff:index"), _("My queue"))
