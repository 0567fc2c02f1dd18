"""Objections and complaints: what may be objected to, until when, and how long a decision may take. Pure.

Periods are working days of the city, and the municipality sets them (settings.rights). A declared incident moves the
end of a period by the working days it took; one that lasts keeps the period open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from municipality.calendar import WorkingCalendar

from .pauses import Pause, Stay, merged, spans
from .statuses import DECIDED_FOR, Status


class ObjectionKind(TextChoices):
    """What somebody does not accept."""

    REFUSAL = "refusal", _("Objection to the refusal")
    RETURN = "return", _("Objection to the return")
    FEE = "fee", _("Objection to the fee")
    LATENESS = "lateness", _("Complaint about lateness")


class ObjectionOutcome(TextChoices):
    """How it ended."""

    UPHELD = "upheld", _("Upheld")
    DISMISSED = "dismissed", _("Dismissed")
    ANSWERED = "answered", _("Answered")
    LAPSED = "lapsed", _("No longer needed")


# Who answers a complaint about lateness: the office that holds the request first, then the central office.
LEVEL_OFFICE, LEVEL_CENTRAL = 1, 2


def kind_for(status: str, *, refused: bool, has_fee: bool) -> ObjectionKind | None:
    """What can be objected to while a request stands so; None when there is nothing. `refused` also once archived."""
    if status == Status.RETURNED:
        return ObjectionKind.RETURN
    if refused and status in (Status.REJECTED, Status.FILED):
        return ObjectionKind.REFUSAL
    if has_fee and status in DECIDED_FOR:
        return ObjectionKind.FEE
    return None


def period_end(
    start: datetime,
    working_days: int,
    calendar: WorkingCalendar,
    pauses: Iterable[Pause] = (),
    *,
    service: str = "",
    office: str = "",
    now: datetime,
) -> datetime | None:
    """When a period of `working_days` from `start` ends, as known at `now`; None while an incident holds it open.

    Days of incidents that overlap count once. One that begins when the period is over changes nothing.
    """
    end = calendar.add_working_days(start, working_days)
    lost = 0
    for span in merged(spans(pauses, service, [Stay(start, office)], now)):
        if span.start >= end:
            break
        if span.end is None:
            return None
        if span.end > start:
            lost += calendar.working_days_between(max(span.start, start), span.end)
            end = calendar.add_working_days(start, working_days + lost)
    return end
