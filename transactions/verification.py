"""What the verify page says of a journal entry's subject as it stands now. Names no person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from .models import IssuedDocument, Transaction
from .workflow import Status


def status_now(subject: str, body: Mapping[str, Any]) -> str | None:
    """One sentence on the transaction a receipt, decision or permit speaks of; None when it is unknown here."""
    case = Transaction.objects.filter(reference=subject).first()
    if case is None:
        return None
    number = body.get("number")
    issued = IssuedDocument.objects.filter(transaction=case, number=number).first() if number else None
    if issued and issued.valid_until:
        if issued.valid_until < timezone.localdate():
            return _("This document expired on %(day)s.") % {"day": issued.valid_until.isoformat()}
        return _("This document is in force until %(day)s.") % {"day": issued.valid_until.isoformat()}
    return _("The request is now: %(status)s.") % {"status": Status(case.status).label}
