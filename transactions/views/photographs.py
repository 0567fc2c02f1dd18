"""Several photographs of one document, sent one by one or together, then put into one PDF in the order one likes.

For a request that is being written, and for what a return asks (by its applicant, or at a counter: admin/visits.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import current_user
from accounts.models import User
from core.http import require_GET_or_POST
from core.text import parse_int

from .. import access
from ..attachments import photographs
from ..attachments import services as attachments
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.limits import MAX_FILE_BYTES
from ..domain.service_types import Document, accept_of
from ..domain.workflow import MoveName
from ..intake import drafts
from ..models import Attachment, CounterVisit, Draft, Transaction
from .common import hidden_is_404
from .documents import redirect_reader, remove_pressed
from .receiving import answer_or_problems, receive

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FILES = "photographs"


@dataclass(frozen=True)
class Place:
    """What the PDF is for: `name` is how its photographs are known, `attach` adds it there, `back` is where one goes
    on, `url` the page and `upload` the address that takes photographs one by one.
    """

    name: str
    document: Document
    title: StrOrPromise
    attach: Callable[[UploadedFile[Any]], Attachment]
    url: str
    upload: str
    back: str


def _of_draft(user: User, draft: Draft, code: str) -> Place:
    document = draft.service_type.document(code)
    if document is None or not document.takes_photographed_pages:
        raise Http404
    where = {"key": draft.key, "code": code}
    # A clerk goes back to the page of the whole request.
    at_counter = draft.centre_id is not None and draft.created_by_id == user.pk
    return Place(
        f"draft/{draft.key}/{code}",
        document,
        document.label,
        partial(attachments.attach_to_draft, draft, code, by=user),
        reverse("transactions:photographs", kwargs=where),
        reverse("transactions:add_photograph", kwargs=where),
        reverse("staff:intake" if at_counter else "transactions:documents", args=[draft.key]),
    )


def of_answer(
    user: User, case: Transaction, pk: int, code: str, window: AnswerWindow, *, visit: CounterVisit | None = None
) -> Place:
    """For one document of one thing a return asks; Http404 for what is not asked, or takes no photographs."""
    item = case.deficiencies.open().filter(pk=pk).first()
    if item is None:
        raise Http404
    try:
        document = attachments.document_asked(item, code)
    except DomainError as error:
        raise Http404 from error
    if not document.takes_photographed_pages:
        raise Http404
    asked = urlencode({"document": document.code})
    return Place(
        f"answer/{item.pk}/{document.code}",
        document,
        document.label,
        partial(attachments.attach_to_deficiency, item, by=user, document=document.code, visit=visit),
        f"{reverse(window.photographs, args=[case.reference, pk])}?{asked}",
        f"{reverse(window.add_photograph, args=[case.reference, pk])}?{asked}",
        window.back,
    )


@dataclass(frozen=True)
class AnswerWindow:
    """The names of the addresses of an answer's photographs, and the page they lead back to."""

    photographs: str
    add_photograph: str
    back: str


@login_required
@hidden_is_404
@require_GET_or_POST
def in_answer(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Photographs for a document of an answer to a return, by whoever may answer it."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    if not access.may_make_move(user, case, MoveName.ANSWER):
        messages.info(request, _("This request is not waiting for an answer now."))
        return redirect("transactions:request", reference=case.reference)
    return show_page(request, _own_answer(request, case, pk))


@hidden_is_404
@require_POST
def add_to_answer(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """One of them, for the script."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    case = access.get_transaction(current_user(request), reference)
    return take_photograph(request, _own_answer(request, case, pk), case)


def _own_answer(request: HttpRequest, case: Transaction, pk: int) -> Place:
    back = reverse("transactions:answer", args=[case.reference])
    window = AnswerWindow("transactions:answer_photographs", "transactions:add_answer_photograph", back)
    return of_answer(current_user(request), case, pk, request.GET.get("document", ""), window)


def take_photograph(
    request: HttpRequest, place: Place, case: Transaction, *, visit: CounterVisit | None = None
) -> HttpResponse:
    """One photograph of an answer, whole or in pieces; the answer is what the page shows of them."""
    user = current_user(request)

    def refuse_unless_asked() -> None:
        if not access.may_make_move(user, case, MoveName.ANSWER, visit=visit):
            raise DomainError("not_waiting_for_you", _("This request is not waiting for an answer now."))

    return _take(request, place, refuse_unless_asked)


@login_required
@hidden_is_404
@require_GET_or_POST
def of_draft(request: HttpRequest, key: UUID, code: str) -> HttpResponse:
    """Photographs for one document of a request that is being written."""
    user = current_user(request)
    draft = access.get_draft(user, key)
    if reader := redirect_reader(request, draft, user):
        return reader
    return show_page(request, _of_draft(user, draft, code))


@hidden_is_404
@require_POST
def add_to_draft(request: HttpRequest, key: UUID, code: str) -> HttpResponse:
    """One photograph, whole or in pieces, sent by upload-progress.js; the answer is what the page shows of them."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    user = current_user(request)
    draft = access.get_draft(user, key)
    return _take(request, _of_draft(user, draft, code), partial(drafts.refuse_unless_writer, draft, user))


def _take(request: HttpRequest, place: Place, refuse: Callable[[], None]) -> HttpResponse:
    """`refuse` raises what is asked before the first piece, not after the last."""
    user = current_user(request)
    document = photographs.document_of(place.name)

    def take() -> int | None:
        refuse()
        attach = partial(photographs.add_photograph, place.name, by=user)
        beside = photographs.photographs_for(place.name, user)
        return receive(request, document, f"photographs/{place.name}", beside, attach)

    problems = answer_or_problems(take, FILES)
    if isinstance(problems, HttpResponse):
        return problems
    state = "transactions/photographs_state.html"
    return render(request, state, _state(place, user, problems), status=422 if problems else 200)


def show_page(request: HttpRequest, place: Place) -> HttpResponse:
    """The photographs sent so far, and what a press on their page leads to."""
    user = current_user(request)
    problems: list[Problem] = []
    if request.method == "POST":
        remove_pressed(request, photographs.photographs_for(place.name, user))
        problems = _keep(request, place, user)
        if "combine" in request.POST and not problems:
            problems = _combine(request, place, user)
            if not problems:
                return redirect(place.back)
        if not problems:
            return redirect(place.url)
    context = _state(place, user, problems) | {
        "problems": problems,
        "place": place,
        "most_bytes": MAX_FILE_BYTES,
        "accept": accept_of(photographs.TAKEN),
        "most": photographs.MAX_PHOTOGRAPHS,
    }
    return render(request, "transactions/photographs.html", context, status=422 if problems else 200)


def _state(place: Place, user: User, problems: Any) -> dict[str, Any]:
    files = list(photographs.photographs_for(place.name, user))
    return {"files": files, "room": photographs.MAX_PHOTOGRAPHS - len(files), "wrong": problems}


def _keep(request: HttpRequest, place: Place, user: User) -> list[Problem]:
    """Keep the photographs that are good; what is wrong with the others, by name."""
    problems: list[Problem] = []
    for upload in request.FILES.getlist(FILES):
        try:
            photographs.add_photograph(place.name, upload, by=user)
        except Invalid as error:
            problems += [Problem(FILES, problem.message, problem.code) for problem in error.problems]
        except DomainError as error:
            problems.append(Problem(FILES, error.message, error.code))
    return problems


def _combine(request: HttpRequest, place: Place, user: User) -> list[Problem]:
    """Put together those the page showed, in the order of the numbers typed; equal ones as they came."""
    shown = request.POST.getlist("shown") or [str(file.key) for file in photographs.photographs_for(place.name, user)]

    def number(key: str) -> int:
        typed = parse_int(request.POST.get(f"page.{key}", ""), max_digits=3)
        return len(shown) + 1 if typed is None else typed

    order = sorted(shown, key=number)
    try:
        photographs.combine(
            place.name,
            order,
            title=str(place.title),
            most_bytes=place.document.max_bytes,
            by=user,
            attach=place.attach,
        )
    except Invalid as error:
        return [Problem(FILES, problem.message, problem.code) for problem in error.problems]
    except DomainError as error:
        return [Problem(FILES, error.message, error.code)]
    messages.success(request, _("The photographs are attached as one PDF."))
    return []
