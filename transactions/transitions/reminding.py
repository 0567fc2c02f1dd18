"""Reminding an applicant for whom a request waits: told once more what of, and never oftener than every few days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User

from ..domain.errors import DomainError
from ..domain.workflow import MoveName, Status
from ..models import Event, Transaction
from .mover import begin, finish

# Since they were told, or reminded, last.
REMIND_AFTER = timedelta(days=3)


@transaction.atomic
def remind(case: Transaction, *, by: User, now: datetime | None = None, version: int | None = None) -> Transaction:
    """Tell the applicant again what the request waits for. Event, notice.

    DomainError `reminded_lately` within REMIND_AFTER of the last time they were told.
    """
    transition = begin(case, MoveName.REMIND, by=by, now=now, version=version)
    locked = transition.case
    if too_early := find_too_early(locked, last_reminders([locked]).get(locked.pk), transition.now):
        raise DomainError("reminded_lately", too_early)
    if locked.status == Status.RETURNED:
        asked = locked.deficiencies.open().order_by("-round").values_list("round", flat=True).first()
        if asked is not None:
            transition.facts["round"] = asked
    return finish(transition)


def last_reminders(cases: Iterable[Transaction]) -> dict[int, datetime]:
    """When the applicants of these cases were reminded last, by the key of the case; one query."""
    events = Event.objects.filter(transaction__in=[case.pk for case in cases], move=MoveName.REMIND).order_by()
    return dict(events.values_list("transaction").annotate(Max("at")))


def find_too_early(case: Transaction, reminded_at: datetime | None, now: datetime) -> str:
    """Why it is too early to remind of this case, in words; nothing when it is not. It waits since it is paused."""
    notified = max(filter(None, (case.paused_at, reminded_at)), default=None)
    if notified is None or now >= notified + REMIND_AFTER:
        return ""
    return _("The applicant was told on %(day)s. They can be reminded %(days)d days after that.") % {
        "day": date_format(timezone.localdate(notified), "j F Y"),
        "days": REMIND_AFTER.days,
    }
