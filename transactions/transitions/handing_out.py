"""Documents and originals are handed out at a counter, to whoever stands there, on record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import one_line

from ..domain.errors import DomainError, Invalid, Problem
from ..domain.workflow import MoveName
from ..models import CounterVisit, Transaction
from .mover import begin, finish

MAX_ORIGINALS, MAX_CHARACTERS = 10, 120


def originals_in(text: str) -> list[str]:
    """The originals a clerk typed, one a line. Invalid for too many or too long."""
    lines = [line for line in map(one_line, text.splitlines()) if line]
    if len(lines) > MAX_ORIGINALS or any(len(line) > MAX_CHARACTERS for line in lines):
        message = _("Give at most %(most)d originals, a short line each.") % {"most": MAX_ORIGINALS}
        raise Invalid([Problem("originals", message, "too_many")])
    return lines


@transaction.atomic
def hand_out(
    case: Transaction,
    *,
    visit: CounterVisit,
    papers: Collection[str],
    originals: str,
    signed: bool,
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Record that issued documents (`papers`, by number) and originals went to the visitor, who has signed for them.
    Event, notice. Ends the visit. Invalid without a thing or a signature; DomainError `visit_over`.
    """
    transition = begin(case, MoveName.HAND_OUT, by=by, now=now, version=version, visit=visit)
    issued = transition.case.issued_documents.filter(number__in=papers).order_by("pk")
    numbers = list(issued.values_list("number", flat=True))
    lines = originals_in(originals)
    problems = []
    if not numbers and not lines:
        problems.append(Problem("papers", _("Choose or type what is handed out."), "required"))
    if not signed:
        problems.append(Problem("signed", _("Hand out only against a signature on the slip."), "required"))
    if problems:
        raise Invalid(problems)
    transition.facts.update(visit=visit.pk, whom=visit.whom, papers=numbers, originals=lines)
    done = finish(transition)
    ended = CounterVisit.objects.filter(pk=visit.pk, ended_at=None)
    if not ended.update(ended_at=transition.now, event=transition.event):
        raise DomainError("visit_over", _("The visit has ended. Check the ID again to continue."))
    return done
