"""The PIN of a receipt: for whom which, what opens, and a new one when its owner asks for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import delegations_given, office_members_of
from accounts.models import Authorisation, User
from core.db import replica

from .. import access
from ..domain import pins
from ..domain.errors import DomainError, NotVisible
from ..domain.gates import Operation
from ..incidents import gates
from ..models import Transaction


def pin_for(case: Transaction, reader: User) -> str:
    """The PIN on the receipt as this reader may have it: people of an engineering office and delegates have their own,
    which end with their right to act. NotVisible for anybody else: the owner's opens more than a page.
    """
    if reader.pk in (case.applicant_id, case.taken_by_id):
        return pins.derive_pin(case.reference, case.pin_serial)
    held = None if access.acts_for_office(reader, case) else access.delegation_about(reader, case)
    if held is not None:
        return pins.derive_pin(case.reference, delegate=(held.pk, reader.pk))
    if case.authorisation_id is None:
        raise NotVisible
    return pins.derive_pin(case.reference, member=(case.authorisation_id, reader.pk))


def opens_receipt(reference: str, typed: str) -> bool:
    """Does this PIN open a request whose first PIN it is not: a renewed one, or that of somebody who may act for it?"""
    case = (
        Transaction.objects.filter(reference=reference)
        .select_related("authorisation", "applicant")
        .only(
            "reference",
            "service",
            "pin_serial",
            "authorisation__status",
            "authorisation__office",
            "applicant__has_delegations",
        )
        .first()
    )
    if case is None:
        return False
    if case.pin_serial and pins.pin_matches(reference, typed, case.pin_serial):
        return True
    # Out of the copy when the request is: its centre may be away.
    copy, today, given = replica.ALIAS if replica.reading() else None, timezone.localdate(), case.authorisation
    if given is not None and given.status == Authorisation.Status.ACCEPTED:
        people = office_members_of(given.office_id, today, using=copy)
        if any(pins.pin_matches(reference, typed, member=(given.pk, person.pk)) for person in people):
            return True
    if not case.applicant.has_delegations:
        return False
    rows = delegations_given(case.applicant_id, case.service, today, using=copy)
    return any(pins.pin_matches(reference, typed, delegate=(row.pk, row.agent_id)) for row in rows)


@transaction.atomic
def renew_pin(case: Transaction, *, serial: int, by: User, now: datetime | None = None) -> Transaction:
    """A new PIN; the one before opens nothing any more. `serial` is that of the PIN to be ended, so that a press that
    comes twice ends one. DomainError `owners_pin` for anybody but the owner.
    """
    locked = Transaction.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if by.pk != locked.applicant_id:
        raise DomainError("owners_pin", _("Only the owner of a request can renew its PIN."))
    gates.refuse_if_closed(Operation.REPLIES, now=now or timezone.now(), service=case.service, lot=case.reference)
    if locked.pin_serial == serial:
        locked.pin_serial, locked.pin_renewed_at = serial + 1, now or timezone.now()
        locked.save(update_fields=["pin_serial", "pin_renewed_at"])
    return locked
