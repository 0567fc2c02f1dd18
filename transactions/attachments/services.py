"""Files: streamed into the store under a name of ours, hashed, typed by content and never by extension."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import isolated
from core.units import MIB

from .. import access, previews, quotas
from ..answers.revision import with_dependants
from ..domain import kinds
from ..domain.documents import message_too_many
from ..domain.errors import DomainError
from ..domain.limits import MAX_FILE_BYTES
from ..domain.service_types import PHOTO, Document
from ..domain.workflow import MoveName, Status
from ..intake.drafts import lock_to_write
from ..models import Attachment, CounterVisit, Deficiency, Draft, Transaction
from ..transitions.inspections import pending_document
from ..visits import permissions as visits
from . import render_jobs, stored
from .examination import examine, refuse
from .stored import StorageFull, StorageUnavailable, open_intact

__all__ = ["StorageFull", "StorageUnavailable", "open_intact", "refuse"]
logger = logging.getLogger(__name__)
# Sent inside the transaction that writes the row of a `file`, which lies in the store whole.
file_stored = Signal()
# Uploaded by API, and not part of a request yet.
MAX_UNATTACHED = 200


def store(
    upload: UploadedFile[Any],
    *,
    document: str,
    by: User,
    accepts: Collection[str] = tuple(kinds.ACCEPTED),
    most_bytes: int = MAX_FILE_BYTES,
    now: datetime | None = None,
) -> Attachment:
    """Keep an uploaded file that belongs to no case yet. Invalid says what is wrong with it, by its content;
    DomainError `too_many_files` when this person has left many lying about.
    """
    if unattached_of(by).count() >= MAX_UNATTACHED:
        message = _(
            "You have %(many)d files that are not part of a submitted request yet. Submit their requests before "
            "you send more."
        )
        raise DomainError("too_many_files", message % {"many": MAX_UNATTACHED})
    return insert(
        store_file(upload, document=document, by=by, accepts=accepts, most_bytes=most_bytes, now=now or timezone.now())
    )


def unattached_of(by: User) -> QuerySet[Attachment]:
    """Files this person sent that belong to no request yet."""
    loose = Attachment.objects.filter(transaction=None, draft=None, delegation=None, slip=None, removed_at=None)
    return loose.filter(uploaded_by=by)


def store_file(
    upload: UploadedFile[Any],
    *,
    document: str,
    by: User,
    accepts: Collection[str],
    most_bytes: int = MAX_FILE_BYTES,
    now: datetime,
) -> dict[str, Any]:
    """Put a file that is acceptable into the store; returns its row, to be written.

    The row comes after the file; a crash or a refusal in between leaves a file without a row, which
    `manage.py sweep_files` takes away. No database transaction is open meanwhile: a store that hangs holds no lock.
    """
    name = kinds.safe_name(upload.name or "")
    size = upload.size or 0
    check_size(document, name, size, most_bytes)
    content_type = check_kind(document, name, upload, accepts)
    quotas.spend_bytes(size, by, now)
    sha256 = _digest(upload)
    looked = examine(upload, document=document, name=name, kind=content_type, sha256=sha256, sender=by.pk)
    key = uuid.uuid4()
    stored_as = f"{key.hex[:2]}/{key.hex}"
    stored.write(upload, stored_as)
    try:
        previews.store_previews(key, looked.pictures)
    except OSError:
        logger.exception("a picture could not be kept; it is drawn again when it is wanted")
    return {
        "key": key,
        "document": document,
        "original_name": kinds.with_ending(name, content_type),
        "content_type": content_type,
        "size": size,
        "sha256": sha256,
        "stored_as": stored_as,
        "uploaded_by": by,
        "uploaded_at": now,
        "look": looked.look,
        "pages": looked.pages,
        "marks": looked.marks,
        "scanned": looked.scanned,
        # Set on what was put together from pieces (attachments/chunks.py).
        "sent_as": getattr(upload, "sent_as", ""),
    }


def check_size(document: str, name: str, size: int, most_bytes: int) -> None:
    """Invalid when a file is empty or too large."""
    if not size:
        refuse(document, _("“%(name)s” is empty. Choose the file again.") % {"name": isolated(name)}, "file_empty")
    if size > most_bytes:
        message = _("“%(name)s” is larger than %(most)d MB. None of it was kept.")
        refuse(document, message % {"name": isolated(name), "most": most_bytes // MIB}, "file_too_large")


def check_kind(document: str, name: str, upload: UploadedFile[Any], accepts: Collection[str]) -> str:
    """The kind of a file, by how it begins. Invalid when that is not taken here; it says what to do instead."""
    upload.seek(0)
    kind = kinds.kind_of(upload.read(kinds.SNIFFED))
    if kind not in accepts:
        refuse(document, kinds.message_not_accepted(isolated(name), kind, accepts), "file_type")
    return kind


def _digest(upload: UploadedFile[Any]) -> str:
    digest = hashlib.sha256()
    try:
        for chunk in upload.chunks():
            digest.update(chunk)
    except OSError as error:
        raise StorageFull from error
    return digest.hexdigest()


def insert(row: dict[str, Any]) -> Attachment:
    """Write the row of a file, and what is still owed to it."""
    with transaction.atomic():
        file = Attachment.objects.create(**row)
        render_jobs.after_upload(file, row["uploaded_at"])
        file_stored.send(sender=Attachment, file=file, now=row["uploaded_at"])
    return file


def _document(draft: Draft, code: str) -> Document:
    document = draft.service_type.document(code)
    if document is None:
        raise DomainError("document_unknown", _("This document is not asked for."))
    return document


def attach_to_draft(
    draft: Draft, document_code: str, upload: UploadedFile[Any], *, by: User, now: datetime | None = None
) -> Attachment:
    """Add a file to one document of a draft. Invalid when it is not acceptable or one too many."""
    document = _document(draft, document_code)
    now = now or timezone.now()
    row = store_file(
        upload, document=document.code, by=by, accepts=document.accepts, most_bytes=document.max_bytes, now=now
    )
    with transaction.atomic():
        locked = lock_to_write(draft, by)
        return insert_once(document, locked.attachments.filter(document=document.code), row | {"draft": locked})


def insert_once(document: Document, beside: QuerySet[Attachment], row: dict[str, Any]) -> Attachment:
    """Write the row of a file. Sent again because the answer was lost, it is there already, and that one is returned:
    the copy just stored has no row and is swept away. Invalid when it is one too many beside the others.
    """
    beside = beside.filter(removed_at=None)
    if there := beside.filter(sha256=row["sha256"], original_name=row["original_name"]).first():
        return there
    if beside.count() >= document.most:
        refuse(document.code, message_too_many(document), "too_many_documents")
    return insert(row)


def documents_asked(deficiency: Deficiency) -> list[Document]:
    """The documents a deficiency opens, one of which a file is for; papers and pictures of any sort when it is about
    questions alone.
    """
    service = deficiency.transaction.service_type
    opened = with_dependants(service, deficiency.names)
    documents = [document for document in service.documents if document.code in opened]
    documents.sort(key=lambda document: document.code not in deficiency.names)
    return documents or [Document("answer", _("Answer"), most=10)]


def document_asked(deficiency: Deficiency, code: str = "") -> Document:
    """The document with this code among those; the first without one. DomainError `document_unknown`."""
    documents = documents_asked(deficiency)
    document_found = next((document for document in documents if document.code == code), None if code else documents[0])
    if document_found is None:
        raise DomainError("document_unknown", _("This document is not asked for."))
    return document_found


def attach_to_deficiency(
    deficiency: Deficiency,
    upload: UploadedFile[Any],
    *,
    by: User,
    document: str = "",
    visit: CounterVisit | None = None,
    now: datetime | None = None,
) -> Attachment:
    """Add a file to the answer of one deficiency, while the request waits for the applicant. `document` says which of
    those it opens the file is for; a clerk at a counter does it by a `visit`.
    """
    asked = document_asked(deficiency, document)
    row = store_file(upload, document=asked.code, by=by, accepts=asked.accepts, now=now or timezone.now())
    with transaction.atomic():
        locked = Deficiency.objects.select_for_update(of=("self",)).select_related("transaction").get(pk=deficiency.pk)
        case = locked.transaction
        waits = case.status == Status.RETURNED and case.deficiencies.open().filter(pk=locked.pk).exists()
        if not (waits and visits.answers_for_applicant(by, case, visit, now)):
            raise DomainError("not_waiting_for_you", _("This request is not waiting for an answer now."))
        beside = locked.attachments.filter(document=asked.code)
        return insert_once(asked, beside, row | {"transaction": case, "deficiency": locked})


def pending_photographs(case: Transaction, by: User) -> QuerySet[Attachment]:
    """Photographs somebody has sent for an inspection of this case that is not recorded yet, the oldest first."""
    return unattached_of(by).filter(document=pending_document(case)).order_by("pk")


def attach_to_inspection(
    case: Transaction, upload: UploadedFile[Any], *, by: User, now: datetime | None = None
) -> Attachment:
    """Keep a photograph for an inspection of this case, while whoever sends it may record one. It belongs to the case
    once that is recorded; one that never is goes the way of files nobody submits (`manage.py sweep_files`).
    """
    asked = case.current_stage.inspection
    if asked is None or not access.may_make_move(by, case, MoveName.INSPECT):
        raise DomainError("no_inspection_now", _("You cannot record an inspection of this case now."))
    document = Document(pending_document(case), _("Photographs of the place"), accepts=PHOTO, most=asked.most)
    row = store_file(upload, document=document.code, by=by, accepts=PHOTO, now=now or timezone.now())
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        return insert_once(document, pending_photographs(case, by), row)


def remove(file: Attachment, *, by: User, visit: CounterVisit | None = None, now: datetime | None = None) -> None:
    """Take a file out of a draft or of an answer not yet sent. What was submitted stays for good."""
    with transaction.atomic():
        if file.draft and not file.transaction_id:
            lock_to_write(file.draft, by)
        locked = (
            Attachment.objects.select_for_update(of=("self",))
            .select_related("deficiency", "transaction")
            .get(pk=file.pk)
        )
        sent = locked.transaction_id and (locked.deficiency is None or locked.deficiency.answered_at)
        case = locked.transaction
        if sent or (case and not visits.answers_for_applicant(by, case, visit, now)):
            raise DomainError("file_is_kept", _("This file is part of a submitted request and is kept."))
        locked.removed_at = now or timezone.now()
        locked.save(update_fields=["removed_at"])
        # Nobody sees them any more; what a crash leaves of them here, `sweep_files` takes away.
        transaction.on_commit(lambda: previews.delete_previews(locked.key), robust=True)
