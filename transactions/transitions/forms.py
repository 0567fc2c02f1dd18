"""What each move of people takes, besides the case and its version: the one table for the workbench's forms and the
API's bodies. A move that is not in it is made elsewhere: by the system, or by an answer to a return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import User

from ..models import Transaction
from . import complaints, endings, inspections, moves, objections, reminding, resuming


@dataclass(frozen=True)
class Input:
    """One thing a move takes: the service's name for it, the API's, and that of its box on the page.

    `for_applicant` are the words of the office that its applicant reads: in the language of the request, and in the
    other one as well where somebody writes it.
    """

    argument: str
    name: str
    box: str
    for_applicant: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The API's names: words for the applicant can also be given by language."""
        languages = settings.LANGUAGES if self.for_applicant else ()
        return (self.name, *(f"{self.name}_{language}" for language, _name in languages))


# Of the office's own, or by the applicant.
REASON = Input("reason", "reason", "reason")
NOTE = Input("note", "reason", "reason")
REASON_TOLD = Input("reason", "reason", "reason", for_applicant=True)
NOTE_TOLD = Input("note", "reason", "reason", for_applicant=True)
OFFICE = Input("to", "to_office", "to")
COLLEAGUE = Input("to", "to_person", "to")
PAYMENT = Input("payment_reference", "payment_reference", "payment_reference")
DEFICIENCIES = Input("deficiencies", "deficiencies", "deficiency")
ANSWERS = Input("changes", "answers", "answers")
RESULT = Input("result", "result", "result")
VISITED = Input("visited_on", "visited_on", "visited_on")
FINDINGS = Input("findings", "reason", "findings", for_applicant=True)
CONDITIONS = tuple(Input(name, name, name) for name in ("conditions_ar", "conditions_en"))
AMOUNT = Input("amount", "amount", "amount")
PHOTOGRAPHS = Input("photographs", "photographs", "photographs")
FILES = Input("files", "files", "files")


@dataclass(frozen=True)
class Form:
    """The service that makes a move, and what it takes."""

    act: Callable[..., Transaction]
    takes: tuple[Input, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The API's names of what it takes."""
        return tuple(name for given in self.takes for name in given.names)

    @property
    def tells_applicant(self) -> bool:
        """Does it take words that the applicant reads?"""
        return any(given.for_applicant for given in self.takes)

    def make(self, case: Transaction, read: Callable[[Input], Any], *, by: User, version: int) -> Transaction:
        """Make the move with what `read` finds of each thing it takes."""
        return self.act(case, by=by, version=version, **{given.argument: read(given) for given in self.takes})


FORMS: dict[str, Form] = {
    "register": Form(moves.register),
    "take": Form(moves.take),
    "give_back": Form(moves.give_back),
    "reassign": Form(moves.reassign, (COLLEAGUE,)),
    "recommend": Form(moves.recommend, (NOTE, *CONDITIONS)),
    "advise_refusal": Form(moves.advise_refusal, (REASON_TOLD,)),
    "inspect": Form(inspections.inspect, (RESULT, VISITED, FINDINGS, PHOTOGRAPHS)),
    "return": Form(moves.return_for_completion, (DEFICIENCIES,)),
    "remind": Form(reminding.remind),
    "correct": Form(moves.correct, (ANSWERS, REASON_TOLD)),
    "send_back": Form(moves.send_back, (REASON,)),
    "approve": Form(moves.approve, (NOTE_TOLD, *CONDITIONS)),
    "reject": Form(moves.reject, (REASON_TOLD,)),
    "record_payment": Form(moves.record_payment, (PAYMENT,)),
    "issue": Form(moves.issue),
    "dispatch": Form(moves.dispatch),
    "refer": Form(moves.refer, (OFFICE, REASON_TOLD)),
    "withdraw": Form(moves.withdraw, (REASON,)),
    "file": Form(moves.file),
    "reopen": Form(moves.reopen, (REASON_TOLD,)),
    "propose_ending": Form(endings.propose, (REASON,)),
    "revoke": Form(endings.revoke, (REASON_TOLD,)),
    "replace": Form(endings.replace, (REASON_TOLD,)),
    "resume": Form(resuming.resume),
    "object": Form(objections.submit_objection, (REASON, FILES)),
    "uphold": Form(objections.uphold, (REASON_TOLD, AMOUNT)),
    "dismiss": Form(objections.dismiss, (REASON_TOLD,)),
    "complain": Form(complaints.complain, (REASON,)),
    "answer_complaint": Form(complaints.answer_complaint, (REASON_TOLD,)),
}
