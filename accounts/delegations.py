"""Delegations: recorded by a clerk who saw the paper, ended at once by either side or a clerk.

Each public function is one intent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.text import one_line, written_code
from municipality.models import Office

from . import access_log
from .access import holds_power, roles_in
from .assurance import Level
from .changes import detach_phone
from .delegated import Delegation, Operation
from .errors import AccountError
from .models import Act, Role, User
from .signals import delegation_recorded
from .visitors import Visitor, visitor_account


@transaction.atomic
def record_delegation(
    *,
    principal: Visitor,
    agent: Visitor,
    number: str,
    issuer: str,
    services: Collection[str],
    operations: Collection[str],
    starts_on: date,
    ends_on: date,
    by: User,
    centre: Office,
    now: datetime | None = None,
) -> Delegation:
    """A clerk has seen the original paper and the original ID of the agent, who stands before them.

    The agent is known from then on, the principal as little as before: the paper says who acts, not whose a mobile or
    an account is (`_close_unproven`). A mobile given for the principal is not kept. AccountError `not_at_this_counter`,
    `own_delegation`, `not_the_person` (an ID on file under another name), `another_mobile`, `ends_before`,
    `already_recorded`; ValidationError for days nobody means.
    """
    now = now or timezone.now()
    if Role.CENTRE_CLERK not in roles_in(by, centre):
        raise AccountError("not_at_this_counter", _("You do not record delegations at this centre."))
    given, held = _person_on_file(replace(principal, phone="", email="")), _person_on_file(agent)
    if by.pk in (given.pk, held.pk):
        raise AccountError("own_delegation", _("A colleague has to record your own."))
    if ends_on < timezone.localdate(now) or ends_on < starts_on:
        raise AccountError("ends_before", _("The document has expired, or ends before it begins."))
    of_establishment = given.id_kind.code == "establishment"
    _refuse_foreign_mobile(held, agent)
    _close_expired(Delegation.objects.filter(principal=given, agent=held, number=written_code(number)), now)
    row = Delegation(
        principal=given,
        agent=held,
        basis=Delegation.Basis.ESTABLISHMENT if of_establishment else Delegation.Basis.POWER,
        number=written_code(number),
        issuer=one_line(issuer),
        services=sorted(services),
        operations=[operation for operation in Operation.values if operation in operations],
        starts_on=starts_on,
        ends_on=ends_on,
        checked_by=by,
        checked_at=centre,
        recorded_at=now,
    )
    row.clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        message = _("This document is already recorded for these two, or they are the same person.")
        raise AccountError("already_recorded", message) from error
    if of_establishment or given.phone in (held.phone, agent.phone):
        _close_unproven(given, by, now)
    _mark_known(held, by, now)
    User.objects.filter(pk__in=[given.pk, held.pk]).update(has_delegations=True)
    delegation_recorded.send(Delegation, delegation=row, now=now)
    access_log.record(Act.DELEGATED, by=by, person=given, subject=row.number, office=centre, now=now)
    return row


def _person_on_file(visitor: Visitor) -> User:
    """Whoever has this ID. Another name on file is no slip to pass over: nothing is recorded of the wrong person."""
    user = visitor_account(visitor)
    if "full_name" in visitor.differs_from(user):
        message = _("The ID %(id)s is on file under another name. Check the ID; a name is corrected with a request.")
        raise AccountError("not_the_person", message % {"id": visitor.national_id})
    if not user.is_active:
        raise AccountError("account_closed", _("This account is closed. Ask at a service centre, with your ID."))
    return user


def _refuse_foreign_mobile(user: User, visitor: Visitor) -> None:
    """An account nobody has proven may be somebody else's with another mobile: it is not raised in passing."""
    if user.assurance < Level.COUNTER and user.phone != visitor.phone:
        message = _(
            "Another mobile is on file for the ID %(id)s, and nobody has verified it. Correct it with a request at the "
            "counter, or let the person confirm it by the national sign-on."
        )
        raise AccountError("another_mobile", message % {"id": visitor.national_id})


def _close_unproven(principal: User, by: User, now: datetime) -> None:
    """A mobile that nobody has shown to be the principal's may be the agent's: it opens the account no more, which from
    now on holds what others file. Whoever brings the principal's own ID or papers to a counter opens it again.
    """
    if principal.assurance < Level.COUNTER and principal.phone and not holds_power(principal):
        locked = User.objects.select_for_update().get(pk=principal.pk)
        detach_phone(locked, by=by, now=now)
        locked.save()


def _mark_known(user: User, by: User, now: datetime) -> None:
    """The clerk has their original ID before them."""
    unknown = User.objects.filter(pk=user.pk, assurance__lt=Level.COUNTER)
    unknown.update(assurance=Level.COUNTER, identity_verified_at=now, identity_verified_by=by)


def close_expired(now: datetime) -> int:
    """End every delegation whose last day is over; returns how many."""
    return _close_expired(Delegation.objects.all(), now)


def _close_expired(rows: QuerySet[Delegation], now: datetime) -> int:
    return rows.filter(ended_at=None, ends_on__lt=timezone.localdate(now)).update(ended_at=now)


@transaction.atomic
def end_delegation(delegation: Delegation, *, by: User, now: datetime | None = None) -> Delegation:
    """Over at this moment: by the principal, the agent, or a clerk of the centre that recorded it.

    AccountError `not_yours`, `not_live`.
    """
    now = now or timezone.now()
    locked = Delegation.objects.select_for_update(of=("self",)).select_related("checked_at").get(pk=delegation.pk)
    may = by.pk in (locked.principal_id, locked.agent_id) or Role.CENTRE_CLERK in roles_in(by, locked.checked_at)
    if not may:
        raise AccountError("not_yours", _("Only the two, or the centre that recorded it, can end this."))
    today = timezone.localdate(now)
    if locked.ended_at is not None or (locked.ends_on is not None and locked.ends_on < today):
        raise AccountError("not_live", _("This has already ended."))
    locked.ends_on = max(min(locked.ends_on or today, today), locked.starts_on)
    locked.ended_by = by
    locked.save()
    if locked.ended_at is None:  # it had not begun
        Delegation.objects.filter(pk=locked.pk).update(ended_at=now)
    access_log.record(Act.DELEGATION_ENDED, by=by, person=locked.principal_id, subject=locked.number, now=now)
    return locked


def delegations_of(user: User) -> dict[str, list[Any]]:
    """What a person holds and has given, newest first: {"held": …, "given": …}."""
    rows = Delegation.objects.select_related("principal", "agent", "checked_at")
    return {"held": list(rows.filter(agent=user)), "given": list(rows.filter(principal=user))}
