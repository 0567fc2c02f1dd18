"""The parts of a request being written and how far each is, for the task list and for lists of drafts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..answers import cleaning as answers
from ..answers.ground import ON_FILE, ground_flags
from ..domain.errors import Problem
from ..domain.service_types import Answers, Document, Flag, ServiceType, Step
from ..models import Attachment, Draft
from .answer_forms import asks_corners

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DOCUMENTS = "documents"


class State(StrEnum):
    DONE = "done"
    BEGUN = "begun"
    TODO = "todo"


@dataclass(frozen=True)
class Part:
    """A page of the request. `code` is its step, or DOCUMENTS; `summary` is a word on how far it is, if any."""

    code: str
    title: StrOrPromise
    state: State
    summary: str = ""


@dataclass(frozen=True)
class Gap:
    """What is missing or wrong on one page, for a list that leads there."""

    code: str
    title: StrOrPromise
    problems: list[Problem]


@dataclass(frozen=True)
class DocumentStatus:
    """A document asked for: the files given, and what is wrong with it."""

    document: Document
    files: list[Attachment]
    problems: list[Problem]

    @property
    def room(self) -> int:
        return self.document.most - len(self.files)

    @property
    def complete(self) -> bool:
        return len(self.files) >= self.document.least


def document_statuses(draft: Draft, documents: Iterable[Document], problems: Iterable[Problem]) -> list[DocumentStatus]:
    """These documents of a draft. One query."""
    held: dict[str, list[Attachment]] = {}
    for file in draft.attachments.filter(removed_at=None):
        held.setdefault(file.document, []).append(file)
    wrong: dict[str, list[Problem]] = {}
    for problem in problems:
        wrong.setdefault(problem.path, []).append(problem)
    return [
        DocumentStatus(document, held.get(document.code, []), wrong.get(f"documents.{document.code}", []))
        for document in documents
    ]


def parts_of(draft: Draft) -> list[Part]:
    """Every page in order. One query, none when the attachments are prefetched."""
    seen: dict[str, Any] = {}
    parts, open_questions = [], set[str]()
    for step in draft.service_type.steps:
        cleaned = answers.clean_step(step, draft.answers, seen)
        seen.update(cleaned.values)
        open_questions |= {spec.name for spec in step.fields} - set(cleaned.values)
        parts.append(Part(step.code, step.title, _state_of(step, draft.answers, bool(cleaned.problems))))
    held = Counter(file.document for file in draft.attachments.all() if file.removed_at is None)
    asked = [document for document in draft.service_type.documents_for(seen) if document.least]
    conditions = (document.when for document in draft.service_type.documents if document.least)
    depends = any(when is not None and when.names & open_questions for when in conditions)
    return [*parts, _documents_part(asked, held, depends)]


def _state_of(step: Step, raw: Answers, wrong: bool) -> State:
    if not wrong:
        return State.DONE
    return State.BEGUN if any(raw.get(spec.name) not in (None, "", False, []) for spec in step.fields) else State.TODO


def _documents_part(asked: list[Document], held: Counter[str], depends: bool) -> Part:
    """`depends`: an answer that is still to come may ask for more, so no number in all is named yet."""
    given = sum(1 for document in asked if held[document.code] >= document.least)
    state = State.DONE if given == len(asked) else State.BEGUN if held else State.TODO
    if depends:
        waits = State.BEGUN if held else State.TODO
        return Part(DOCUMENTS, gettext_lazy("Documents"), waits, _("How many depends on your answers"))
    text = ngettext("%(given)d of %(all)d document", "%(given)d of %(all)d documents", len(asked))
    return Part(DOCUMENTS, gettext_lazy("Documents"), state, text % {"given": given, "all": len(asked)})


def flags_of(service: ServiceType, raw: Answers) -> list[Flag]:
    """What the reviewer will ask about, of what is answered rightly so far; of a request taken long ago, of what its
    questions still take for an answer. It stops nobody.
    """
    values = answers.clean_answers(service, raw, timezone.localdate()).values
    return [*service.flag(values), *ground_flags(service, values)]


def flags_on(step: Step, flags: Sequence[Flag]) -> list[Flag]:
    """Those of them that are about a question of this page; where its corners are, also what they contradict."""
    names = {spec.name for spec in step.fields}
    here = [flag for flag in flags if flag.path.split(".")[0] in names]
    if asks_corners(step):
        here += [replace(flag, path="") for flag in flags if flag.rule_set is ON_FILE and flag.path not in names]
    return here


def gaps_of(service: ServiceType, problems: Iterable[Problem]) -> list[Gap]:
    """The problems of a whole request by the page where each is mended, in the order of the pages."""
    page_of = {spec.name: step.code for step in service.steps for spec in step.fields}
    titles: dict[str, StrOrPromise] = {step.code: step.title for step in service.steps} | {DOCUMENTS: _("Documents")}
    problems_by_part: dict[str, list[Problem]] = {code: [] for code in titles}
    for problem in problems:
        problems_by_part[page_of.get(problem.path.split(".")[0], DOCUMENTS)].append(problem)
    return [Gap(code, titles[code], mine) for code, mine in problems_by_part.items() if mine]
