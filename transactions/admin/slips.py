"""Slips unaccounted for: by centre, and each; to be taken along as a file (exports.py)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.models import User
from municipality.services import office_by_code

from ..booklets.ledger import may_manage
from ..booklets.people import paper_offices_of
from ..booklets.unaccounted import by_office, unaccounted_for
from ..models import Slip
from ..views.common import page_of
from .site import staff_site
from .visits import centres_of


def _offices_of(user: User) -> Collection[int] | None:
    """The centres this person looks after, None for all; empty for nobody's business."""
    return None if may_manage(user) else paper_offices_of(user)


def slips_listed(user: User, asked: QueryDict) -> QuerySet[Slip] | None:
    """The rows of the list as this person sees it, narrowed to the centre asked for; None when it is not for them."""
    offices = _offices_of(user)
    if offices is not None and not offices:
        return None
    rows = unaccounted_for(offices).select_related("booklet__office", "booklet__holder")
    code = asked.get("office", "")
    return rows.filter(booklet__office=office_by_code(code)) if code else rows


@require_safe
def slips(request: HttpRequest) -> HttpResponse:
    """Slips unaccounted for, of all centres or one."""
    user = current_user(request)
    rows = slips_listed(user, request.GET)
    if rows is None:
        raise Http404
    code = request.GET.get("office", "")
    context = staff_site.each_context(request) | {
        "title": _("Slips unaccounted for"),
        "page": page_of(request, rows),
        "offices": by_office(_offices_of(user)),
        "code": code,
        "all_booklets": may_manage(user),
        "centres": {office.pk for office in centres_of(user)},
    }
    return render(request, "staff/slips.html", context)
