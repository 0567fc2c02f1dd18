"""Taking in a receipt that is ours and whose request is not here, as after a restore."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from journal import receipts

from ..domain import pins, references
from ..domain.errors import DomainError, Invalid, NotVisible, Problem
from ..models import BroughtReceipt, Transaction
from . import services as inquiry

RECEIVED = "received"


def hand_in_receipt(*, code: str, pin: str, phone: str, address: str, now: datetime) -> BroughtReceipt:
    """Take in a receipt: its QR (`code`), or its number with the PIN printed beside it. `phone` is where its holder is
    reached. Brought twice it is one case.

    Invalid when it is not ours or cannot be read; DomainError `known` when its request is here; TooManyTries.
    """
    case = _by_signature(code) or _by_pin(code, pin, address, now)
    with transaction.atomic():
        row, made = BroughtReceipt.objects.get_or_create(
            reference=case.reference, defaults=_facts(case) | {"phone": phone, "brought_at": now}
        )
        if not made and case.token and not row.token:
            BroughtReceipt.objects.filter(pk=row.pk).update(**_facts(case))
            row.refresh_from_db()
    return row


def _facts(receipt: BroughtReceipt) -> dict[str, object]:
    return {name: getattr(receipt, name) for name in ("proof", "token", "service", "signed_at")}


def _by_signature(code: str) -> BroughtReceipt | None:
    """What the code of a QR says, if it is a receipt of ours; None when it is no such code."""
    check = receipts.check_token(code)
    if check.body is None:
        return None
    if not check.signature_good or check.body.get("kind") != RECEIVED:
        raise Invalid([Problem("code", _("This is not a receipt that we signed."), "not_ours")])
    if check.in_journal:
        raise _find_known()
    return BroughtReceipt(
        reference=check.subject,
        proof=BroughtReceipt.Proof.SIGNATURE,
        token=receipts.extract_token(code),
        service=str(check.body.get("service", ""))[:40],
        signed_at=datetime.fromisoformat(str(check.body["at"])),
    )


def _by_pin(code: str, pin: str, address: str, now: datetime) -> BroughtReceipt:
    parsed = references.parse(code)
    if parsed is None:
        message = _("We cannot read this. Scan the QR code again, or type the number as it appears on the receipt.")
        raise Invalid([Problem("code", message, "unreadable")])
    try:
        inquiry.find_by_pin(str(parsed), pin, address=address, now=now)
    except NotVisible as error:
        if pins.pin_matches(str(parsed), pin):
            return BroughtReceipt(reference=str(parsed), proof=BroughtReceipt.Proof.PIN)
        message = _("The number and the PIN do not match. Both are on the receipt.")
        raise Invalid([Problem("pin", message, "not_ours")]) from error
    raise _find_known()


def _find_known() -> DomainError:
    return DomainError("known", _("The request for this receipt is here. Check it under “Inquiry”."))


def find_request_of(reference: str) -> Transaction | None:
    """The request of a number in any writing; None when there is none."""
    parsed = references.parse(reference)
    return Transaction.objects.filter(reference=str(parsed)).first() if parsed else None


@transaction.atomic
def settle_receipt(
    row: BroughtReceipt, *, outcome: str, reference: str = "", by: User, now: datetime
) -> BroughtReceipt:
    """Staff say how it was settled, and under which number the request is now, if there is one. Invalid."""
    locked = BroughtReceipt.objects.select_for_update().get(pk=row.pk)
    if not outcome.strip():
        raise Invalid([Problem("outcome", _("Explain how it was settled."), "required")])
    if reference.strip():
        locked.transaction = find_request_of(reference)
        if locked.transaction is None:
            raise Invalid([Problem("reference", _("There is no request with this number."), "unknown")])
    locked.outcome, locked.settled_at, locked.settled_by = outcome.strip(), now, by
    locked.save()
    return locked
