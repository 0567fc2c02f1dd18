"""Documents for an objection, while it is being written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

from ..domain.errors import DomainError
from ..models import Attachment, Transaction
from ..transitions import objections
from ..transitions.objection_files import asked_of
from .services import insert_once, store_file, unattached_of


def pending_files(case: Transaction, by: User) -> QuerySet[Attachment]:
    """Documents somebody has sent for an objection on this case that they have not sent yet, the oldest first."""
    return unattached_of(by).filter(document=asked_of(case).code).order_by("pk")


def attach_to_objection(
    case: Transaction, upload: UploadedFile[Any], *, by: User, now: datetime | None = None
) -> Attachment:
    """Keep a document for an objection on this case, while whoever sends it may object. It is the objection's once
    that is sent; one that never is goes the way of files nobody submits (`manage.py sweep_files`). Invalid when it is
    not acceptable or one too many; DomainError `nothing_to_object_to`.
    """
    now = now or timezone.now()
    right = objections.right_of(case, list(case.objections.select_related("about")), now)
    if not objections.may_object(by, case, right):
        raise DomainError("nothing_to_object_to", _("You cannot object to anything on this request now."))
    document = asked_of(case)
    row = store_file(upload, document=document.code, by=by, accepts=document.accepts, now=now)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        return insert_once(document, pending_files(case, by), row)
