"""What whoever studied a case advises the supervisor: to approve, also on conditions, or to refuse. Called through
`moves`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User

from ..domain.errors import Invalid
from ..models import Event, Transaction
from ..text import two_languages
from ..text.two_languages import Written
from . import checklist
from .mover import Transition, begin, finish


@transaction.atomic
def recommend(
    case: Transaction,
    *,
    by: User,
    note: str = "",
    conditions_ar: str = "",
    conditions_en: str = "",
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Pass a complete and compliant file on to the next stage. Event, and movements when the office changes.

    `conditions` are advised for the approval. DomainError `checklist_open` names what nobody has looked at yet.
    """
    transition = begin(case, "recommend", by=by, now=now, version=version, reason=note)
    write_conditions(transition, conditions_ar, conditions_en)
    checklist.refuse_while_open(transition)
    return finish(transition)


@transaction.atomic
def advise_refusal(
    case: Transaction, *, reason: Written, by: User, now: datetime | None = None, version: int | None = None
) -> Transaction:
    """Pass a file on to whoever decides, with reasons to refuse it. Event; nothing is told to the applicant."""
    return finish(begin(case, "advise_refusal", by=by, now=now, version=version, for_applicant=reason))


def write_conditions(transition: Transition, arabic: str, english: str) -> None:
    """Conditions of an approval, among the facts of its event. Invalid for a text that is too long."""
    texts, problems = two_languages.clean("conditions", {"ar": arabic, "en": english})
    if problems:
        raise Invalid(problems)
    if texts:
        transition.facts["conditions"] = texts


def latest(events: list[Event]) -> Event | None:
    """What was advised for the decision that is due; None where nothing was. The events are newest first."""
    for event in events:
        if event.move in ("recommend", "advise_refusal"):
            return event
        if event.move in ("approve", "reject", "reopen"):
            return None
    return None
