"""Answers to a return while they are written: kept as typed, seen by nobody else, sent by moves.answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.forms.concurrency import is_stale, same
from core.forms.versioned import saved_meanwhile

from ..answers.summary import answer_in_words
from ..domain.errors import DomainError, Invalid, Overtaken, Problem
from ..domain.text_length import validate_text_length
from ..domain.workflow import Status
from ..models import AnswersInProgress, CounterVisit, Deficiency, Transaction
from ..visits import permissions as visits


@transaction.atomic
def save_answers_in_progress(
    case: Transaction,
    typed: Mapping[int, str],
    *,
    by: User,
    changes: Mapping[str, Any] | None = None,
    replaced: Collection[str] = (),
    seen: str = "",
    visit: CounterVisit | None = None,
    now: datetime | None = None,
) -> None:
    """Keep what is being written in answer to a return; nothing is sent, nobody else sees it yet. Words by deficiency,
    `changes` by question as typed, right or wrong, `replaced` the keys of files to be put aside.

    Invalid, and nothing is kept, when words are too long; Overtaken when `seen`, the fingerprint of
    `read_answers_in_progress` when the page was opened, is not that of now, and what was saved since differs.
    """
    locked = Transaction.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.status != Status.RETURNED or not visits.answers_for_applicant(by, case, visit, now):
        raise DomainError("not_waiting_for_you", _("This request is not waiting for an answer now."))
    if problems := [problem for pk, text in typed.items() for problem in validate_text_length(f"answers.{pk}", text)]:
        raise Invalid(problems)
    _refuse_if_answers_overtaken(locked, typed, changes or {}, seen)
    for item in locked.deficiencies.open().filter(pk__in=typed):
        if item.answer != typed[item.pk]:
            item.answer = typed[item.pk]
            item.save(update_fields=["answer"])
    if changes is not None:
        values = {"answers": dict(changes), "replaced": list(replaced), "updated_at": now or timezone.now()}
        AnswersInProgress.objects.update_or_create(transaction=locked, defaults=values)


def read_answers_in_progress(
    case: Transaction, asked: Iterable[Deficiency] | None = None, saved: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is written in answer to a return so far: words by deficiency (as a string), answers by question. `asked`
    are the open deficiencies and `saved` the answers, where they were read already.
    """
    if saved is None:
        saved = AnswersInProgress.objects.filter(transaction=case).values_list("answers", flat=True).first()
    asked = case.deficiencies.open() if asked is None else asked
    words = {str(item.pk): item.answer for item in asked if item.answer}
    return {"words": words, "answers": saved or {}}


def _refuse_if_answers_overtaken(
    case: Transaction, words: Mapping[int, str], changes: Mapping[str, Any], seen: str
) -> None:
    stored = read_answers_in_progress(case)
    if not is_stale(seen, stored):
        return
    problems = [
        Problem(f"answers.{pk}", saved_meanwhile(stored["words"].get(str(pk), "—")), "overtaken")
        for pk, text in words.items()
        if not same(stored["words"].get(str(pk)), text)
    ]
    before = {**case.answers, **stored["answers"]}
    for spec in case.service_type.fields():
        if spec.name in changes and not same(before.get(spec.name), changes[spec.name]):
            message = saved_meanwhile(answer_in_words(spec, before.get(spec.name)))
            problems.append(Problem(spec.name, message, "overtaken", spec.label))
    if problems:
        raise Overtaken(problems)
