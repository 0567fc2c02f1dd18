"""The supervisor's page: load, what is late and why, arrivals against decisions, handing files over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import current_user, staff_posts_of
from accounts.models import Role, StaffPost, User
from core.charts import Chart, Series
from core.text import parse_int
from municipality.models import Office

from .. import access
from ..domain.deadlines import Deadline, overdue
from ..domain.errors import DomainError
from ..domain.workflow import IN_HAND, OPEN
from ..models import Event, Transaction, TransactionQuerySet
from ..models.history import IS_DECISION
from ..queues import WORKERS, unassigned
from ..selectors.statistics import arrivals_at, count_by_week, week_start
from ..text.deadline_status import CAUSES, TAKEABLE, Cause, deadline_statuses, explain_lateness
from ..transitions import moves
from ..views.common import page_of
from .site import staff_site
from .ways import here

WEEKS = 8
ROWS = 40
SHOWS = {
    "late": gettext_lazy("Late"),
    "stage_late": gettext_lazy("Late in this stage"),
    "free": gettext_lazy("Not assigned"),
    "all": gettext_lazy("All that can be handed over"),
    "everything": gettext_lazy("All open cases"),
}
LATE = ("late", "stage_late")


def _my_offices(request: HttpRequest) -> list[Office]:
    offices = {
        post.office_id: post.office for post in staff_posts_of(current_user(request)) if post.role == Role.SUPERVISOR
    }
    if not offices:
        raise Http404
    return list(offices.values())


@require_GET
def supervision(request: HttpRequest) -> HttpResponse:
    offices, now = _my_offices(request), timezone.now()
    held = Transaction.objects.filter(held_by__in=offices, status__in=OPEN)
    workers, nobodys = _workers(offices, now), unassigned(timezone.localdate(now))
    figures = _figures(held, nobodys, now)
    loads = _people(workers, held, now)
    show, person = request.GET.get("show", ""), request.GET.get("person", "")
    if show not in SHOWS:
        show = "late"
    files = {
        "late": held.overdue(now),
        "stage_late": held.overdue(now, Deadline.STAGE),
        "free": held.filter(nobodys, status__in=TAKEABLE),
        "all": held.filter(status__in=TAKEABLE),
        "everything": held,
    }[show]
    if (assignee := parse_int(person)) is not None:
        files = files.filter(assignee=assignee)
    order = Deadline.STAGE if show == "stage_late" else Deadline.WHOLE
    page = page_of(request, files.order_by(order.value, "pk").for_pages(), ROWS)
    context: dict[str, Any] = staff_site.each_context(request) | {
        **here(request),
        "title": _("Supervision"),
        "figures": figures,
        "causes": [(label, figures[cause.value]) for cause, label in CAUSES.items() if figures[cause.value]],
        "offices": _offices(offices, held, now),
        "people": loads,
        "workers": workers,
        "show": show,
        "says_why": show in LATE,
        "shows": SHOWS.items(),
        "person": person,
        "page": page,
        "rows": [
            (
                case,
                deadline_statuses(case, now),
                explain_lateness(case, now) if show in LATE else "",
                case.status in TAKEABLE,
            )
            for case in page
        ],
        "chart": chart(offices, timezone.localdate(now)),
    }
    return render(request, "staff/supervision.html", context)


def _figures(held: TransactionQuerySet, nobodys: Q, now: datetime) -> dict[str, int]:
    """Open, late, free, and the late ones by cause (deadline_status.cause_of_lateness, in SQL); one query."""
    nobody = Q(assignee=None, status__in=TAKEABLE)
    late, stage_late = overdue(now), overdue(now, Deadline.STAGE)
    return held.aggregate(
        open=Count("pk"),
        **_late(now),
        free=Count("pk", filter=nobodys & Q(status__in=TAKEABLE)),
        waiting=Count("pk", filter=~Q(status__in=IN_HAND)),
        **{
            Cause.NOBODY.value: Count("pk", filter=late & nobody),
            Cause.STAGE.value: Count("pk", filter=late & ~nobody & stage_late),
            Cause.EARLIER.value: Count("pk", filter=late & ~nobody & ~stage_late),
        },
    )


def _late(now: datetime) -> dict[str, Count]:
    return {
        "late": Count("pk", filter=overdue(now)),
        "stage_late": Count("pk", filter=overdue(now, Deadline.STAGE)),
    }


NONE = {"open": 0, "late": 0, "stage_late": 0}


def _offices(offices: list[Office], held: TransactionQuerySet, now: datetime) -> list[dict[str, Any]]:
    counted = held.order_by().values("held_by").annotate(open=Count("pk"), **_late(now))
    by_office = {row["held_by"]: row for row in counted}
    return [{"office": office, **NONE} | by_office.get(office.pk, {}) for office in offices]


def _workers(offices: list[Office], now: datetime) -> list[StaffPost]:
    """Those who work stages in these offices today, one line a person."""
    posts = StaffPost.objects.current(timezone.localdate(now)).filter(office__in=offices, role__in=WORKERS)
    workers = posts.filter(user__is_active=True).select_related("user", "office").order_by("user__full_name", "pk")
    return list({post.user_id: post for post in workers}.values())


def _people(workers: list[StaffPost], held: TransactionQuerySet, now: datetime) -> list[dict[str, Any]]:
    """Load per person, the heaviest first; whoever has nothing is there too, and whoever left and still has files."""
    counted = (
        held.exclude(assignee=None)
        .order_by()
        .values("assignee")
        .annotate(open=Count("pk"), oldest=Min("submitted_at"), **_late(now))
    )
    by_person = {row["assignee"]: row for row in counted}
    works = {post.user_id: post for post in workers}
    former = User.objects.in_bulk(set(by_person) - set(works)) if set(by_person) - set(works) else {}
    people = [post.user for post in workers] + list(former.values())
    rows = [{"user": user, "post": works.get(user.pk), **NONE} | by_person.get(user.pk, {}) for user in people]
    return sorted(rows, key=lambda row: (-row["late"], -row["open"]))


def chart(offices: list[Office], today: date) -> Chart:
    """Arrivals against decisions by week (Sunday first), oldest first."""
    first = week_start(today) - timedelta(weeks=WEEKS - 1)
    received = count_by_week(arrivals_at([office.code for office in offices]), "at", first, WEEKS)
    decided = count_by_week(Event.objects.filter(IS_DECISION, office__in=offices), "at", first, WEEKS)
    return Chart(
        title=_("Cases arriving and decided, by week"),
        label_head=_("Week from"),
        labels=[first + timedelta(weeks=n) for n in range(WEEKS)],
        series=(
            Series(_("Arrived"), received),
            Series(_("Decided"), decided),
        ),
    )


@require_http_methods(["GET", "POST"])
def reassign(request: HttpRequest) -> HttpResponse:
    """Hand several files to one colleague: GET is a look at what will happen, POST makes each go by its own move."""
    offices, now = _my_offices(request), timezone.now()
    chosen = request.POST if request.method == "POST" else request.GET
    asked = access.cases_of_staff(current_user(request)).filter(
        reference__in=chosen.getlist("case"), held_by__in=offices
    )
    cases = list(asked.for_pages().order_by("stage_due_at", "pk"))
    to = chosen.get("to", "")
    post = next((post for post in _workers(offices, now) if str(post.user_id) == to), None)
    if not cases or post is None:
        messages.error(request, _("Choose cases and a colleague."))
        return redirect("staff:supervision")
    if request.method == "POST":
        _hand_over(request, cases, post.user)
        return redirect("staff:supervision")
    going, staying = _split(cases, post.user, current_user(request))
    has = Transaction.objects.filter(assignee=post.user, status__in=OPEN).count()
    context = staff_site.each_context(request) | {
        "title": _("Reassign"),
        "colleague": post.user,
        "post": post,
        "going": [(case, deadline_statuses(case, now)) for case in going],
        "staying": staying,
        "has": has,
        "will_have": has + len(going),
    }
    return render(request, "staff/reassign.html", context)


def _split(cases: list[Transaction], to: User, by: User) -> tuple[list[Transaction], list[tuple[Transaction, str]]]:
    """Which would go, and why the others would not."""
    roles = {(post.office_id, post.role) for post in access.case_posts(to)}
    going, staying = [], []
    access.load_duties_done(cases)
    for case in cases:
        if case.assignee_id == to.pk:
            staying.append((case, _("It is already assigned to them.")))
        elif not access.may_make_move(by, case, "reassign"):
            message = _("A case that is “%(status)s” cannot be handed over.")
            staying.append((case, message % {"status": case.get_status_display()}))
        elif (case.held_by_id, case.current_stage.role) not in roles:
            message = _("The stage “%(stage)s” is for: %(role)s.")
            role = Role(case.current_stage.role).label
            staying.append((case, message % {"stage": case.current_stage.title, "role": role}))
        elif access.acts_for_applicant(to, case):
            staying.append((case, _("It is this colleague's own request, or one they act for.")))
        elif not access.may_be_assigned(to, case, case.current_stage.role):
            staying.append((case, _("This colleague has acted on the case in a role that this stage checks.")))
        else:
            going.append(case)
    return going, staying


def _hand_over(request: HttpRequest, cases: list[Transaction], to: User) -> None:
    """Each through its own move, as it was when it was looked at; what cannot go, or was not looked at, is named."""
    done = 0
    for case in cases:
        version = parse_int(request.POST.get(f"version-{case.reference}", "")) or 0
        try:
            moves.reassign(case, to=to, by=current_user(request), version=version)
            done += 1
        except DomainError as error:
            messages.error(request, f"\u2068{case.reference}\u2069: {error.message}")
    if done:
        message = ngettext("%(done)d case handed over to %(name)s.", "%(done)d cases handed over to %(name)s.", done)
        messages.success(request, message % {"done": done, "name": to.full_name})
