"""The scan of a slip that is being entered: the second person reads it, and it stays with the slip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

from ..booklets.ledger import lock_slip
from ..domain.errors import DomainError
from ..models import Attachment, Draft, Slip
from .services import store

DOCUMENT = "paper_slip"
SCANS = ("application/pdf", "image/jpeg", "image/png")


def attach_scan(draft: Draft, upload: UploadedFile[Any], *, by: User, now: datetime | None = None) -> Attachment:
    """Keep the scan of the slip this draft is entered from, in the place of an earlier one. Invalid for a file that is
    no scan; DomainError `slip_elsewhere`.
    """
    now = now or timezone.now()
    slip = Slip.objects.select_related("booklet__office").filter(draft=draft, transaction=None).first()
    if slip is None or draft.created_by_id != by.pk:
        raise DomainError(
            "slip_elsewhere", _("This slip is no longer being entered here. Begin with its number again.")
        )
    scan = store(upload, document=DOCUMENT, by=by, accepts=SCANS, now=now)
    with transaction.atomic():
        locked = lock_slip(slip)
        if locked.transaction_id is not None or locked.draft_id != draft.pk:
            raise DomainError("slip_entered", _("A request was already entered from this slip, under the same number."))
        Attachment.objects.filter(slip=locked).update(removed_at=now)
        locked.scan = scan
        locked.save(update_fields=["scan"])
    return scan
