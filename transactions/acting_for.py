"""Who stands on the applicant's side of a request: themselves, the office they authorised, a delegate.

Read by `access`, which is the door; nothing else asks here.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from accounts.access import delegation_for, delegations_held, engineering_offices_of
from accounts.delegated import Operation
from accounts.models import Delegation, User

from .domain.workflow import Actor
from .models import Draft, Transaction

NOTHING = Q(pk__in=[])
# What a paper has to allow before a delegate moves a case in this capacity.
OPERATION_OF: dict[str, Operation] = {Actor.APPLICANT: Operation.ANSWER, Actor.OWNER: Operation.WITHDRAW}


def acts_for_applicant(user: User, thing: Transaction | Draft, operation: str = "") -> bool:
    """Is this their own, an office's of theirs, or of somebody they may act for?

    With an Operation: may they do that? A delegate, only as far as the paper goes; without one, following is enough.
    """
    if thing.applicant_id == user.pk:
        return True
    return acts_for_office(user, thing) or delegation_about(user, thing, operation) is not None


def acts_for_office(user: User, thing: Transaction | Draft) -> bool:
    """Does this person work in the engineering office whose authorisation it comes by?"""
    authorisation = thing.authorisation
    return (
        authorisation is not None
        and authorisation.status == "accepted"
        and authorisation.office_id in {office.pk for office in engineering_offices_of(user)}
    )


def delegation_about(user: User, thing: Transaction | Draft, operation: str = "") -> Delegation | None:
    """By what this person acts for the applicant of this, whose own it is not; None for the applicant themselves."""
    if thing.applicant_id == user.pk:
        return None
    return delegation_for(user, thing.applicant_id, thing.service, operation)


def sides_of(user: User, case: Transaction) -> list[str]:
    """In what capacities somebody on the applicant's side acts: a delegate as far as the paper goes.

    Following a request is none.
    """
    if case.applicant_id == user.pk:
        return [Actor.APPLICANT.value, Actor.OWNER.value]
    sides = [Actor.APPLICANT.value, Actor.ENGINEERING_OFFICE.value] if acts_for_office(user, case) else []
    for side, operation in OPERATION_OF.items():
        if side not in sides and delegation_about(user, case, operation):
            sides.append(str(side))
    return sides


def _scope(held: Delegation) -> Q:
    """Requests and drafts a delegation covers."""
    of_principal = Q(applicant=held.principal_id)
    return of_principal & Q(service__in=held.services) if held.services else of_principal


def delegated_condition(user: User) -> Q:
    """Requests of those this person acts for today."""
    covered = NOTHING
    for held in delegations_held(user):
        covered = covered | _scope(held)
    return covered


def delegated_drafts_condition(user: User) -> Q:
    """Drafts this person began for those they may file for."""
    begun = NOTHING
    for held in delegations_held(user):
        if Operation.FILE in held.operations:
            begun = begun | _scope(held) & Q(created_by=user, authorisation=None, channel="online")
    return begun


def scans_condition(user: User, counters: Collection[int]) -> Q:
    """The papers by which people act for others: for the counter that saw the original, for the principal, and for the
    agent until the last day.
    """
    seen = Q(delegation__checked_at__in=counters) if counters else NOTHING
    if user.has_delegations:
        seen |= Q(delegation__principal=user) | Q(
            delegation__agent=user, delegation__ended_at=None, delegation__ends_on__gte=timezone.localdate()
        )
    return seen
