"""Objecting to a refusal, a return or a fee: the words, and documents that are kept as soon as they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import current_user
from accounts.models import User
from core.http import require_GET_or_POST
from core.text import parse_int

from ..attachments import objections as attachments
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.workflow import BY_NAME, MoveName
from ..models import Transaction
from ..transitions import objections
from ..transitions.objection_files import asked_of
from .common import hidden_is_404
from .documents import remove_pressed
from .form_recovery import typed_before
from .gone import hidden_gives_words_back
from .receiving import answer_or_problems, receive
from .rights import applicants_case, barred_in_words, is_barred, read_made

FILES = "files"


@login_required
@hidden_gives_words_back
@require_GET_or_POST
def submit_objection(request: HttpRequest, reference: str) -> HttpResponse:
    """What follows, the box, the documents, the button. Documents sent before it are kept, also when it is refused."""
    user = current_user(request)
    case = applicants_case(user, reference)
    if request.method == "GET":
        return _page(request, case, user)
    if "remove" in request.POST:
        remove_pressed(request, attachments.pending_files(case, user))
    problems = _keep_chosen(request, case, user)
    if problems or "remove" in request.POST or "attach" in request.POST:
        return _page(request, case, user, problems)
    try:
        objections.submit_objection(
            case,
            by=user,
            reason=request.POST.get("reason", ""),
            files=[file.key for file in attachments.pending_files(case, user)],
            version=parse_int(request.POST.get("version", "")),
        )
    except Invalid as error:
        return _page(request, case, user, error.problems)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        words = _("Your objection is recorded. The decision and its reasons will be here, and you are notified.")
        messages.success(request, words)
    return redirect("transactions:request", reference=case.reference)


def _keep_chosen(request: HttpRequest, case: Transaction, user: User) -> list[Problem]:
    """Keep the documents of a form that was sent whole; returns what is wrong with some."""
    problems: list[Problem] = []
    for upload in request.FILES.getlist(FILES):
        try:
            attachments.attach_to_objection(case, upload, by=user)
        except Invalid as error:
            problems += [Problem(FILES, problem.message, problem.code) for problem in error.problems]
        except DomainError as error:
            problems.append(Problem(FILES, error.message, error.code))
    return problems


def _page(request: HttpRequest, case: Transaction, user: User, problems: Sequence[Problem] = ()) -> HttpResponse:
    """The page while one may object; else the request, with a word about why not."""
    right = objections.right_of(case, read_made(case), timezone.now())
    if right is None or not objections.may_object(user, case, right):
        messages.info(request, _why_not(user, case, right))
        return redirect("transactions:request", reference=case.reference)
    typed = typed_before(request) or request.POST
    context = {
        "case": case,
        "move": BY_NAME[MoveName.OBJECT],
        "right": right,
        "document": asked_of(case),
        "files": list(attachments.pending_files(case, user)),
        "problems": problems,
        "wrong_reason": [problem for problem in problems if problem.path == "reason"],
        "wrong_files": [problem for problem in problems if problem.path == FILES],
        "reason": typed.get("reason", ""),
    }
    return render(request, "transactions/objection.html", context, status=422 if problems else 200)


def _why_not(user: User, case: Transaction, right: objections.Right | None) -> str:
    """Why the page is not open now, to whoever came by its address."""
    if is_barred(user, case, MoveName.OBJECT):
        return barred_in_words()
    if right is None:
        return _("There is nothing on this request to object to.")
    if right.used:
        return _("You have already objected to this. It is recorded once.")
    return objections.over_in_words(right)


@hidden_is_404
@require_POST
def add_objection_file(request: HttpRequest, reference: str) -> HttpResponse:
    """One document, whole or in pieces, sent by upload-progress.js; the answer is what the page shows."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    user = current_user(request)
    case = applicants_case(user, reference)
    pending = attachments.pending_files(case, user)

    def take() -> int | None:
        attach = partial(attachments.attach_to_objection, case, by=user)
        return receive(request, asked_of(case), f"objection/{case.pk}", pending, attach)

    problems = answer_or_problems(take, FILES)
    if isinstance(problems, HttpResponse):
        return problems
    context = {"files": list(pending.all()), "problems": problems}
    return render(request, "transactions/answer_files.html", context, status=422 if problems else 200)
