"""What an applicant may do against a decision or a delay: object, complain, take a withdrawal back, apply again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.models import User
from core.http import post_only, require_GET_or_POST
from core.text import isolated, parse_int

from .. import access
from ..attachments import applying_again
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.objections import ObjectionKind, ObjectionOutcome
from ..domain.workflow import BY_NAME, MoveName
from ..models import Objection, Transaction
from ..transitions import objections, resuming
from ..transitions.objections import Right
from .common import hidden_is_404
from .desk import frame
from .form_recovery import typed_before
from .gone import hidden_gives_words_back

# An event of one of these tells that there is a row to read.
MADE = frozenset({MoveName.OBJECT, MoveName.COMPLAIN})


@dataclass(frozen=True)
class Made:
    """An objection or complaint as people read it. `due` is None while an incident holds the period open."""

    row: Objection
    what: str
    text: str
    due: datetime | None
    late: bool
    outcome: str
    reasons: str

    @property
    def who(self) -> str:
        """Who decides or answers, by name where a complaint was addressed to somebody."""
        office, to = self.row.office.name, self.row.addressed_to
        if to is None:
            return _("A supervisor at %(office)s") % {"office": office}
        words = {"name": isolated(to.full_name), "office": office}
        if self.row.is_central:
            return _("%(name)s, supervisor at %(office)s, the next level") % words
        return _("%(name)s, supervisor at %(office)s") % words


@dataclass(frozen=True)
class Rights:
    """What can be done about a request now, and what was done before; `right` also when its period has passed."""

    made: list[Made]
    right: Right | None
    may_object: bool
    may_complain: bool
    may_resume: bool
    resume_until: datetime | None
    may_apply_again: bool

    @property
    def over(self) -> str:
        """That the period has passed, in words; nothing while it has not, or where somebody objected."""
        return objections.over_in_words(self.right) if self.right and self.right.over and not self.right.used else ""

    @property
    def any(self) -> bool:
        offered = self.may_object or self.may_complain or self.may_resume or self.may_apply_again
        return bool(self.made or offered or self.over)


def rights_of(case: Transaction, user: User, moves: Iterable[str]) -> Rights:
    """The rights of whoever reads a request; `moves` are those of its events, so that most requests cost no query."""
    now = timezone.now()
    rows = list(case.objections.for_reading()) if MADE.intersection(moves) else []
    right = objections.right_of(case, rows, now)
    mine = access.acts_for_applicant(user, case)
    resumes = access.may_make_move(user, case, MoveName.RESUME)
    return Rights(
        made=[made_in_words(row, case, now) for row in reversed(rows)],
        right=right if mine else None,
        may_object=objections.may_object(user, case, right),
        may_complain=objections.may_complain(user, case, rows, now),
        may_resume=resumes and resuming.hindrance_of(case, now) is None,
        resume_until=resuming.resume_until(case, now) if resumes else None,
        may_apply_again=applying_again.may_apply_again(user, case),
    )


def made_in_words(row: Objection, case: Transaction, now: datetime) -> Made:
    """One objection or complaint in the reader's language; no query when it was read `for_reading`."""
    return Made(
        row=row,
        what=str(ObjectionKind(row.kind).label),
        text=row.event.reason,
        due=objections.due_of(row, case, now) if row.decision_id is None else None,
        late=objections.is_late(row, case, now),
        outcome=str(ObjectionOutcome(row.outcome).label) if row.outcome else "",
        reasons=row.decision.reason if row.decision and row.outcome != ObjectionOutcome.LAPSED else "",
    )


def _page(
    move: MoveName, act: Callable[..., Transaction], template: str, done: Callable[[], str]
) -> Callable[..., Any]:
    """The page of a move that takes a reason: what follows, the box, the button."""

    @login_required
    @hidden_gives_words_back
    @require_GET_or_POST
    def view(request: HttpRequest, reference: str) -> HttpResponse:
        user = current_user(request)
        case = access.get_transaction(user, reference)
        if not access.acts_for_applicant(user, case):
            raise Http404
        problems: tuple[Problem, ...] = ()
        typed = typed_before(request) or request.POST
        if request.method == "POST":
            try:
                act(
                    case,
                    by=user,
                    reason=request.POST.get("reason", ""),
                    version=parse_int(request.POST.get("version", "")),
                )
            except Invalid as error:
                problems = error.problems
            except DomainError as error:
                messages.error(request, error.message)
                return redirect("transactions:request", reference=case.reference)
            else:
                messages.success(request, done())
                return redirect("transactions:request", reference=case.reference)
        rows = list(case.objections.for_reading())
        now = timezone.now()
        context = {
            "case": case,
            "move": BY_NAME[move],
            "right": objections.right_of(case, rows, now),
            "may": _may(move, user, case, rows, now),
            "problems": problems,
            "reason": typed.get("reason", ""),
        }
        if not context["may"]:
            messages.info(request, _why_not(move, user, case, rows, now))
            return redirect("transactions:request", reference=case.reference)
        return render(request, template, context, status=422 if problems else 200)

    return view


def _may(move: MoveName, user: User, case: Transaction, rows: list[Objection], now: datetime) -> bool:
    if move is MoveName.OBJECT:
        return objections.may_object(user, case, objections.right_of(case, rows, now))
    return objections.may_complain(user, case, rows, now)


def _why_not(move: MoveName, user: User, case: Transaction, rows: list[Objection], now: datetime) -> str:
    """Why the page of a move is not open now, to whoever came by its address."""
    if case.status in BY_NAME[move].sources and not access.may_make_move(user, case, move):
        return _("The document by which you act for its owner does not allow this.")
    if move is MoveName.COMPLAIN:
        if objections.waits_for_answer(rows):
            return _("Your complaint is recorded and waiting for its answer.")
        return _("This request is not late: its due date has not passed.")
    right = objections.right_of(case, rows, now)
    if right is None:
        return _("There is nothing on this request to object to.")
    if right.used:
        return _("You have already objected to this. It is recorded once.")
    return objections.over_in_words(right)


submit_objection = _page(
    MoveName.OBJECT,
    objections.submit_objection,
    "transactions/objection.html",
    lambda: _("Your objection is recorded. The decision and its reasons will be here, and you are notified."),
)
complain = _page(
    MoveName.COMPLAIN,
    objections.complain,
    "transactions/complaint.html",
    lambda: _("Your complaint is recorded. The answer will be here, and you are notified."),
)


@login_required
@hidden_is_404
@post_only("transactions:requests")
def resume(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a withdrawal back."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    try:
        resuming.resume(case, by=user, version=parse_int(request.POST.get("version", "")))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The withdrawal is taken back. The request goes on under the same number."))
    return redirect("transactions:request", reference=case.reference)


@login_required
@hidden_is_404
@post_only("transactions:requests")
def apply_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin a new request with the answers and files of this one."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    try:
        begun = applying_again.apply_again(case, by=user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("transactions:request", reference=case.reference)
    messages.success(
        request, _("This is a new request with the answers and files of the earlier one. Check each part.")
    )
    for sentence in begun.left_out:
        messages.warning(request, sentence)
    return redirect("transactions:draft", key=begun.draft.key)


@login_required
@hidden_is_404
@require_safe
def objection_letter(request: HttpRequest, reference: str, number: str) -> HttpResponse:
    """The letter of a decision on an objection, ready to print: what was objected to, the outcome, the reasons."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    rows = case.objections.for_reading().exclude(decision=None).exclude(outcome=ObjectionOutcome.LAPSED)
    row = rows.filter(pk=parse_int(number, max_digits=9) or 0).first()
    if row is None:
        raise Http404
    context = {
        "case": case,
        "made": made_in_words(row, case, timezone.now()),
        "goes_on": row.outcome == ObjectionOutcome.UPHELD and row.kind != ObjectionKind.FEE,
        "facts": row.decision.facts if row.decision else {},
    }
    return render(request, "transactions/objection_letter.html", context | frame(request, case))
