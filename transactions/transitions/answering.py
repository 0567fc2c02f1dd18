"""What the answer to a return may change, and what is wrong with it. Called by transitions.moves under the lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.text import prose

from ..answers.plots import plot_problems
from ..answers.revision import Revised, all_names, revise, with_dependants
from ..domain.documents import message_missing, message_too_many
from ..domain.errors import Invalid, Problem
from ..domain.text_length import validate_text_length
from ..models import Attachment, Deficiency, Transaction


@dataclass(frozen=True)
class AnswersSent:
    """What is sent: words by deficiency, new answers by question, keys of files that new ones are in the place of."""

    words: Mapping[int, str]
    changes: Mapping[str, Any]
    replaced: Collection[str]


def opened_by(case: Transaction, waiting: Iterable[Deficiency]) -> frozenset[str]:
    """The questions and documents that these deficiencies open."""
    return with_dependants(case.service_type, {name for item in waiting for name in item.names})


def revise_for_answer(case: Transaction, names: Collection[str], changes: Mapping[str, Any], now: datetime) -> Revised:
    """The next version of the answers; its problems include a plot that nobody authorised."""
    result = revise(case.service_type, case.answers, changes, names, timezone.localdate(now))
    if case.authorisation is None:
        return result
    moved = [problem for problem in plot_problems(case.authorisation, result.values) if problem.path in result.changed]
    return Revised(result.values, (*result.problems, *moved), result.opened, result.changed)


def check_answers(
    case: Transaction, waiting: Sequence[Deficiency], sent: AnswersSent, now: datetime
) -> tuple[Revised, list[Attachment]]:
    """The new version and the files put aside; Invalid names everything that is wrong. Words are put on `waiting`."""
    if strangers := set(sent.words) - {item.pk for item in waiting}:
        raise Invalid([Problem(f"answers.{min(strangers)}", _("This was not asked for."), "unknown")])
    result = revise_for_answer(case, opened_by(case, waiting), sent.changes, now)
    in_force = list(case.attachments.in_force())
    put_aside = [file for file in in_force if str(file.key) in set(map(str, sent.replaced))]
    problems = list(result.problems)
    if {str(key) for key in sent.replaced} - {str(file.key) for file in put_aside if file.document in result.opened}:
        problems.append(Problem("replaced", _("This file is not open for change."), "not_open"))
    for item in waiting:
        item.answer, item.answered_at = prose(sent.words.get(item.pk, "")), now
        problems += validate_text_length(f"answers.{item.pk}", item.answer)
        if not (item.answer or unsent_files_of(item) or _is_answered(case, item, result.changed, put_aside)):
            words = _("Answer this in words, change the answers it is about, or attach the document.")
            problems.append(Problem(f"answers.{item.pk}", words, "required"))
    problems += _document_problems(case, waiting, result, in_force, put_aside)
    if problems:
        raise Invalid(problems)
    return result, put_aside


def unsent_files_of(item: Deficiency) -> list[Attachment]:
    """The files attached to an answer that is not sent yet."""
    return [file for file in item.attachments.all() if file.removed_at is None]


def _is_answered(
    case: Transaction, item: Deficiency, changed: Collection[str], put_aside: Iterable[Attachment]
) -> bool:
    """Was something changed that this deficiency opened? One that opened none is answered in words or by a file."""
    names = with_dependants(case.service_type, item.names)
    return not names.isdisjoint({*changed, *(file.document for file in put_aside)})


def _document_problems(
    case: Transaction,
    waiting: Iterable[Deficiency],
    result: Revised,
    in_force: Sequence[Attachment],
    put_aside: Collection[Attachment],
) -> list[Problem]:
    """Of what was opened, and of what only the new answers ask for: too few files, or too many beside the others."""
    service = case.service_type
    before = {document.code for document in service.documents_for(case.answers)}
    fresh = [file for item in waiting for file in unsent_files_of(item)]
    problems = []
    for document in service.documents_for(result.values):
        if document.code not in result.opened and document.code in before:
            continue
        had = sum(file.document == document.code for file in in_force)
        new = sum(file.document == document.code for file in fresh)
        have = had + new - sum(file.document == document.code for file in put_aside)
        path = _problem_path(case, waiting, document.code)
        if have < document.least and (have < had or document.code not in before):
            problems.append(Problem(path, message_missing(document), "document_missing"))
        elif have > document.most and new:
            words = _("%(too_many)s Say which of the earlier files the new ones replace.")
            problems.append(Problem(path, words % {"too_many": message_too_many(document)}, "too_many_documents"))
    return problems


def _problem_path(case: Transaction, waiting: Iterable[Deficiency], document: str) -> str:
    """Where a problem with a document is mended: at the first deficiency that opened it."""
    opening = (item for item in waiting if document in with_dependants(case.service_type, item.names))
    item = next(opening, None)
    return f"answers.{item.pk}" if item else f"documents.{document}"


def revise_by_correction(case: Transaction, changes: Mapping[str, Any], now: datetime) -> Revised:
    """The next version by a correction on record, which opens every question; Invalid when it is wrong or no change.

    Documents are not asked for: whoever corrects cannot give them. The case page says which the new answers ask for.
    """
    result = revise_for_answer(case, all_names(case.service_type), changes, now)
    if result.problems:
        raise Invalid(result.problems)
    if not result.changed:
        raise Invalid([Problem("changes", _("Nothing differs from what is already in the case."), "no_change")])
    return result
