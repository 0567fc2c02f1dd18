"""Who decides on objections and complaints: supervisors of the office that holds the case and of the central office.

`access` asks here, and leaves out whoever has acted on the case before: nobody judges their own work.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from accounts import absences
from accounts.models import Role, StaffPost, User
from municipality.services import office_by_code

from .domain.routing import CENTRAL
from .domain.workflow import ALLOCATION_MOVES, Actor
from .models import Event, Objection, Transaction, TransactionQuerySet


def central_office() -> int:
    """The key of the office that is the next level; 0 when there is none."""
    office = office_by_code(CENTRAL)
    return office.pk if office else 0


def offices_to_decide(transaction: Transaction, supervised: Collection[int]) -> dict[str, int]:
    """In which capacities whoever supervises these offices may decide what waits on a case, and from which office."""
    central, places = central_office(), dict[str, int]()
    for waiting in transaction.objections.waiting():
        office = next((pk for pk in (waiting.office_id, central) if pk in supervised), None)
        if office is not None:
            places[Actor.COMPLAINTS if waiting.is_complaint else Actor.OBJECTIONS] = office
    return places


def waiting_for(supervised: Collection[int]) -> TransactionQuerySet:
    """The cases with something that supervisors of these offices may decide; also ones they have acted on."""
    waiting = Objection.objects.waiting()
    if central_office() not in supervised:
        waiting = waiting.filter(office__in=supervised)
    return (
        Transaction.objects.filter(pk__in=waiting.values("transaction")) if supervised else Transaction.objects.none()
    )


def supervisors_free_to_decide(case: Transaction, office: int, on: date) -> list[User]:
    """The supervisors of an office who have not acted on a case and are not the applicant: those who are there before
    those who are away, longest in post first.
    """
    acted = Event.objects.filter(transaction=case, actor__isnull=False).exclude(move__in=ALLOCATION_MOVES)
    posts = StaffPost.objects.current(on).filter(office=office, role=Role.SUPERVISOR, user__is_active=True)
    posts = posts.exclude(user=case.applicant_id).exclude(user__in=acted.values("actor"))
    free = [post.user for post in posts.select_related("user").order_by("starts_on", "pk")]
    known = absences.read() if free else None
    return sorted(
        free, key=lambda user: known is not None and known.of(user.pk, office, Role.SUPERVISOR, on) is not None
    )
