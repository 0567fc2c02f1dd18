"""What an applicant may do against a decision or a delay: object, complain, take a withdrawal back, apply again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, prefetch_related_objects
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
from ..models import Attachment, Objection, PaperContent, Transaction
from ..papers import papers
from ..text import two_languages
from ..transitions import complaints, objections, resuming
from ..transitions.objections import Right
from .common import hidden_is_404
from .desk import frame
from .form_recovery import typed_before
from .gone import hidden_gives_words_back

# An event of one of these tells that there is a row to read.
MADE = frozenset({MoveName.OBJECT, MoveName.COMPLAIN})
WITH_LETTER = frozenset({ObjectionOutcome.UPHELD, ObjectionOutcome.DISMISSED})


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
    files: Sequence[Attachment] = ()
    letter: PaperContent | None = None

    @property
    def file_keys(self) -> list[UUID]:
        return [file.key for file in self.files]

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
    rows = read_made(case) if MADE.intersection(moves) else []
    right = objections.right_of(case, rows, now)
    mine = access.acts_for_applicant(user, case)
    resumes = access.may_make_move(user, case, MoveName.RESUME)
    return Rights(
        made=[made_in_words(row, case, now) for row in reversed(rows)],
        right=right if mine else None,
        may_object=objections.may_object(user, case, right),
        may_complain=complaints.may_complain(user, case, rows, now),
        may_resume=resumes and resuming.hindrance_of(case, now) is None,
        resume_until=resuming.resume_until(case, now) if resumes else None,
        may_apply_again=applying_again.may_apply_again(user, case),
    )


def read_made(case: Transaction) -> list[Objection]:
    """Objections and complaints of a request with what pages tell of each, the oldest first; their documents and the
    letters on their outcome are asked for only where there are some.
    """
    rows = list(case.objections.for_reading())
    # By the request, which has an index; the column that names the objection needs none.
    files = Prefetch("files", case.attachments.filter(removed_at=None).order_by("pk"))
    prefetch_related_objects([row for row in rows if row.event.facts.get("files")], files)
    if decided := [row for row in rows if row.outcome in WITH_LETTER]:
        letters = papers.letters_on_objections(case)
        for row in decided:
            row.letter = letters.get(row.decision_id)
    return rows


def made_in_words(row: Objection, case: Transaction, now: datetime) -> Made:
    """One objection or complaint in the reader's language; no query when it was read by `read_made`."""
    return Made(
        row=row,
        what=str(ObjectionKind(row.kind).label),
        text=row.event.reason,
        due=objections.due_of(row, case, now) if row.decision_id is None else None,
        late=objections.is_late(row, case, now),
        outcome=str(ObjectionOutcome(row.outcome).label) if row.outcome else "",
        reasons=two_languages.reason_of(row.decision)
        if row.decision and row.outcome != ObjectionOutcome.LAPSED
        else "",
        files=list(row.files.all()) if row.event.facts.get("files") else (),
        letter=row.letter,
    )


@login_required
@hidden_gives_words_back
@require_GET_or_POST
def complain(request: HttpRequest, reference: str) -> HttpResponse:
    """Complain that a request is late: what follows, the box, the button."""
    user = current_user(request)
    case = applicants_case(user, reference)
    problems: tuple[Problem, ...] = ()
    typed = typed_before(request) or request.POST
    if request.method == "POST":
        version = parse_int(request.POST.get("version", ""))
        try:
            complaints.complain(case, by=user, reason=request.POST.get("reason", ""), version=version)
        except Invalid as error:
            problems = error.problems
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("transactions:request", reference=case.reference)
        else:
            messages.success(request, _("Your complaint is recorded. The answer will be here, and you are notified."))
            return redirect("transactions:request", reference=case.reference)
    rows, now = list(case.objections.for_reading()), timezone.now()
    if not complaints.may_complain(user, case, rows, now):
        messages.info(request, _why_no_complaint(user, case, rows))
        return redirect("transactions:request", reference=case.reference)
    context = {"case": case, "move": BY_NAME[MoveName.COMPLAIN], "problems": problems}
    context |= {"reason": typed.get("reason", "")}
    return render(request, "transactions/complaint.html", context, status=422 if problems else 200)


def applicants_case(user: User, reference: str) -> Transaction:
    """A request whose applicant this person is or acts for; Http404 for staff, NotVisible for others."""
    case = access.get_transaction(user, reference)
    if not access.acts_for_applicant(user, case):
        raise Http404
    return case


def is_barred(user: User, case: Transaction, move: MoveName) -> bool:
    """Does the paper by which somebody acts keep them from a move that is open to the owner?"""
    return case.status in BY_NAME[move].sources and not access.may_make_move(user, case, move)


def barred_in_words() -> str:
    """That a delegate's paper does not allow what they came for."""
    return _("The document by which you act for its owner does not allow this.")


def _why_no_complaint(user: User, case: Transaction, rows: list[Objection]) -> str:
    """Why the page of a complaint is not open now, to whoever came by its address."""
    if is_barred(user, case, MoveName.COMPLAIN):
        return barred_in_words()
    if complaints.waits_for_answer(rows):
        return _("Your complaint is recorded and waiting for its answer.")
    return _("This request is not late: its due date has not passed.")


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
