"""A paper by its printed number, for whoever knows the last four digits of its holder's ID: as the inquiry, counted."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.text import compact

from ..domain.errors import Invalid, Problem
from ..domain.gates import Operation
from ..incidents import gates
from ..models import IssuedDocument, Transaction
from .services import MAX_WRONG_LAST_FOUR, find_rate_limited


def find_document(number: str, last_four: str, *, address: str, now: datetime | None = None) -> IssuedDocument:
    """The document with this number, as it is printed. Invalid, which is no wrong try, when either is not understood;
    NotVisible for an unknown number and a wrong ID alike; TooManyAttempts.
    """
    now = now or timezone.now()
    gates.refuse_if_closed(Operation.INQUIRY, now=now)
    problems = []
    if not number:
        message = _("We did not understand this number. Write it as printed, for example SHR-1448-000123.")
        problems.append(Problem("number", message, "unreadable"))
    last_four = compact(last_four).upper()
    if len(last_four) != 4:
        problems.append(Problem("last_four", _("Write the last four digits of the ID."), "unreadable"))
    if problems:
        raise Invalid(problems)
    matches: list[IssuedDocument] = []

    def find() -> Transaction | None:
        rows = IssuedDocument.objects.select_related("transaction", "content").filter(number=number)
        matches.extend(rows.filter(transaction__applicant__national_id__endswith=last_four))
        return matches[0].transaction if matches else None

    case = find_rate_limited(f"paper/{number}", address, now, find, most=MAX_WRONG_LAST_FOUR)
    gates.refuse_inquiry(case, now)
    return matches[0]
