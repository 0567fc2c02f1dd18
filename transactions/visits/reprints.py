"""A receipt printed again for whoever stands at the counter: counted, on record, marked on the paper."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

from .. import access, view_log
from ..domain.errors import DomainError, NotVisible
from ..models import CounterVisit, ReceiptReprint, Transaction
from . import permissions


@transaction.atomic
def reprint_receipt(visit: CounterVisit, *, by: User, now: datetime | None = None) -> ReceiptReprint:
    """The receipt for the visitor, once a visit: asked for again it is the same reprint. DomainError `visit_over`,
    `not_theirs`.
    """
    now = now or timezone.now()
    case = Transaction.objects.select_for_update(of=("self",)).get(pk=visit.transaction_id)
    lasting = permissions.lasting_visit(by, case, visit, now)
    if lasting is None or lasting.purpose != CounterVisit.Purpose.ASK:
        raise DomainError("visit_over", _("The visit has ended. Check the ID again to continue."))
    if known := ReceiptReprint.objects.filter(visit=lasting).first():
        return known
    if not access.may_see_receipt(lasting.visitor, case):
        raise DomainError("not_theirs", _("This person may not have the receipt."))
    last = case.receipt_reprints.aggregate(last=Max("number"))["last"] or 0
    return ReceiptReprint.objects.create(visit=lasting, transaction=case, number=last + 1, at=now)


def get_reprint(user: User, key: UUID, now: datetime | None = None) -> ReceiptReprint:
    """To print it, while the visit lasts; it bears a PIN. NotVisible."""
    rows = ReceiptReprint.objects.select_related("visit__centre", "visit__visitor", "visit__transaction__applicant")
    reprint = rows.filter(key=key).first()
    if reprint is None:
        raise NotVisible
    if permissions.lasting_visit(user, reprint.visit.transaction, reprint.visit, now) is None:
        raise NotVisible
    view_log.record_visit_view(user, reprint.visit)
    return reprint
