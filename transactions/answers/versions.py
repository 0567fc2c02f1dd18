"""The versions of a request's answers as pages show them: who changed what, and when, old beside new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ..domain.service_types import Document
from ..models import Attachment, Event, Transaction
from .comparison import Change, in_readers_words

MAKES_A_VERSION = ("answer", "correct")


@dataclass(frozen=True)
class ShownVersion:
    """One version. `own_words` is its reason by language; `changes` are what is different from the one before, in the
    reader's language.
    """

    number: int
    at: datetime
    how: str
    reason: str
    own_words: dict[str, str] | None
    changes: list[Change]


def versions_of(case: Transaction, events: Iterable[Event]) -> list[ShownVersion]:
    """Every version but the first, newest first, as the events that made them tell; they come newest first."""
    return [
        ShownVersion(
            number=int(event.facts["answers_version"]),
            at=event.at,
            how=_("In reply to a return") if event.move == "answer" else _("Correction recorded by the office"),
            reason=event.reason if event.move == "correct" else "",
            own_words=event.facts.get("own_words"),
            changes=in_readers_words(case.service_type, event.facts.get("changes", ())),
        )
        for event in events
        if event.move in MAKES_A_VERSION and "answers_version" in event.facts
    ]


def describe_version(case: Transaction, events: Iterable[Event]) -> str:
    """The code of the office that the latest change of the answers makes the deciding one; empty when it is the one
    that has the file, or somebody has referred it since. Events come newest first.
    """
    for event in events:
        if event.move == "refer":
            break
        if "belongs_to" in event.facts:
            code = str(event.facts["belongs_to"])
            return "" if case.branch is not None and case.branch.code == code else code
    return ""


def missing_papers(case: Transaction, files: Iterable[Attachment]) -> list[Document]:
    """The documents that the answers in force ask for and these files lack: a correction may have brought them."""
    held = Counter(file.document for file in files if file.replaced_in is None)
    documents = case.service_type.documents_for(case.answers)
    return [document for document in documents if held[document.code] < document.least]
