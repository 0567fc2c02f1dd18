"""Answering a return: each thing asked beside its answer, the questions it opens, the documents it is about.

One page with two frames (Window): the applicant's own, and the counter's for a clerk to whom they came (admin/visits).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import current_user
from accounts.models import User
from core.forms.concurrency import FIELD, fingerprint
from core.http import require_GET_or_POST
from core.text import parse_int
from municipality.services import list_districts

from .. import access
from ..answers.corners import with_files
from ..answers.revision import Revised, with_dependants
from ..attachments import services as attachments
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.service_types import Document, Group, Kind, ServiceType, Step
from ..intake import answers_in_progress
from ..intake.answer_forms import FieldsPart, GroupPart, step_page, typed_in
from ..intake.draft_parts import flags_of
from ..models import AnswersInProgress, Attachment, CounterVisit, Deficiency, Transaction
from ..text.deficiency_words import describe_deficiency as asked_in_words
from ..transitions import answering, moves
from .documents import files_of, remove_pressed
from .form_recovery import typed_before
from .gone import hidden_gives_words_back

# Each question on the page says so in a hidden box of this name: one that was not shown is not taken for emptied.
OPENED = "opened"


@dataclass
class Writing:
    """What is written in answer to a return, as typed. `rows` counts those shown of each group; `untouched` is True
    while nothing was saved yet; `saved` when `changes` were just read as they are saved.
    """

    words: dict[int, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    only_rows: bool = False
    untouched: bool = False
    saved: bool = False


@dataclass(frozen=True)
class Slot:
    """A document one may attach here: the files given for it now, and those of before that they may take the place of
    (file, put aside?); `photographs` names it for the button that leads to a page for several, if it takes any.
    """

    document: Document
    input_name: str
    files: list[Attachment]
    before: list[tuple[Attachment, bool]]
    upload: str
    photographs: str


@dataclass(frozen=True)
class AnswerPage:
    """From where a return is answered. `url` is the page, `upload` the name of the address that takes its files,
    `photographs` that of the page which makes one PDF of several, `back` where one is led who cannot or need not go on
    here, `sent` where one is led once it is sent, `message` then.
    """

    user: User
    case: Transaction
    template: str
    url: str
    upload: str
    photographs: str
    back: str
    sent: str
    message: str
    visit: CounterVisit | None = None
    context: dict[str, Any] = field(default_factory=dict)


@login_required
@hidden_gives_words_back
@require_GET_or_POST
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """What is written is kept, right or wrong; the whole is sent once."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    page = reverse("transactions:request", args=[case.reference])
    window = AnswerPage(
        user=user,
        case=case,
        template="transactions/answer.html",
        url=reverse("transactions:answer", args=[case.reference]),
        upload="transactions:add_answer_file",
        photographs="transactions:answer_photographs",
        back=page,
        sent=page,
        message=_("Your answers are with the reviewer. The clock has resumed."),
    )
    return show_or_send(request, window)


def show_or_send(request: HttpRequest, window: AnswerPage) -> HttpResponse:
    """The page with what was written on it so far; or what a press on it leads to."""
    case = window.case
    if not access.may_make_move(window.user, case, "answer", visit=window.visit):
        messages.info(request, _("This request is not waiting for an answer now."))
        return redirect(window.back)
    posted = typed_before(request) or (with_files(request) if request.method == "POST" else None)
    if posted is None:
        return _page(request, window, _read_saved(case), [])
    asked = list(case.deficiencies.open())
    problems: list[Problem] = []
    writing = _read(case, posted, asked)
    try:
        answers_in_progress.save_answers_in_progress(
            case,
            writing.words,
            by=window.user,
            changes=writing.changes,
            replaced=writing.replaced,
            seen=posted.get(FIELD, ""),
            visit=window.visit,
        )
        files = Attachment.objects.filter(deficiency__in=asked, removed_at=None)
        remove_pressed(request, files, visit=window.visit)
        problems = _attach_chosen(request, asked, window)
        if request.method == "POST" and not problems and not writing.only_rows:
            return _send_or_save(request, window, writing)
    except Invalid as error:
        problems = list(error.problems)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(window.back)
    return _page(request, window, writing, problems)


def _read(case: Transaction, posted: QueryDict, asked: Iterable[Deficiency]) -> Writing:
    """What a form holds of the questions that were on it."""
    shown = set(posted.getlist(OPENED))
    specs = tuple(spec for spec in case.service_type.fields() if spec.name in shown)
    changes, rows, only_rows = typed_in(Step("answers", "", specs), posted)
    words = {item.pk: posted.get(f"answer-{item.pk}", "") for item in asked}
    return Writing(words, changes, posted.getlist("replaced"), rows, only_rows)


def _read_saved(case: Transaction) -> Writing:
    """What was written before and not sent yet."""
    saved = AnswersInProgress.objects.filter(transaction=case).first()
    if saved is None:
        return Writing(untouched=True, saved=True)
    return Writing(changes=saved.answers, replaced=saved.replaced, saved=True)


def _attach_chosen(request: HttpRequest, asked: list[Deficiency], window: AnswerPage) -> list[Problem]:
    """Attach the files of a form that was sent whole."""
    problems: list[Problem] = []
    for item in asked:
        for number, document in enumerate(attachments.documents_asked(item)):
            for upload in request.FILES.getlist(_input_name(item, document, first=not number)):
                try:
                    attachments.attach_to_deficiency(
                        item, upload, document=document.code, by=window.user, visit=window.visit
                    )
                except Invalid as error:
                    problems += [Problem(f"answers.{item.pk}", p.message, p.code) for p in error.problems]
    return problems


def _input_name(item: Deficiency, document: Document, *, first: bool) -> str:
    return f"file-{item.pk}" if first else f"file-{item.pk}-{document.code}"


def _send_or_save(request: HttpRequest, window: AnswerPage, writing: Writing) -> HttpResponse:
    """Send the answers, or only keep them, by the button that was pressed."""
    if "remove" in request.POST:
        return redirect(window.url)
    if "attach" in request.POST:
        messages.success(request, _("Saved. Nothing is sent until you press “Send the answers”."))
        return redirect(window.url)
    if "photographs" in request.POST:
        return redirect(_photographs_of(window, request.POST["photographs"]))
    if "later" in request.POST:
        messages.success(request, _("Saved. You can come back at any time; the clock is paused."))
        return redirect(window.back)
    moves.answer(
        window.case,
        answers=writing.words,
        changes=writing.changes,
        replaced=_really_replaced(window.case, writing.replaced),
        by=window.user,
        visit=window.visit,
    )
    messages.success(request, window.message)
    return redirect(window.sent)


def _photographs_of(window: AnswerPage, pressed: str) -> str:
    """Where photographs of the document go whose button was pressed (thing asked/document)."""
    asked, _slash, code = pressed.partition("/")
    pk = parse_int(asked, max_digits=9)
    if pk is None:
        return window.url
    return f"{reverse(window.photographs, args=[window.case.reference, pk])}?{urlencode({'document': code})}"


def _really_replaced(case: Transaction, keys: Iterable[str]) -> list[str]:
    """Of the files ticked those for which something new is here: a tick alone takes nothing away."""
    fresh = case.attachments.filter(deficiency__in=case.deficiencies.open(), removed_at=None)
    documents = set(fresh.values_list("document", flat=True))
    return [
        str(file.key)
        for file in case.attachments.in_force()
        if str(file.key) in set(keys) and file.document in documents
    ]


def _page(request: HttpRequest, window: AnswerPage, writing: Writing, problems: Sequence[Problem]) -> HttpResponse:
    case = window.case
    asked = list(case.deficiencies.open().prefetch_related("attachments", "places__attachment"))
    stored = answers_in_progress.read_answers_in_progress(case, asked, writing.changes if writing.saved else None)
    now = timezone.now()
    result = answering.revise_for_answer(case, answering.opened_by(case, asked), writing.changes, now)
    page = _Page(window, result, writing, problems)
    rows = [page.row(item, number) for number, item in enumerate(asked)]
    rest = page.questions(result.opened)
    shown = [part for row in rows for part in row["parts"]] + rest
    context = window.context | {
        "case": case,
        "service": case.service_type,
        "url": window.url,
        "rows": rows,
        "rest": rest,
        "problems": problems,
        "version": fingerprint(stored),
        "flags": flags_of(case.service_type, result.values) if not result.problems else (),
        "opened": [name for part in shown for name in _names(part)],
        "districts": list_districts() if any(_asks_district(part) for part in shown) else (),
        "adds_up": any(isinstance(part, GroupPart) and part.total for part in shown),
    }
    return render(request, window.template, context, status=422 if problems else 200)


def _names(part: FieldsPart | GroupPart) -> list[str]:
    return [part.group.name] if isinstance(part, GroupPart) else list(part.form.fields)


def _asks_district(part: FieldsPart | GroupPart) -> bool:
    return isinstance(part, FieldsPart) and any(
        getattr(bound, "kind", "") == Kind.DISTRICT for bound in part.form.fields.values()
    )


class _Page:
    """The parts of the page; each question stands once, at the first thing asked that opens it."""

    def __init__(self, window: AnswerPage, result: Revised, writing: Writing, problems: Sequence[Problem]) -> None:
        self.window, self.result, self.writing, self.problems = window, result, writing, problems
        case = window.case
        self.service: ServiceType = case.service_type
        self.raw = {**case.answers, **{k: v for k, v in writing.changes.items() if k in result.opened}}
        self.placed: set[str] = set()
        self.in_force = list(case.attachments.in_force())
        self.asked_for = {document.code for document in self.service.documents_for(result.values)}

    def questions(self, names: Iterable[str]) -> list[FieldsPart | GroupPart]:
        """Those of these questions that stand nowhere yet."""
        specs = tuple(spec for spec in self.service.fields() if spec.name in set(names) - self.placed)
        specs = tuple(spec for spec in specs if not isinstance(spec, Group) or spec.when is None or spec.when(self.raw))
        self.placed |= {spec.name for spec in specs}
        parts = step_page(Step("answers", "", specs), self.raw, self.raw, self.problems, self.writing.rows)
        return [part for part in parts if isinstance(part, GroupPart) or part.form.fields]

    def row(self, item: Deficiency, number: int) -> dict[str, Any]:
        names = with_dependants(self.service, item.names)
        return {
            "item": item,
            "words": self.writing.words.get(item.pk, item.answer),
            "sentence": asked_in_words(item, self.service),
            "about": " · ".join(str(self.service.label_of(name)) for name in item.names),
            "error_id": f"error-{item.pk}",
            "parts": self.questions(names & self.result.opened),
            "slots": self.slots(item),
            "problems": [problem for problem in self.problems if problem.path == f"answers.{item.pk}"],
        }

    def slots(self, item: Deficiency) -> list[Slot]:
        """A document that the answers do not ask for is left out, unless it is what the return is about."""
        url = reverse(self.window.upload, args=[self.window.case.reference, item.pk])
        slots = []
        for number, document in enumerate(attachments.documents_asked(item)):
            if number and document.code not in self.asked_for:
                continue
            first = document.code not in self.placed
            self.placed.add(document.code)
            before = [file for file in self.in_force if first and file.document == document.code]
            chosen = [(file, str(file.key) in self.writing.replaced or self._alone(before)) for file in before]
            name = _input_name(item, document, first=not number)
            upload = f"{url}?document={document.code}"
            photographed = f"{item.pk}/{document.code}" if document.takes_photographed_pages else ""
            slots.append(Slot(document, name, files_of(item, document.code), chosen, upload, photographed))
        return slots

    def _alone(self, before: list[Attachment]) -> bool:
        """The only file of a document is what a new one replaces, unless its writer has said otherwise."""
        return len(before) == 1 and self.writing.untouched
