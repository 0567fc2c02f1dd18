"""Until when an issued document holds: what is printed on it, and the days that declared incidents took from it."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone

from core.hijri import RIYADH
from municipality.services import offices_by_pk

from ..domain.pauses import extended
from ..incidents import memory
from ..models import IssuedDocument


def in_force_until(issued: IssuedDocument) -> date | None:
    """The last day it holds, no sooner than the one printed; None when it has no end."""
    pauses = memory.known().pauses
    if issued.valid_until is None or not pauses:
        return issued.valid_until
    case = issued.transaction
    places = {offices_by_pk()[key].code for key in (case.branch_id, case.held_by_id) if key in offices_by_pk()}
    end = datetime.combine(issued.valid_until, time.max, RIYADH)
    return timezone.localdate(extended(pauses, case.service, places, issued.issued_at, end, timezone.now()))
