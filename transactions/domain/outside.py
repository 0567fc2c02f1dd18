"""What is asked of bodies outside for a service, and what they may answer: data of the catalogue. Pure.

`outside` (the app above this one) sends and receives; here is what pages, timeline and lists say of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from .workflow import BY_NAME, MoveName

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOVE = MoveName.OUTSIDE_ANSWER
ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class Body:
    """A body outside. `title` stands at the beginning of a sentence and in lists."""

    code: str
    title: StrOrPromise


@dataclass(frozen=True)
class Outcome:
    """How a body may conclude a matter. `title` and `sentence` are read by the applicant; `%(number)s` is the body's
    own number, `%(given)s` what it gave (`gives`: numbers of deeds, a meter). `good`: it is what was asked for.
    """

    code: str
    label: StrOrPromise
    title: StrOrPromise
    sentence: StrOrPromise
    good: bool = True
    needs_reason: bool = False
    gives: StrOrPromise = ""


@dataclass(frozen=True)
class Referral:
    """Something a service asks of a body once the move `after` was made. `answers` are the questions it is told of,
    `working_days` its own published time, which we count and show and do not answer for.

    ValueError, at import, for a move there is not and outcomes that are there twice.
    """

    code: str
    body: Body
    title: StrOrPromise
    after: MoveName
    answers: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    working_days: int | None = None
    source: StrOrPromise = ""

    def __post_init__(self) -> None:
        if self.after not in BY_NAME or self.after is MOVE:
            raise ValueError(f"referral {self.code!r}: {self.after!r} is no move it could follow")
        codes = [outcome.code for outcome in self.outcomes]
        if not codes or len({*codes, ACKNOWLEDGED, "sent"}) != len(codes) + 2:
            raise ValueError(f"referral {self.code!r}: an outcome is there twice, or there is none")

    def outcome(self, code: str) -> Outcome | None:
        return next((outcome for outcome in self.outcomes if outcome.code == code), None)


def _words(facts: Mapping[str, object]) -> dict[str, str]:
    given = facts.get("given") or ()
    shown = " · ".join(map(str, given)) if isinstance(given, list | tuple) else str(given)
    return {"number": f"\u2068{facts.get('number', '')}\u2069", "given": f"\u2068{shown}\u2069"}


def title_of(referral: Referral, facts: Mapping[str, object]) -> str:
    """What a body answered, in a few words."""
    outcome = referral.outcome(str(facts.get("state", "")))
    if outcome is not None:
        return str(outcome.title)
    return str(_("%(body)s: received")) % {"body": referral.body.title}


def sentence_of(referral: Referral, facts: Mapping[str, object], due: str) -> str:
    """The same in a sentence. `due` is the day its published time ends, in words; empty where it publishes none."""
    words = _words(facts) | {"body": str(referral.body.title), "days": referral.working_days, "due": due}
    outcome = referral.outcome(str(facts.get("state", "")))
    if outcome is not None:
        reason = str(facts.get("reason", ""))
        sentence = str(outcome.sentence) % words
        of_it = str(_("Its reason: %(reason)s")) % {"reason": reason}
        return f"{sentence} {of_it}" if reason else sentence
    received = str(_("%(body)s has the request under its own number %(number)s.")) % words
    if not due:
        return received
    published = str(_("Its published time is %(days)s working days: until %(due)s.")) % words
    return f"{received} {published}"
