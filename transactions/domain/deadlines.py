"""When a file is late: the one definition, for queries and for a row at hand. Pure.

A file has two due dates: that of the whole, which its applicant is promised, and that of its present stage, by which
the staff plan. It is late against one of them when it is open, its clock runs and the moment has gone by. “Late” alone
always means the whole; what is late in its stage is called so.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from .workflow import OPEN

# Written the same way in indexes and in queries, so that the planner sees that the one answers the other.
IS_OPEN = Q(status__in=sorted(OPEN))


class Deadline(StrEnum):
    """Which due date is meant; the value is its column, empty while the clock stands still."""

    WHOLE = "due_at"
    STAGE = "stage_due_at"


def overdue(now: datetime, deadline: Deadline = Deadline.WHOLE) -> Q:
    """The condition of being late, for queries."""
    return IS_OPEN & Q(**{f"{deadline}__lt": now})


def is_overdue(status: str, due: datetime | None, now: datetime) -> bool:
    """The same of one file, by its status and the due date that is meant."""
    return status in OPEN and has_passed(due, now)


def has_passed(due: datetime | None, now: datetime) -> bool:
    """The same of anything else that has a due date, while it is open: an objection, a complaint."""
    return due is not None and due < now


def took_too_long(working_days: int, promised: int) -> bool:
    """The same of a file that was decided, by the working days it took and those that were promised."""
    return working_days > promised
