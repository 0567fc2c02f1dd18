"""What each move of people takes, besides the case and its version: the one table for the workbench's forms and the
API's bodies. A move that is not in it is made elsewhere: by the system, or by an answer to a return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User

from ..models import Transaction
from . import complaints, endings, inspections, moves, objections, reminding, resuming


@dataclass(frozen=True)
class Input:
    """One thing a move takes: the service's name for it, the API's, and that of its box on the page."""

    argument: str
    name: str
    box: str


REASON = Input("reason", "reason", "reason")
NOTE = Input("note", "reason", "reason")
OFFICE = Input("to", "to_office", "to")
COLLEAGUE = Input("to", "to_person", "to")
PAYMENT = Input("payment_reference", "payment_reference", "payment_reference")
DEFICIENCIES = Input("deficiencies", "deficiencies", "deficiency")
ANSWERS = Input("changes", "answers", "answers")
RESULT = Input("result", "result", "result")
VISITED = Input("visited_on", "visited_on", "visited_on")
FINDINGS = Input("findings", "reason", "findings")
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
        return tuple(given.name for given in self.takes)

    def make(self, case: Transaction, read: Callable[[Input], Any], *, by: User, version: int) -> Transaction:
        """Make the move with what `read` finds of each thing it takes."""
        return self.act(case, by=by, version=version, **{given.argument: read(given) for given in self.takes})


FORMS: dict[str, Form] = {
    "register": Form(moves.register),
    "take": Form(moves.take),
    "give_back": Form(moves.give_back),
    "reassign": Form(moves.reassign, (COLLEAGUE,)),
    "recommend": Form(moves.recommend, (NOTE, *CONDITIONS)),
    "advise_refusal": Form(moves.advise_refusal, (REASON,)),
    "inspect": Form(inspections.inspect, (RESULT, VISITED, FINDINGS, PHOTOGRAPHS)),
    "return": Form(moves.return_for_completion, (DEFICIENCIES,)),
    "remind": Form(reminding.remind),
    "correct": Form(moves.correct, (ANSWERS, REASON)),
    "send_back": Form(moves.send_back, (REASON,)),
    "approve": Form(moves.approve, (NOTE, *CONDITIONS)),
    "reject": Form(moves.reject, (REASON,)),
    "record_payment": Form(moves.record_payment, (PAYMENT,)),
    "issue": Form(moves.issue),
    "dispatch": Form(moves.dispatch),
    "refer": Form(moves.refer, (OFFICE, REASON)),
    "withdraw": Form(moves.withdraw, (REASON,)),
    "file": Form(moves.file),
    "reopen": Form(moves.reopen, (REASON,)),
    "propose_ending": Form(endings.propose, (REASON,)),
    "revoke": Form(endings.revoke, (REASON,)),
    "replace": Form(endings.replace, (REASON,)),
    "resume": Form(resuming.resume),
    "object": Form(objections.submit_objection, (REASON, FILES)),
    "uphold": Form(objections.uphold, (REASON, AMOUNT)),
    "dismiss": Form(objections.dismiss, (REASON,)),
    "complain": Form(complaints.complain, (REASON,)),
    "answer_complaint": Form(complaints.answer_complaint, (REASON,)),
}
