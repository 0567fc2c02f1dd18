"""Many cases at once: one page says what would become of each, then how far it is, then what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act, Role, StaffPost, User
from core.http import post_only
from core.text import parse_int
from municipality.models import Office

from .. import access
from ..attachments.stored import open_intact
from ..domain.errors import DomainError
from ..models import BulkItem, BulkJob, Transaction, TransactionQuerySet
from ..queues import WORKERS
from ..signed_papers import batches
from ..text import two_languages
from ..transitions import bulk, printing
from ..transitions.bulk import BULK_MOVES
from ..views.common import harden, hidden_is_404, page_of
from .site import staff_site
from .ways import WayBack, read_way, way_back

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ROWS = 100
# Not offered where no colleague can be chosen.
NEED_A_COLLEAGUE = frozenset(name for name, move in BULK_MOVES.items() if move.to_colleague)


def context(user: User, workers: list[StaffPost] | None = None) -> dict[str, Any]:
    """For a list whose rows can be chosen: what may be done with them, and to whom a supervisor may hand them, where
    the page knows those already.
    """
    offered = bulk.moves_offered(user)
    hands_out = any(BULK_MOVES[move.name].to_colleague for move in offered)
    colleagues = (colleagues_of(user) if workers is None else workers) if hands_out else []
    return {"bulk_moves": actions_offered(user), "bulk_colleagues": colleagues}


def actions_offered(user: User) -> list[tuple[str, StrOrPromise]]:
    """What this person may do with many cases: moves, then what is printed; names and words."""
    if not access.case_posts(user):
        return []
    moves = [(str(move.name), move.label) for move in bulk.moves_offered(user)]
    return moves + [(name, action.label) for name, action in printing.ACTIONS.items() if action.of_cases]


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
    lines, now = len(job.lines or ()), timezone.now()
    goes = lines or many[state.WAITING] + many[state.DONE] + many[state.REFUSED] + many[state.CANCELLED]
    rows = job.items.select_related("transaction__applicant", "transaction__assignee", "to")
    looked_at = job.state == BulkJob.State.LOOKED_AT
    stays = (state.CANNOT,) if looked_at else (state.CANNOT, state.REFUSED, state.CANCELLED)
    given = rows.filter(state__in=stays[:2]).order_by().values_list("words", "message")
    reasons = Counter(two_languages.in_readers_language(words, message) for words, message in given)
    undone = job.undone_by.exclude(state=BulkJob.State.LOOKED_AT).exists()
    finished = job.state in (BulkJob.State.DONE, BulkJob.State.CANCELLED)
    page = page_of(request, rows.exclude(state__in=stays), ROWS, goes if looked_at else None)
    return {
        "theirs": _still_theirs(job, page),
        "title": bulk.described(job.move).label,
        "job": job,
        "move": bulk.described(job.move),
        "prints": job.move in printing.ACTIONS,
        "has_file": job.has_file(now),
        "file_gone": bool(job.kept_until) and not job.has_file(now),
        "lines": lines,
        "looked_at": looked_at,
        "running": job.state == BulkJob.State.RUNNING,
        "finished": finished,
        "stamp": stamp,
        "goes": goes,
        "handled": goes - (many[state.WAITING] if job.lines is None else lines * (not finished)),
        "counts": {name.value: many[name] for name in state},
        "stay": rows.filter(state__in=stays)[:ROWS] if any(many[name] for name in stays) else [],
        "staying": sum(many[name] for name in stays),
        "reasons": reasons.most_common(10),
        "page": page,
        "back": read_way(job.back),
        "may_undo": finished and bool(bulk.inverse_of(job.move)) and bool(many[state.DONE]) and not undone,
        "load": _load_after(job, many[state.WAITING]) if looked_at and job.to else None,
    }


def _still_theirs(job: BulkJob, items: Iterable[BulkItem]) -> set[int]:
    """Of these, the cases whoever asked may still see: of the others the page says the number, and no more."""
    cases = [item.transaction for item in items]
    return {case.pk for case in cases if access.works_on(job.by, case)}


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


@hidden_is_404
@require_GET
def file(request: HttpRequest, key: str) -> HttpResponseBase:
    """The file an action made, for whoever asked for it, while it is kept and they may still see all that is in it. It
    is on record who took which.
    """
    user = current_user(request)
    job = bulk.get_job(user, key)
    if not job.has_file(timezone.now()):
        raise Http404
    batches.refuse_unless_still_theirs(job)
    content = open_intact(job)
    if content is None:
        messages.error(request, _("The file cannot be read just now. Make it again."))
        return redirect("staff:bulk", key=job.key)
    many = len(job.lines) if job.lines is not None else job.items.filter(state=BulkItem.State.DONE).count()
    access_log.record(Act.EXPORT, by=user, subject=f"{job.move} {job.key}"[:200], why=f"pdf, {many} rows")
    name = f"{job.move.replace('_', '-')}-{timezone.localtime(job.made_at):%Y%m%d-%H%M}.pdf"
    return harden(FileResponse(content, as_attachment=True, filename=name, content_type="application/pdf"))


def from_changelist(request: HttpRequest, rows: TransactionQuerySet, action: str) -> HttpResponse:
    """Rows of "All cases" were ticked, or all of its filter: as `look`."""
    back = read_way(request.get_full_path())
    chosen = rows.for_pages()[: bulk.MAX_CASES + 1]
    try:
        job = bulk.look(list(chosen), action, by=current_user(request), back=back.url)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back.url)
    return redirect("staff:bulk", key=job.key)
