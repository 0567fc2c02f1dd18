"""The supervisor's page: load, what is late, handing files over, arrivals against decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.db.models.functions import Least, TruncDate
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import posts_of, signed_in
from accounts.models import Role, StaffPost, User
from municipality.models import Office

from .. import access
from ..errors import DomainError
from ..models import Transaction
from ..services import moves
from ..workflow import OPEN, STUDY, Status
from .site import staff_site

WEEKS = 8
CHART_WIDTH, CHART_HEIGHT = 640, 160


def _my_offices(request: HttpRequest) -> list[Office]:
    offices = [post.office for post in posts_of(signed_in(request)) if post.role == Role.SUPERVISOR]
    if not offices:
        raise Http404
    return offices


def supervision(request: HttpRequest) -> HttpResponse:
    offices, now = _my_offices(request), timezone.now()
    held = Transaction.objects.filter(held_by__in=offices, status__in=OPEN)
    late = Count("pk", filter=Q(stage_due_at__lt=now) | Q(due_at__lt=now))
    context = staff_site.each_context(request) | {
        "title": _("Supervision"),
        "now": now,
        "offices": held.values("held_by__name_ar", "held_by__name_en").annotate(open=Count("pk"), late=late),
        "people": held.exclude(assignee=None)
        .values("assignee__full_name")
        .annotate(open=Count("pk"), late=late, oldest=Min("submitted_at"))
        .order_by("-late", "-open"),
        "free": held.filter(assignee=None, status__in=STUDY).count(),
        "late": held.filter(Q(stage_due_at__lt=now) | Q(due_at__lt=now))
        .for_pages()
        .annotate(was_due=Least("stage_due_at", "due_at"))
        .order_by("was_due")[:60],
        "colleagues": _colleagues(offices, now),
        "chart": chart(offices, timezone.localdate(now)),
    }
    return render(request, "staff/supervision.html", context)


def _colleagues(offices: list[Office], now: datetime) -> list[User]:
    posts = StaffPost.objects.current(timezone.localdate(now)).filter(office__in=offices, role=Role.REVIEWER)
    return list({post.user_id: post.user for post in posts.select_related("user")}.values())


@dataclass(frozen=True)
class Week:
    """One week of the picture, with the bars' geometry in the picture's own units."""

    first_day: date
    arrived: int
    decided: int
    x: int
    arrived_y: int
    arrived_height: int
    decided_y: int
    decided_height: int


def chart(offices: list[Office], today: date) -> dict[str, Any]:
    """Arrivals against decisions by week (Sunday first), oldest first; two queries."""
    this_week = today - timedelta(days=(today.weekday() + 1) % 7)
    first = this_week - timedelta(weeks=WEEKS - 1)
    cases = Transaction.objects.filter(branch__in=offices)
    arrived = _by_week(cases.filter(submitted_at__date__gte=first), "submitted_at", first)
    decided = _by_week(cases.filter(approved_at__date__gte=first), "approved_at", first)
    top = max(1, *arrived, *decided)
    step = CHART_WIDTH // WEEKS

    def height(count: int) -> int:
        return round(count * (CHART_HEIGHT - 20) / top)

    weeks = [
        Week(
            first + timedelta(weeks=n),
            arrived[n],
            decided[n],
            n * step + 8,
            CHART_HEIGHT - height(arrived[n]),
            height(arrived[n]),
            CHART_HEIGHT - height(decided[n]),
            height(decided[n]),
        )
        for n in range(WEEKS)
    ]
    return {"weeks": weeks, "width": CHART_WIDTH, "height": CHART_HEIGHT, "bar": step // 2 - 8}


def _by_week(cases: Any, field: str, first: date) -> list[int]:
    counts = [0] * WEEKS
    for day, count in cases.annotate(day=TruncDate(field)).values_list("day").annotate(Count("pk")):
        index = (day - first).days // 7
        if 0 <= index < WEEKS:
            counts[index] += count
    return counts


@require_POST
def reassign(request: HttpRequest) -> HttpResponse:
    """Hand several files to one colleague: first a look at what will happen, then each through its own move."""
    offices = _my_offices(request)
    references = request.POST.getlist("case")
    cases = list(
        access.at_work(signed_in(request))
        .filter(reference__in=references, held_by__in=offices, status__in=[*STUDY, Status.AWAITING_SUPERVISOR])
        .for_pages()
    )
    to = request.POST.get("to", "")
    colleague = next((person for person in _colleagues(offices, timezone.now()) if str(person.pk) == to), None)
    if not cases or colleague is None:
        messages.error(request, _("Choose files and a colleague."))
        return redirect("staff:supervision")
    if "confirm" not in request.POST:
        context = staff_site.each_context(request) | {"title": _("Reassign"), "cases": cases, "colleague": colleague}
        return render(request, "staff/reassign.html", context)
    done = 0
    for case in cases:
        try:
            moves.reassign(case, to=colleague, by=signed_in(request))
            done += 1
        except DomainError as error:
            messages.error(request, f"{case.reference}: {error.message}")
    said = ngettext("%(done)d file handed to %(name)s.", "%(done)d files handed to %(name)s.", done)
    messages.success(request, said % {"done": done, "name": colleague.full_name})
    return redirect("staff:supervision")
