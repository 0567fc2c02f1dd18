"""What owner and engineering office do before a request is submitted: written down, and told to the other one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.access import agents_of, office_members_of
from accounts.delegated import Operation
from accounts.models import Authorisation, User
from accounts.signals import authorisation_changed

from .. import access
from ..models import AuthorisationEvent, Draft
from .notices import notify

Kind = AuthorisationEvent.Kind
OF_STATUS = {
    Authorisation.Status.GIVEN: Kind.AUTHORISED,
    Authorisation.Status.ACCEPTED: Kind.ACCEPTED,
    Authorisation.Status.DECLINED: Kind.DECLINED,
    Authorisation.Status.REVOKED: Kind.REVOKED,
}
TO_OWNER = frozenset({Kind.ACCEPTED, Kind.DECLINED, Kind.SENT})
TO_OFFICE = frozenset({Kind.AUTHORISED, Kind.REVOKED, Kind.CHANGES})
# Nobody is told of an approval by itself: the office hears that the request has its number (intake/follow_up.py).


def record_authorisation_event(
    kind: AuthorisationEvent.Kind, authorisation: Authorisation, *, by: User, now: datetime, draft: Draft | None = None
) -> AuthorisationEvent:
    """Write an authorisation event and its notices. Call inside the transaction that makes it true."""
    event = AuthorisationEvent.objects.create(kind=kind, authorisation=authorisation, draft=draft, by=by, at=now)
    notify(_readers(event, now), now, authorisation_event=event)
    return event


def _readers(event: AuthorisationEvent, now: datetime) -> list[User]:
    """The owner, and of a file to approve who may approve it for them; or who prepared the file, if they are still of
    the office; or else everybody in it.
    """
    if event.kind in TO_OWNER:
        return list(dict.fromkeys([event.authorisation.owner, *approvers_of(event, timezone.localdate(now))]))
    if event.kind not in TO_OFFICE:
        return []
    members = office_members_of(event.authorisation.office_id, timezone.localdate(now))
    prepared = [user for user in members if event.draft and user.pk == event.draft.created_by_id]
    return prepared or members


def approvers_of(event: AuthorisationEvent, today: date) -> list[User]:
    """Who may approve for the owner the file that was sent to them."""
    if event.kind != Kind.SENT or event.draft is None:
        return []
    agents = agents_of(event.authorisation.owner, event.draft.service, today, Operation.FILE)
    return [agent for agent in agents if access.approves(agent, event.draft)]


@receiver(authorisation_changed)
def _authorisation_changed(*, authorisation: Authorisation, by: User, now: datetime, **_more: Any) -> None:
    record_authorisation_event(OF_STATUS[Authorisation.Status(authorisation.status)], authorisation, by=by, now=now)
