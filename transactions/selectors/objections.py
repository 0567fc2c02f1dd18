"""Objections and complaints as lists of those who decide on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import Role, StaffPost, User

from .. import access, deciders
from ..models import Objection
from ..models.objections import ObjectionQuerySet
from ..transitions.objections import due_of, is_late


@dataclass(frozen=True)
class Waiting:
    """One that waits. `mine` says that the reader may decide it, `may_decide` how many can at all."""

    row: Objection
    due: datetime | None
    late: bool
    mine: bool
    may_decide: int


def waiting_for(user: User, offices: Collection[int], now: datetime) -> list[Waiting]:
    """What supervisors of these offices may be asked to decide; due soonest first, held open by an incident last.
    Three queries, however many wait.
    """
    central = deciders.central_office()
    rows = Objection.objects.waiting().select_related("transaction__authorisation", "event", "office", "addressed_to")
    if central not in offices:
        rows = rows.filter(office__in=offices)
    access.load_duties_done([row.transaction for row in rows])
    posts = StaffPost.objects.current(timezone.localdate(now)).filter(role=Role.SUPERVISOR, user__is_active=True)
    supervisors: dict[int, set[int]] = {}
    for office, person in posts.values_list("office", "user"):
        supervisors.setdefault(office, set()).add(person)
    waiting = []
    for row in rows:
        case = row.transaction
        acted = {case.applicant_id, *access.duties_done(case)}
        free = (supervisors.get(row.office_id, set()) | supervisors.get(central, set())) - acted
        mine = user.pk in free and not access.acts_for_applicant(user, case)
        waiting.append(Waiting(row, due_of(row, case, now), is_late(row, case, now), mine, len(free)))
    return sorted(waiting, key=lambda item: (item.due is None, item.due or now, item.row.pk))


def decided_since(offices: Collection[int], moment: datetime) -> ObjectionQuerySet:
    """Those that were decided or answered since, in these offices or, for the central one, anywhere."""
    rows = Objection.objects.filter(decision__at__gte=moment)
    return rows if deciders.central_office() in offices else rows.filter(office__in=offices)
