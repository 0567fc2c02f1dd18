"""The workspace of an engineering office: what came back first, what changed, drafts, owners, all its cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.access import current_user, require_office_member
from accounts.models import Authorisation, EngineeringOffice
from core.text import one_line

from ..domain.deadlines import overdue
from ..domain.workflow import CLOCK_STOPPED, CLOSED, OPEN, Status
from ..models import Deficiency, Draft, Transaction, TransactionQuerySet
from ..notifications.changes import Changes, by_day
from ..selectors import search
from ..text.progress import progress_of
from ..text.tags import licence_tag
from .common import page_of
from .requests import first_of, with_parts, with_progress

CASES_A_PAGE = 100
MAX_TO_APPROVE = 6
MAX_DRAFTS = 24
MAX_CHANGES = 40
CHANGES_A_PAGE = 100
SHOWN: dict[str, Q] = {
    "open": Q(status__in=OPEN),
    "returned": Q(status=Status.RETURNED),
    "unpaid": Q(status=Status.AWAITING_PAYMENT),
    "closed": Q(status__in=CLOSED),
    "all": Q(),
}
# Every order ends in the key: rows that are otherwise alike would stand on two pages, or on none.
ORDERS = {
    "due": (F("due_at").asc(nulls_last=True), "submitted_at", "pk"),
    "newest": ("-submitted_at", "-pk"),
    "oldest": ("submitted_at", "pk"),
    "owner": ("applicant__full_name", "submitted_at", "pk"),
}


@login_required
@require_safe
def office(request: HttpRequest) -> HttpResponse:
    """Twelve queries at most, however many cases there are."""
    user, offices, now = current_user(request), require_office_member(request), timezone.now()
    live = Authorisation.objects.filter(office__in=offices, status=Authorisation.Status.ACCEPTED)
    cases = Transaction.objects.filter(authorisation__in=live)
    changed = Changes(offices, user, now)
    drafts, drafts_counted = first_of(Draft.objects.unsent().filter(authorisation__in=live).for_office(), MAX_DRAFTS)
    listed = _listed(request, now)
    counts = _counts(cases, now)
    shown = "" if _looked_for(request) else _shown(request)
    counts["listed"] = counts[shown] if shown in counts else cases.filter(listed).count()
    context = {
        "offices": [_office_summary(office, now) for office in offices],
        "counts": counts,
        "waiting": Authorisation.objects.filter(office__in=offices, status=Authorisation.Status.GIVEN).count(),
        "returned": _returned(cases, now),
        "changes": by_day(changed[:MAX_CHANGES]),
        "changes_shown": min(MAX_CHANGES, len(changed)),
        "changes_counted": len(changed),
        "drafts": [with_parts(draft, user) for draft in drafts],
        "drafts_counted": drafts_counted,
        "ready": _not_begun(live),
        **_table(request, cases.filter(listed), counts["listed"], now),
    }
    return render(request, "transactions/office.html", context)


@login_required
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """All that has changed since yesterday."""
    page = page_of(
        request, Changes(require_office_member(request), current_user(request), timezone.now()), CHANGES_A_PAGE
    )
    return render(request, "transactions/office_changes.html", {"page": page, "changes": by_day(page)})


def _office_summary(office: EngineeringOffice, now: datetime) -> dict[str, Any]:
    """An office and how its licence stands."""
    return {"office": office, "licence": licence_tag((office.licence_expires_on - timezone.localdate(now)).days)}


def _counts(cases: TransactionQuerySet, now: datetime) -> dict[str, int]:
    """Of the open ones: their number does not grow with the archive."""
    return cases.open().aggregate(
        open=Count("pk", filter=SHOWN["open"]),
        returned=Count("pk", filter=SHOWN["returned"]),
        unpaid=Count("pk", filter=SHOWN["unpaid"]),
        late=Count("pk", filter=overdue(now)),
    )


def _returned(cases: TransactionQuerySet, now: datetime) -> list[dict[str, Any]]:
    """What waits for the office, longest first, with the number of points asked."""
    asked = Deficiency.objects.open().filter(transaction=OuterRef("pk")).values("transaction")
    points = Subquery(asked.annotate(many=Count("pk")).values("many"))
    rows = cases.for_pages().filter(status=Status.RETURNED).annotate(points=points).order_by("paused_at", "pk")
    return with_progress(rows[:MAX_TO_APPROVE], now)


def _not_begun(live: QuerySet[Authorisation]) -> list[Authorisation]:
    """Owners who authorised the office and for whom nothing is begun, newest first."""
    begun = Exists(Draft.objects.filter(authorisation=OuterRef("pk")))
    filed = Exists(Transaction.objects.filter(authorisation=OuterRef("pk")))
    return list(live.exclude(begun | filed).select_related("owner").order_by("-answered_at", "-pk")[:MAX_TO_APPROVE])


def _listed(request: HttpRequest, now: datetime) -> Q:
    """Which cases the table lists: by their state, or by what was looked for among them."""
    show, query = _shown(request), _looked_for(request)
    listed = overdue(now) if show == "late" else SHOWN[show]
    if not query:
        return listed
    return listed & search.search_cases(query)


def _shown(request: HttpRequest) -> str:
    show = request.GET.get("show", "")
    return show if show in (*SHOWN, "late") else "open"


def _looked_for(request: HttpRequest) -> str:
    return one_line(request.GET.get("q", ""))[:80]


def _table(request: HttpRequest, listed: TransactionQuerySet, count: int, now: datetime) -> dict[str, Any]:
    """All cases, a hundred a page, by what was chosen to show."""
    asked = request.GET.get("order", "")
    order = asked if asked in ORDERS else "due"
    rows = listed.for_pages().order_by(*ORDERS[order])
    page = page_of(request, rows, CASES_A_PAGE, count)
    return {
        "page": page,
        "rows": [{"case": case, "progress": progress_of(case, now)} for case in page],
        "show": _shown(request),
        "order": order,
        "q": _looked_for(request),
        "tabs": _tabs(),
        "orders": [
            ("due", _("Due first")),
            ("newest", _("Newest first")),
            ("oldest", _("Oldest first")),
            ("owner", _("Owner")),
        ],
        "stopped": CLOCK_STOPPED,
    }


def _tabs() -> list[tuple[str, str]]:
    return [
        ("open", _("Open")),
        ("late", _("Late")),
        ("returned", _("Returned")),
        ("unpaid", _("To be paid")),
        ("closed", pgettext("several cases", "Closed")),
        ("all", _("All")),
    ]
