"""How a file stands against its due dates (deadlines.py), in words; and why it is late. Working days of the city."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.hijri import riyadh_day
from municipality.services import current_calendar

from ..domain.deadlines import Deadline
from ..domain.workflow import BY_NAME, CLOCK_STOPPED
from ..models import Transaction


class Mark(StrEnum):
    """Kinds of tag (templates/components/status_tag.html)."""

    LATE = "error"
    SOON = "warning"
    FINE = "plain"


@dataclass(frozen=True)
class DeadlineStatus:
    """`word` goes into a tag, so that colour never says it alone; `detail` says by how much."""

    mark: Mark
    word: str
    detail: str


def deadline_status(case: Transaction, now: datetime, deadline: Deadline = Deadline.WHOLE) -> DeadlineStatus:
    """Against the due date that is meant; a stopped clock or a closed file is neither late nor not."""
    due: datetime | None = getattr(case, deadline)
    if not case.is_open:
        return DeadlineStatus(Mark.FINE, _("Closed"), "")
    if due is None:
        waits = case.status in CLOCK_STOPPED
        why = _("waiting for the applicant") if waits else _("by a declared incident")
        return DeadlineStatus(Mark.FINE, _("Clock stopped"), why)
    if case.is_late(now, deadline):
        return DeadlineStatus(
            Mark.LATE, _("Late") if deadline is Deadline.WHOLE else _("Stage late"), _describe_lateness(due, now)
        )
    left = days_left(due, now)
    if left == 0:
        return DeadlineStatus(Mark.SOON, _("Due today"), "")
    detail = ngettext("%(n)d working day left", "%(n)d working days left", left) % {"n": left}
    return DeadlineStatus(Mark.FINE, _("On time"), detail)


@dataclass(frozen=True)
class DeadlineStatuses:
    """Against both due dates, each for a column of its own."""

    whole: DeadlineStatus
    stage: DeadlineStatus


def deadline_statuses(case: Transaction, now: datetime) -> DeadlineStatuses:
    return DeadlineStatuses(deadline_status(case, now, Deadline.WHOLE), deadline_status(case, now, Deadline.STAGE))


def days_spent(case: Transaction, now: datetime) -> int:
    """Working days from submission to `now`, or to where the file's clock stopped, without its pauses."""
    until = min(at for at in (case.closed_at, case.paused_at, case.halted_at, now) if at is not None)
    return max(0, current_calendar().working_days_between(case.submitted_at, until) - case.paused_days)


def days_left(due: datetime, now: datetime) -> int:
    """Working days until a due moment to come; 0 on its own day only, also when no office opens before it."""
    return _working_days_apart(now, due)


def days_late(due: datetime, now: datetime) -> int:
    """Working days since a due moment that has passed; 0 on its own day only."""
    return _working_days_apart(due, now)


def _working_days_apart(earlier: datetime, later: datetime) -> int:
    if riyadh_day(earlier) == riyadh_day(later):
        return 0
    return max(1, current_calendar().working_days_between(earlier, later))


def _describe_lateness(due: datetime, now: datetime) -> str:
    days = days_late(due, now)
    if days == 0:
        return _("since today")
    return ngettext("by %(n)d working day", "by %(n)d working days", days) % {"n": days}


class Cause(StrEnum):
    """Why a file is late, as far as its row tells."""

    NOBODY = "nobody"
    STAGE = "stage"
    EARLIER = "earlier"


CAUSES = {
    Cause.NOBODY: gettext_lazy("Nobody has taken it"),
    Cause.STAGE: gettext_lazy("Too long in this stage"),
    Cause.EARLIER: gettext_lazy("Lost time in earlier stages"),
}


# What a supervisor hands out.
TAKEABLE = BY_NAME["reassign"].sources


def cause_of_lateness(case: Transaction, now: datetime) -> Cause:
    """The first that holds: nobody has taken what is there to be taken; this stage is too long; earlier ones were."""
    if case.assignee_id is None and case.status in TAKEABLE:
        return Cause.NOBODY
    return Cause.STAGE if case.is_late(now, Deadline.STAGE) else Cause.EARLIER


def explain_lateness(case: Transaction, now: datetime) -> str:
    """The cause with its figures."""
    allowed = case.current_stage.working_days
    spent = current_calendar().working_days_between(case.stage_started_at, now) - case.stage_paused_days
    return _WHY[cause_of_lateness(case, now)](max(0, spent), allowed)


_WHY: dict[Cause, Callable[[int, int], str]] = {
    Cause.NOBODY: lambda spent, allowed: (
        ngettext(
            "Nobody has taken it; it has been in this stage for %(spent)d working day.",
            "Nobody has taken it; it has been in this stage for %(spent)d working days.",
            spent,
        )
        % {"spent": spent}
        if spent
        else _("Nobody has taken it; it came to this stage today.")
    ),
    Cause.STAGE: lambda spent, allowed: (
        _("This stage may take %(allowed)d working days and has taken %(spent)d.")
        % {"spent": spent, "allowed": allowed}
    ),
    Cause.EARLIER: lambda spent, allowed: _("This stage is on time; earlier stages took longer than allowed."),
}
