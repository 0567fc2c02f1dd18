"""What a person does with a delivery in quarantine: accept it after a look, or not, with a reason; both on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.access import is_administrator
from accounts.errors import AccountError
from accounts.models import Act, User
from core.text import prose
from transactions.domain.errors import DomainError

from ..models import Delivered
from . import intake

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

State = Delivered.State


@dataclass(frozen=True)
class Reason:
    """Why a delivery waits for a person, what that person can do, and whether accepting it can help."""

    title: StrOrPromise
    what_to_do: StrOrPromise
    may_accept: bool = True


REASONS = {
    "ended": Reason(
        gettext_lazy("It arrived after the box was ended"),
        gettext_lazy(
            "Whoever has the box could have signed it. Ask the clerk and the visitor named on the receipt; accept it "
            "if both know of it."
        ),
    ),
    "forked": Reason(
        gettext_lazy("Two machines signed as this box"),
        gettext_lazy(
            "The receipt may be honest: people stood at one of the two machines. Ask the clerk; accept it if the "
            "visitor holds the receipt."
        ),
    ),
    "clock": Reason(
        gettext_lazy("The clock of the box was wrong"),
        gettext_lazy(
            "The centre cannot tell on which day it was taken. If you accept it, it counts from the nearest moment "
            "at which the centre knows it can have been taken."
        ),
    ),
    "sealed": Reason(
        gettext_lazy("Its content cannot be opened"),
        gettext_lazy("It was sealed for another centre, or is damaged. Have the box deliver again."),
        may_accept=False,
    ),
    "content": Reason(
        gettext_lazy("It is not what the receipt promises"),
        gettext_lazy("It was changed, or the box is out of order. Ask the visitor to come again."),
        may_accept=False,
    ),
    "clerk": Reason(
        gettext_lazy("The clerk is not known here"),
        gettext_lazy("If you accept it, you are recorded as the clerk who received it."),
    ),
    "person": Reason(
        gettext_lazy("The visitor’s details are not accepted here"),
        gettext_lazy("Correct what is on file of the person, then accept it."),
    ),
    "closed": Reason(
        gettext_lazy("The service was closed when it was taken"),
        gettext_lazy("The box had not heard of it. Accept it if the person could not know either."),
    ),
    "refused": Reason(
        gettext_lazy("The centre would not have taken it"),
        gettext_lazy("Read the reason below; accept it if the receipt has to be honoured anyway."),
    ),
    "answers": Reason(
        gettext_lazy("The answers are not complete by today’s rules"),
        gettext_lazy("The form was changed meanwhile. Ask the visitor for what is missing, or put the form right."),
    ),
    "file": Reason(
        gettext_lazy("A file is not accepted here"),
        gettext_lazy("Read the reason below. Ask the visitor for another file, or try again."),
    ),
    "number": Reason(
        gettext_lazy("Its number is already another request’s"),
        gettext_lazy("If you accept it, it gets a new number. Tell the visitor; their receipt names the old one."),
    ),
    "lot": Reason(
        gettext_lazy("Its number is not one of this box’s"),
        gettext_lazy("If you accept it, it gets a new number. Tell the visitor; their receipt names the other one."),
    ),
}


def reason_of(row: Delivered) -> Reason | None:
    """Why it waits; None for one that does not."""
    return REASONS.get(row.reason)


def accept(row: Delivered, *, why: str, by: User, now: datetime) -> Delivered:
    """Take it in after a look. What still stands against it is said on the row, which stays in quarantine.

    AccountError `not_an_administrator`; DomainError `reason_missing`, `not_in_quarantine`, `cannot_be_accepted`.
    """
    why = _checked(row, why, by)
    reason = reason_of(row)
    if reason is not None and not reason.may_accept:
        raise DomainError("cannot_be_accepted", _("This cannot be accepted; its page says why."))
    return intake.take(row, now, intake.Look(by, why, new_number=row.reason in ("number", "lot")))


@transaction.atomic
def reject(row: Delivered, *, why: str, by: User, now: datetime) -> Delivered:
    """Do not take it in, for a reason that stays on record with it. Errors as `accept`."""
    why = _checked(row, why, by)
    done = {"state": State.REJECTED, "decided_by": by, "decided_at": now, "decision": why}
    if not Delivered.objects.filter(pk=row.pk, state=State.QUARANTINED).update(**done):
        raise DomainError("not_in_quarantine", _("This delivery is not in quarantine any more."))
    access_log.record(Act.BOX_DECIDED, by=by, office=row.box.office_id, subject=row.reference, now=now)
    row.refresh_from_db()
    return row


def _checked(row: Delivered, why: str, by: User) -> str:
    if not is_administrator(by):
        raise AccountError("not_an_administrator", _("Only an administrator can do this."))
    if row.state != State.QUARANTINED:
        raise DomainError("not_in_quarantine", _("This delivery is not in quarantine any more."))
    why = prose(why)[:1000]
    if not why:
        raise DomainError("reason_missing", _("Give the reason."))
    return why
