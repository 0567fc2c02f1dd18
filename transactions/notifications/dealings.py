"""What owner and engineering office do before a request is submitted: written down, and told to the other one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.access import members_of
from accounts.models import Authorisation, User
from accounts.signals import authorisation_changed

from ..models import Dealing, Draft
from .notices import tell

Kind = Dealing.Kind
OF_STATUS = {
    Authorisation.Status.GIVEN: Kind.AUTHORISED,
    Authorisation.Status.ACCEPTED: Kind.ACCEPTED,
    Authorisation.Status.DECLINED: Kind.DECLINED,
    Authorisation.Status.REVOKED: Kind.REVOKED,
}
TO_OWNER = frozenset({Kind.ACCEPTED, Kind.DECLINED, Kind.SENT})
TO_OFFICE = frozenset({Kind.AUTHORISED, Kind.REVOKED, Kind.CHANGES})
# Nobody is told of an approval by itself: the office hears in the same moment that the request has its number.


def record(
    kind: Dealing.Kind, authorisation: Authorisation, *, by: User, now: datetime, draft: Draft | None = None
) -> Dealing:
    """Write a dealing and its notices. Call inside the transaction that makes it true."""
    dealing = Dealing.objects.create(kind=kind, authorisation=authorisation, draft=draft, by=by, at=now)
    tell(_readers(dealing, now), now, dealing=dealing)
    return dealing


def _readers(dealing: Dealing, now: datetime) -> list[User]:
    """The owner; or who prepared the file, if they are still of the office; or else everybody in it."""
    if dealing.kind in TO_OWNER:
        return [dealing.authorisation.owner]
    if dealing.kind not in TO_OFFICE:
        return []
    members = members_of(dealing.authorisation.office_id, timezone.localdate(now))
    prepared = [user for user in members if dealing.draft and user.pk == dealing.draft.created_by_id]
    return prepared or members


@receiver(authorisation_changed)
def _authorisation_changed(*, authorisation: Authorisation, by: User, now: datetime, **_more: Any) -> None:
    record(OF_STATUS[Authorisation.Status(authorisation.status)], authorisation, by=by, now=now)
