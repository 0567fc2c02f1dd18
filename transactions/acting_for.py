"""Who stands on the applicant's side of a request: themselves, the office they authorised, a delegate.

Read by `access`, which is the door; nothing else asks here.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.access import delegation_for, delegations_held, engineering_offices_of
from accounts.delegated import Operation
from accounts.models import Authorisation, Delegation, User

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
        and authorisation.office_id in offices_by_key(user)
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


def approves(user: User, draft: Draft) -> bool:
    """Is what an engineering office prepared theirs to approve or give back: the owner's, or that of a delegate who may
    file it? Nobody approves for the owner what they, or the office they work in, prepared.
    """
    authorisation = draft.authorisation
    if authorisation is None or draft.applicant_id == user.pk:
        return authorisation is not None
    prepared = draft.created_by_id == user.pk or authorisation.office_id in offices_by_key(user)
    return not prepared and delegation_about(user, draft, Operation.FILE) is not None


def offices_by_key(user: User) -> set[int]:
    """The engineering offices this person works in today."""
    return {office.pk for office in engineering_offices_of(user)}


def may_write(user: User, draft: Draft) -> bool:
    """An office writes its file until the owner has it; the owner reads it. Everyone else writes their own."""
    if draft.authorisation is None:
        return True
    return draft.stage == draft.Stage.OPEN and draft.authorisation.office_id in offices_by_key(user)


def may_give_back(user: User, draft: Draft) -> bool:
    """Whoever approves it, while the office's file waits for that."""
    waits = draft.stage == draft.Stage.AWAITING_OWNER and not authorisation_has_ended(draft)
    return waits and approves(user, draft)


def may_discard(user: User, draft: Draft) -> bool:
    """Whoever writes it; of an office's file whoever approves it, when the office cannot go on with it, so that no
    press of theirs takes work from under the office's hands. An owner who wants it ended revokes the authorisation
    first.
    """
    return may_write(user, draft) or (authorisation_has_ended(draft) and approves(user, draft))


def authorisation_has_ended(draft: Draft) -> bool:
    """Was this file prepared by an office whose authorisation or licence has ended since?"""
    authorisation = draft.authorisation
    if authorisation is None:
        return False
    practises = authorisation.office.may_practise(timezone.localdate())
    return authorisation.status != Authorisation.Status.ACCEPTED or not practises


def scope_of(held: Delegation) -> Q:
    """Requests and drafts a delegation covers."""
    of_principal = Q(applicant=held.principal_id)
    return of_principal & Q(service__in=held.services) if held.services else of_principal


def delegated_condition(user: User) -> Q:
    """Requests of those this person acts for today."""
    covered = NOTHING
    for held in delegations_held(user):
        covered = covered | scope_of(held)
    return covered


def delegated_drafts_condition(user: User) -> Q:
    """Drafts this person began for those they may file for, and what offices other than their own prepare for these."""
    may_file = [held for held in delegations_held(user) if Operation.FILE in held.operations]
    if not may_file:
        return NOTHING
    covered = NOTHING
    for held in may_file:
        covered = covered | scope_of(held)
    begun = Q(created_by=user, authorisation=None, channel="online")
    prepared = Q(authorisation__isnull=False) & ~Q(created_by=user)
    if offices := offices_by_key(user):
        prepared &= ~Q(authorisation__office__in=offices)
    return covered & (begun | prepared)


def drafts_of_principals(user: User) -> QuerySet[Draft]:
    """What this person writes or approves for those they may file for."""
    return Draft.objects.filter(delegated_drafts_condition(user))


def files_to_approve(user: User) -> QuerySet[Draft]:
    """What waits for this person's approval, as its owner or for one they may file for."""
    waits = Q(stage=Draft.Stage.AWAITING_OWNER, authorisation__status=Authorisation.Status.ACCEPTED)
    theirs = Q(applicant=user) | delegated_drafts_condition(user)
    return Draft.objects.filter(waits, theirs).select_related("applicant", "authorisation__office")


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
