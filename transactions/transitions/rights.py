"""Which of the moves that claim a right lead anywhere now: beside the table, they have periods and conditions."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from ..domain.workflow import MoveName
from ..models import Transaction
from .complaints import waits_for_answer
from .objections import right_of
from .resuming import hindrance_of


def is_offered(case: Transaction, move: str, now: datetime | None = None) -> bool:
    """Is there more to a move that the table lets somebody make than a refusal? One query, of these moves alone."""
    now = now or timezone.now()
    match move:
        case MoveName.OBJECT:
            right = right_of(case, list(case.objections.select_related("about")), now)
            return right is not None and right.is_open
        case MoveName.COMPLAIN:
            return case.is_late(now) and not waits_for_answer(case.objections.all())
        case MoveName.RESUME:
            return hindrance_of(case, now) is None
        case _other:
            return True
