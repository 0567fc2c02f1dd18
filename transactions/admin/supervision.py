"""The supervisor's page: load, what is late and why, arrivals against decisions, handing files over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import current_user
from accounts.models import Role, StaffPost, User
from core.charts import Chart, Series
from core.text import parse_int
from municipality.models import Office

from .. import access
from ..domain import service_types
from ..domain.deadlines import Deadline, overdue
from ..domain.errors import DomainError
from ..domain.workflow import OPEN
from ..models import Event, Transaction, TransactionQuerySet
from ..models.history import IS_DECISION
from ..queues import WORKERS
from ..selectors.case_lists import (
    AGE_BANDS,
    SUPERVISION_SHOWS,
    CaseList,
    Place,
    age_condition,
    read_list,
    supervised_offices,
    supervision_shows,
)
from ..selectors.statistics import arrivals_at, count_by_week, week_start
from ..text.deadline_status import CAUSES, TAKEABLE, Cause, deadline_statuses, explain_lateness
from ..transitions import moves
from ..views.common import page_of
from . import case_table, saved_filters
from .queue import count_each
from .site import staff_site
from .ways import here

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WEEKS = 8
# What the page begins with: the filter each figure leads to, and its words.
TILES = {
    "everything": gettext_lazy("open cases"),
    "late": gettext_lazy("of which late"),
    "stage_late": gettext_lazy("late in their stage"),
    "free": gettext_lazy("free to be taken"),
    "answered": gettext_lazy("with new answers"),
    "waiting": gettext_lazy("waiting for the applicant"),
}
ROWS = 40
LATE = ("late", "stage_late", *(f"late_{cause}" for cause in Cause))


def _my_offices(request: HttpRequest) -> list[Office]:
    if not (offices := supervised_offices(current_user(request))):
        raise Http404
    return offices


@require_GET
def supervision(request: HttpRequest) -> HttpResponse:
    """Figures of the offices this person oversees; each is the way to its files."""
    user, now = current_user(request), timezone.now()
    listed = read_list(Place.SUPERVISION, request.GET, user, now)
    if listed is None:
        raise Http404
    offices, show = listed.offices, listed.show
    held = Transaction.objects.filter(held_by__in=offices, status__in=OPEN)
    workers, figures = _workers(offices, now), _figures(held, now)
    loads = _people(workers, held, now)
    page = page_of(request, listed.rows.for_pages(), ROWS)
    rows = [
        (
            case,
            deadline_statuses(case, now),
            explain_lateness(case, now) if show in LATE else "",
            case.status in TAKEABLE,
        )
        for case in page
    ]
    context: dict[str, Any] = staff_site.each_context(request) | {
        **here(request),
        "title": _("Supervision"),
        "figures": figures,
        "tiles": [(label, name, figures[name]) for name, label in TILES.items()],
        "causes": [
            (label, f"late_{cause}", figures[f"late_{cause}"])
            for cause, label in CAUSES.items()
            if figures[f"late_{cause}"]
        ],
        "ages": [(band, _age_in_words(band), figures[f"age_{band}"]) for band in AGE_BANDS],
        "offices": _offices(offices, held, now),
        "people": loads,
        "workers": workers,
        "show": show,
        "says_why": show in LATE,
        "shows": [(name, label, figures[name]) for name, label in SUPERVISION_SHOWS.items()],
        "person": request.GET.get("person", ""),
        "narrowed": _narrowing(request, listed, loads),
        "page": page,
        "rows": rows,
        "lines": [case_table.Line(case, case_table.one_date(case, due, show), why) for case, due, why, _may in rows],
        "headings": case_table.headings(listed, request),
        "chart": chart(offices, timezone.localdate(now)),
        **saved_filters.context(request, user, Place.SUPERVISION),
    }
    return render(request, "staff/supervision.html", context)


def _narrowing(request: HttpRequest, listed: CaseList, loads: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """By what the list is narrowed beside its tab, in words; each with the address without it."""
    words = {
        "person": next((row["user"].full_name for row in loads if row["user"].pk == listed.person), ""),
        "office": next((office.name for office in listed.offices if office.code == request.GET.get("office")), ""),
        "age": _age_in_words(request.GET.get("age", "")),
        "service": str(service.title) if (service := service_types.find(listed.service)) else "",
        "q": listed.text,
    }
    links = []
    for name, word in words.items():
        if word:
            asked = request.GET.copy()
            asked.pop("page", None)
            asked.pop(name)
            links.append((word, f"?{asked.urlencode()}#files"))
    return links


def _age_in_words(band: str) -> str:
    if band not in AGE_BANDS:
        return ""
    least, most = AGE_BANDS[band]
    if most is None:
        return _("%(least)d days and more") % {"least": least}
    return _("%(least)d to %(most)d days") % {"least": least, "most": most - 1}


def _figures(held: TransactionQuerySet, now: datetime) -> dict[str, int]:
    """How many each filter shows, and each band of age; one query."""
    ages = {f"age_{band}": age_condition(band, now) for band in AGE_BANDS}
    figures = count_each(held, supervision_shows(now) | ages)
    return figures | {"open": figures["everything"]}


def _late(now: datetime) -> dict[str, Count]:
    return {
        "late": Count("pk", filter=overdue(now)),
        "stage_late": Count("pk", filter=overdue(now, Deadline.STAGE)),
    }


@dataclass(frozen=True)
class Cell:
    """A count in a table of loads, and the list it counts."""

    label: StrOrPromise
    number: int
    url: str
    late: bool


# Column of a load → the filter that shows it, and its heading.
LOAD = {
    "open": ("everything", gettext_lazy("Open")),
    "late": ("late", gettext_lazy("Late")),
    "stage_late": ("stage_late", gettext_lazy("Late in this stage")),
}


def _with_cells(row: dict[str, Any], **narrowed: object) -> dict[str, Any]:
    cells = [
        Cell(label, row[name], f"?{urlencode({'show': show} | narrowed)}#files", late=name == "late")
        for name, (show, label) in LOAD.items()
    ]
    return row | {"cells": cells}


NONE = {"open": 0, "late": 0, "stage_late": 0}


def _offices(offices: list[Office], held: TransactionQuerySet, now: datetime) -> list[dict[str, Any]]:
    counted = held.order_by().values("held_by").annotate(open=Count("pk"), **_late(now))
    by_office = {row["held_by"]: row for row in counted}
    return [
        _with_cells({"office": office, **NONE} | by_office.get(office.pk, {}), office=office.code) for office in offices
    ]


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
    rows = [
        _with_cells({"user": user, "post": works.get(user.pk), **NONE} | by_person.get(user.pk, {}), person=user.pk)
        for user in people
    ]
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
