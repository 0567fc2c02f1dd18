"""Objections and complaints that wait for a supervisor, by when, and how the last ones were decided."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import current_user

from .. import access
from ..domain.objections import ObjectionOutcome
from ..selectors.objections import Waiting, decided_since, waiting_for
from ..views.common import page_of
from .site import staff_site

ROWS = 40
# Of how many days the figures tell.
SHOWN_DAYS = 90


@require_GET
def objections(request: HttpRequest) -> HttpResponse:
    """What waits first, the one due soonest on top. For supervisors; nobody else decides here."""
    user, now = current_user(request), timezone.now()
    offices = access.supervised_by(user)
    if not offices:
        raise Http404
    waiting = waiting_for(user, offices, now)
    decided = decided_since(offices, now - timedelta(days=SHOWN_DAYS))
    outcomes = Counter(decided.values_list("outcome", flat=True))
    context = staff_site.each_context(request) | {
        "title": _("Objections and complaints"),
        "waiting": waiting,
        "late": sum(row.late for row in waiting),
        "nobody": sum(_nobody(row) for row in waiting),
        "upheld": outcomes[ObjectionOutcome.UPHELD],
        "dismissed": outcomes[ObjectionOutcome.DISMISSED],
        "answered": outcomes[ObjectionOutcome.ANSWERED],
        "shown_days": SHOWN_DAYS,
        "page": page_of(request, decided.for_reading().select_related("transaction").order_by("-decision__at"), ROWS),
    }
    return render(request, "staff/objections.html", context)


def _nobody(row: Waiting) -> bool:
    return not row.may_decide
