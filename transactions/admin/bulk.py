"""Many cases at once: one page says what would become of each, then how far it is, then what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import current_user
from accounts.models import Role, StaffPost, User
from core.http import post_only
from core.text import parse_int
from municipality.models import Office

from .. import access
from ..domain.errors import DomainError
from ..domain.workflow import BY_NAME
from ..models import BulkItem, BulkJob, Transaction, TransactionQuerySet
from ..queues import WORKERS
from ..transitions import bulk
from ..transitions.bulk import BULK_MOVES
from ..views.common import hidden_is_404, page_of
from .site import staff_site
from .ways import WayBack, read_way, way_back

ROWS = 100
PAGE, FILTER = "page", "filter"


def context(user: User, workers: list[StaffPost] | None = None) -> dict[str, Any]:
    """For a list whose rows can be chosen: what may be done with them, and to whom a supervisor may hand them, where
    the page knows those already.
    """
    offered = bulk.moves_offered(user)
    hands_out = any(BULK_MOVES[move.name].to_colleague for move in offered)
    colleagues = (colleagues_of(user) if workers is None else workers) if hands_out else []
    return {"bulk_moves": offered, "bulk_colleagues": colleagues}


def colleagues_of(user: User) -> list[StaffPost]:
    """Those who work stages in the offices this person oversees, one line a person."""
    offices: list[Office] = [post.office for post in access.case_posts(user) if post.role == Role.SUPERVISOR]
    posts = StaffPost.objects.current(timezone.localdate()).filter(office__in=offices, role__in=WORKERS)
    workers = posts.filter(user__is_active=True).select_related("user", "office").order_by("user__full_name", "pk")
    return list({post.user_id: post for post in workers}.values())


@post_only("staff:index")
def look(request: HttpRequest) -> HttpResponse:
    """Rows of a list were chosen, or all of its filter: write down what would become of each, and show that."""
    user, back, now = current_user(request), way_back(request), timezone.now()
    whole = "everything" in request.POST
    to = _colleague(request, user)
    try:
        job = bulk.look(
            list(_chosen(request, user, back, whole)),
            request.POST.get("move", ""),
            by=user,
            to=to,
            back=back.url,
            now=now,
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back.url)
    return redirect("staff:bulk", key=job.key)


def _chosen(request: HttpRequest, user: User, back: WayBack, whole: bool) -> TransactionQuerySet:
    """In the order of the list; one more than may be, so that too many are noticed."""
    listed = back.case_list(user, timezone.now())
    order = listed.order.expressions if listed else ("-submitted_at", "pk")
    if whole and listed:
        return listed.rows.for_pages()[: bulk.MAX_CASES + 1]
    chosen = access.cases_of_staff(user).filter(reference__in=request.POST.getlist("case"))
    return chosen.for_pages().order_by(*order)[: bulk.MAX_CASES + 1]


def _colleague(request: HttpRequest, user: User) -> User | None:
    to = parse_int(request.POST.get("to", ""))
    return next((post.user for post in colleagues_of(user) if post.user_id == to), None) if to else None


@hidden_is_404
@require_GET
def show(request: HttpRequest, key: str) -> HttpResponse:
    """Before it begins, while it goes on, and afterwards. The part that changes is asked for alone (`seen`)."""
    job = bulk.get_job(current_user(request), key)
    counts = Counter(job.items.order_by().values_list("state", flat=True))
    stamp = f"{job.state}-{counts[BulkItem.State.WAITING]}"
    if request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    return render(request, "staff/bulk.html", staff_site.each_context(request) | _context(request, job, counts, stamp))


def _context(request: HttpRequest, job: BulkJob, counts: Counter[str], stamp: str) -> dict[str, Any]:
    state, many = BulkItem.State, counts
    goes = many[state.WAITING] + many[state.DONE] + many[state.REFUSED] + many[state.CANCELLED]
    rows = job.items.select_related("transaction__applicant", "transaction__assignee", "to")
    looked_at = job.state == BulkJob.State.LOOKED_AT
    stays = (state.CANNOT,) if looked_at else (state.CANNOT, state.REFUSED, state.CANCELLED)
    reasons = Counter(rows.filter(state__in=stays[:2]).order_by().values_list("message", flat=True))
    undone = job.undone_by.exclude(state=BulkJob.State.LOOKED_AT).exists()
    finished = job.state in (BulkJob.State.DONE, BulkJob.State.CANCELLED)
    return {
        "title": BY_NAME[job.move].label,
        "job": job,
        "move": BY_NAME[job.move],
        "looked_at": looked_at,
        "running": job.state == BulkJob.State.RUNNING,
        "finished": finished,
        "stamp": stamp,
        "goes": goes,
        "handled": goes - many[state.WAITING],
        "counts": {name.value: many[name] for name in state},
        "stay": rows.filter(state__in=stays)[:ROWS] if any(many[name] for name in stays) else [],
        "staying": sum(many[name] for name in stays),
        "reasons": reasons.most_common(10),
        "page": page_of(request, rows.exclude(state__in=stays), ROWS, goes if looked_at else None),
        "back": read_way(job.back),
        "may_undo": finished and bool(BULK_MOVES[job.move].inverse) and bool(many[state.DONE]) and not undone,
        "load": _load_after(job, many[state.WAITING]) if looked_at and job.to else None,
    }


def _load_after(job: BulkJob, more: int) -> dict[str, int]:
    """How many files the colleague has, and will have."""
    has = Transaction.objects.open().filter(assignee=job.to).count()
    return {"has": has, "will_have": has + more}


def pressed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A press on the page of a job: whoever comes by GET, as after signing in anew, is led to its buttons."""

    @wraps(view)
    def wrapped(request: HttpRequest, key: str) -> HttpResponse:
        if request.method != "POST":
            return redirect("staff:bulk", key=key)
        return view(request, key)

    return require_http_methods(["GET", "HEAD", "POST"])(wrapped)


@hidden_is_404
@pressed
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Begin. Pressed twice it begins once."""
    job = bulk.get_job(current_user(request), key)
    bulk.start(job)
    return redirect("staff:bulk", key=job.key)


@hidden_is_404
@pressed
def cancel(request: HttpRequest, key: str) -> HttpResponse:
    """Stop; what is done stays done."""
    job = bulk.get_job(current_user(request), key)
    looked_at = job.state == BulkJob.State.LOOKED_AT
    bulk.cancel(job)
    return redirect(read_way(job.back).url if looked_at else reverse("staff:bulk", args=[job.key]))


@hidden_is_404
@pressed
def undo(request: HttpRequest, key: str) -> HttpResponse:
    """Look at what taking it back would do."""
    job = bulk.get_job(current_user(request), key)
    try:
        new = bulk.undo(job)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("staff:bulk", key=job.key)
    messages.info(request, _("This takes back what was done. Cases that have changed since are left as they are."))
    return redirect("staff:bulk", key=new.key)
