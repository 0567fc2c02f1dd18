"""The receipt as a program gets it."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.access import current_user
from continuity.classes import of_receipt
from transactions import access
from transactions.domain.errors import DomainError
from transactions.inquiry import pin
from transactions.models import Intake


def receipt_for(intake: Intake, request: Request) -> dict[str, Any]:
    """The shape of ReceiptSerializer, the same bytes however often, until its PIN is renewed; but `worth`
    is as of now.

    So the due date is that of the receipt, not of today. DomainError `not_delegated` for who filed it by a document
    that has ended since: a request sent again finds its receipt, and the receipt is the owner's.
    """
    case, reader = intake.transaction, current_user(request)
    if not access.may_see_receipt(reader, case):
        message = _("This request was received. The document by which you submitted it is no longer in force.")
        raise DomainError("not_delegated", message)
    return {
        "reference": case.reference,
        "pin": pin.pin_for(case, reader),
        "pin_serial": case.pin_serial,
        "token": intake.token,
        "submitted_at": case.submitted_at.astimezone(UTC),
        "due_at": intake.due_at.astimezone(UTC),
        "verify_url": request.build_absolute_uri(reverse("journal:verify_token", args=[intake.token])),
        "worth": of_receipt(case),
    }
