"""The documents of a request being written, and files for answers: by script one file at a time, or a whole form."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import current_user
from accounts.models import User
from core.http import require_GET_or_POST

from .. import access
from ..answers import cleaning as answers
from ..attachments import services as attachments
from ..domain.errors import DomainError, Invalid, Problem
from ..intake import drafts
from ..intake.draft_parts import DocumentStatus, document_statuses
from ..models import Attachment, CounterVisit, Deficiency, Draft, Transaction
from .common import hidden_is_404
from .receiving import answer_or_problems, receive

# Buttons that attach what is chosen and go on, and where they lead.
ONWARD = {"check": "transactions:check", "later": "transactions:draft"}


def redirect_reader(request: HttpRequest, draft: Draft, user: User) -> HttpResponse | None:
    """Whoever may read a draft and not write it is led to its page, which says whose turn it is."""
    try:
        drafts.refuse_unless_writer(draft, user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("transactions:draft", key=draft.key)
    return None


@login_required
@hidden_is_404
@require_GET_or_POST
def documents(request: HttpRequest, key: UUID) -> HttpResponse:
    """Attach the documents, several files at once if one likes; each refusal names the file and why."""
    user = current_user(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return redirect("transactions:draft", key=key)
    if reader := redirect_reader(request, draft, user):
        return reader
    problems: list[Problem] = []
    if request.method == "POST":
        # Before anything is attached: it makes the room that another file needs.
        remove_pressed(request, draft.attachments.filter(removed_at=None))
        attached, problems = attach_all(request, draft, user)
        onward = next((name for name in ONWARD if name in request.POST), None)
        if not attached and not problems and not onward and "remove" not in request.POST:
            problems.append(Problem("documents", _("Choose a file first, then press “Attach”."), "required"))
        if not problems:
            if attached:
                messages.success(request, _("Attached."))
            return redirect(ONWARD[onward] if onward else "transactions:documents", key=key)
    papers = _papers(draft, problems)
    context = {
        "draft": draft,
        "service": draft.service_type,
        "required": [paper for paper in papers if paper.document.least],
        "optional": [paper for paper in papers if not paper.document.least],
        "problems": problems,
        "pages": len(draft.service_type.steps) + 1,
        "open_optional": any(paper.files or paper.problems for paper in papers if not paper.document.least),
    }
    return render(request, "transactions/documents.html", context, status=422 if problems else 200)


def _papers(draft: Draft, problems: Iterable[Problem] = ()) -> list[DocumentStatus]:
    """Each document that the answers so far ask for."""
    seen = answers.clean_answers(draft.service_type, draft.answers, timezone.localdate()).values
    return document_statuses(draft, draft.service_type.documents_for(seen), problems)


def attach_all(request: HttpRequest, draft: Draft, user: User) -> tuple[int, list[Problem]]:
    """Keep the files of a form that are good: how many those are, and what is wrong with the others."""
    attached, problems = 0, list[Problem]()
    for code, files in request.FILES.lists():
        for upload in files:
            try:
                attachments.attach_to_draft(draft, code, upload, by=user)
                attached += 1
            except Invalid as error:
                problems += error.problems
            except DomainError as error:
                problems.append(Problem(f"documents.{code}", error.message, error.code))
    return attached, problems


@hidden_is_404
@require_POST
def add_document(request: HttpRequest, key: UUID, code: str) -> HttpResponse:
    """One file of one document, whole or in pieces, sent by upload-progress.js; the answer is what the row shows."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    user = current_user(request)
    draft = access.get_draft(user, key)
    document = draft.service_type.document(code)
    if document is None:
        raise Http404

    def take() -> int | None:
        # Before the first piece, not after the last.
        drafts.refuse_unless_writer(draft, user)
        attach = partial(attachments.attach_to_draft, draft, code, by=user)
        return receive(request, document, f"draft/{key}/{code}", draft.attachments.all(), attach)

    problems = answer_or_problems(take, f"documents.{code}")
    if isinstance(problems, HttpResponse):
        return problems
    paper = next((paper for paper in _papers(draft, problems) if paper.document == document), None)
    if paper is None:
        raise Http404
    return render(request, "transactions/document_state.html", {"paper": paper}, status=422 if problems else 200)


@hidden_is_404
@require_POST
def add_answer_file(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """One file in answer to one thing asked, as add_document."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    return take_answer_file(request, access.get_transaction(current_user(request), reference), pk)


def take_answer_file(
    request: HttpRequest, case: Transaction, pk: int, *, visit: CounterVisit | None = None
) -> HttpResponse:
    """The same for whoever may write the answer; `pk` is the thing asked."""
    item = case.deficiencies.open().filter(pk=pk).first()
    if item is None:
        raise Http404
    code = request.GET.get("document", "")

    def take() -> int | None:
        by = current_user(request)
        attach = partial(attachments.attach_to_deficiency, item, by=by, document=code, visit=visit)
        document = attachments.document_asked(item, code)
        return receive(request, document, f"answer/{pk}/{code}", item.attachments.all(), attach)

    problems = answer_or_problems(take, f"answers.{pk}")
    if isinstance(problems, HttpResponse):
        return problems
    context = {"files": files_of(item, code), "problems": problems}
    return render(request, "transactions/answer_files.html", context, status=422 if problems else 200)


def files_of(item: Deficiency, document: str = "") -> list[Attachment]:
    """The files of an answer that is being written; only those for one document when it is named."""
    files = [file for file in item.attachments.all() if file.removed_at is None]
    return [file for file in files if document in ("", file.document)]


def remove_pressed(request: HttpRequest, files: Iterable[Attachment], *, visit: CounterVisit | None = None) -> None:
    """Remove the one of these files whose button was pressed; one that is gone already needs nothing."""
    file = next((file for file in files if str(file.key) == request.POST.get("remove")), None)
    if file is None:
        return
    try:
        attachments.remove(file, by=current_user(request), visit=visit)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Removed."))
