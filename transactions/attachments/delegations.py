"""The scan of a paper by which somebody acts for another: kept together with what was recorded of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import Delegation, User

from ..models import Attachment
from .services import store

DOCUMENT = "delegation"
SCANS = ("application/pdf", "image/jpeg", "image/png")


def record(
    upload: UploadedFile[Any], *, by: User, write: Callable[[datetime], Delegation], now: datetime | None = None
) -> Delegation:
    """Store the scan, then write the delegation and tie both together, or neither. Invalid for a file that is no scan;
    what `write` raises leaves the file among those that belong to nothing, which are swept away.
    """
    now = now or timezone.now()
    scan = store(upload, document=DOCUMENT, by=by, accepts=SCANS, now=now)
    with transaction.atomic():
        delegation = write(now)
        Attachment.objects.filter(pk=scan.pk).update(delegation=delegation)
    return delegation
