"""Files: streamed into the store under a name of ours, hashed, typed by content and never by extension."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, NoReturn

import pylibmagic  # noqa: F401 – puts the bundled libmagic where `magic` finds it

import magic  # isort: skip
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from accounts.models import User
from municipality.text import isolated

from .. import access
from ..errors import DomainError, Invalid, Problem
from ..models import Attachment, Deficiency, Draft
from ..prepared import PreparedInsert
from ..revision import with_dependants
from ..service_types import MIB, PHOTO, Document
from ..workflow import Status
from .drafts import lock_to_write
from .intake import too_many

logger = logging.getLogger(__name__)
SNIFFED = 64 * 1024
MOST_BYTES = 50 * MIB
MOST_PIXELS = 100_000_000
# Uploaded by API, and not part of a request yet.
MOST_FREE = 200
KINDS = {
    "application/pdf": "PDF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/vnd.dwg": "DWG",
}


def safe_name(name: str) -> str:
    """The name as people know it, without folders, control or direction characters, at most 200 long."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = name.strip(" .") or "file"
    if len(name) > 200:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:180]}…{dot}{ending[:15]}" if dot else name[:200]
    return name


_insert = PreparedInsert(Attachment)


def store(
    upload: UploadedFile[Any],
    *,
    document: str,
    by: User,
    accepts: Collection[str] = tuple(KINDS),
    most_bytes: int = MOST_BYTES,
    now: datetime | None = None,
) -> Attachment:
    """Keep an uploaded file that belongs to no case yet. Invalid says what is wrong with it, by its content;
    DomainError `too_many_files` when this person has left many lying about.
    """
    if Attachment.objects.filter(transaction=None, draft=None, removed_at=None, uploaded_by=by).count() >= MOST_FREE:
        message = _("%(many)d files of yours belong to no request yet. Submit their requests before you send more.")
        raise DomainError("too_many_files", message % {"many": MOST_FREE})
    return _insert(
        **_keep(upload, document=document, by=by, accepts=accepts, most_bytes=most_bytes, now=now or timezone.now())
    )


def _keep(
    upload: UploadedFile[Any],
    *,
    document: str,
    by: User,
    accepts: Collection[str],
    most_bytes: int = MOST_BYTES,
    now: datetime,
) -> dict[str, Any]:
    """Put a file that is acceptable into the store; returns its row, to be written.

    The row comes after the file; a crash or a refusal in between leaves a file without a row, which
    `manage.py sweep_files` takes away. No database transaction is open meanwhile: a store that hangs holds no lock.
    """
    name = safe_name(upload.name or "")
    size = upload.size or 0
    check_size(document, name, size, most_bytes)
    upload.seek(0)
    content_type = magic.from_buffer(upload.read(SNIFFED), mime=True)
    check_kind(document, name, content_type, accepts)
    if content_type in PHOTO:
        _check_image(upload, document, name)
    key = uuid.uuid4()
    stored_as = f"{key.hex[:2]}/{key.hex}"
    return {
        "key": key,
        "document": document,
        "original_name": name,
        "content_type": content_type,
        "size": size,
        "sha256": _write(upload, stored_as),
        "stored_as": stored_as,
        "uploaded_by": by,
        "uploaded_at": now,
    }


def check_size(document: str, name: str, size: int, most_bytes: int) -> None:
    """Invalid when a file is empty or too large."""
    if not size:
        refuse(document, _("“%(name)s” is empty. Choose the file again.") % {"name": isolated(name)}, "file_empty")
    if size > most_bytes:
        message = _("“%(name)s” is larger than %(most)d MB. Nothing was kept of it.")
        refuse(document, message % {"name": isolated(name), "most": most_bytes // MIB}, "file_too_large")


def check_kind(document: str, name: str, content_type: str, accepts: Collection[str]) -> None:
    """Invalid when the content is of a kind that is not taken."""
    if content_type not in accepts:
        kinds = _("، ").join(KINDS[kind] for kind in accepts)
        message = _("“%(name)s” is not one of the kinds we can take (%(kinds)s), whatever its name says.")
        refuse(document, message % {"name": isolated(name), "kinds": kinds}, "file_type")


def refuse(document: str, message: str, code: str) -> NoReturn:
    raise Invalid([Problem(f"documents.{document}", message, code)])


def _check_image(upload: UploadedFile[Any], document: str, name: str) -> None:
    """An image must decode and be of a size a screen can bear."""
    upload.seek(0)
    try:
        with Image.open(upload) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("too many pixels")
            image.verify()
    except Exception:  # Pillow raises many kinds on broken or hostile images; all mean the same to the sender
        message = _("“%(name)s” cannot be read as a picture. Save it again and try once more.")
        refuse(document, message % {"name": isolated(name)}, "image_broken")


class NoRoom(DomainError):
    """The store is full or does not answer. Nothing is kept of the file."""

    def __init__(self) -> None:
        super().__init__("no_room", _("The file could not be kept just now. Nothing was kept of it; try again later."))


class OutOfReach(OSError):
    """The store does not give out a file just now."""


def _write(upload: UploadedFile[Any], stored_as: str) -> str:
    digest = hashlib.sha256()
    try:
        for chunk in upload.chunks():
            digest.update(chunk)
        default_storage.save(stored_as, upload)
    except OSError as error:
        logger.exception("a file could not be kept")
        raise NoRoom from error
    return digest.hexdigest()


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
    row = _keep(upload, document=document.code, by=by, accepts=document.accepts, most_bytes=document.max_bytes, now=now)
    with transaction.atomic():
        locked = lock_to_write(draft, by)
        return _insert_once(document, locked.attachments.filter(document=document.code), row | {"draft": locked})


def _insert_once(document: Document, beside: QuerySet[Attachment], row: dict[str, Any]) -> Attachment:
    """Write the row of a file. Sent again because the answer was lost, it is there already, and that one is returned:
    the copy just stored has no row and is swept away. Invalid when it is one too many beside the others.
    """
    beside = beside.filter(removed_at=None)
    if there := beside.filter(sha256=row["sha256"], original_name=row["original_name"]).first():
        return there
    if beside.count() >= document.most:
        refuse(document.code, too_many(document), "too_many_documents")
    return _insert(**row)


def documents_asked(deficiency: Deficiency) -> list[Document]:
    """The documents a deficiency opens, one of which a file is for; papers and pictures of any sort when it is about
    questions alone.
    """
    service = deficiency.transaction.service_type
    opened = with_dependants(service, deficiency.names)
    found = [document for document in service.documents if document.code in opened]
    found.sort(key=lambda document: document.code not in deficiency.names)
    return found or [Document("answer", _("Answer"), most=10)]


def document_asked(deficiency: Deficiency, code: str = "") -> Document:
    """The document with this code among those; the first without one. DomainError `document_unknown`."""
    documents = documents_asked(deficiency)
    found = next((document for document in documents if document.code == code), None if code else documents[0])
    if found is None:
        raise DomainError("document_unknown", _("This document is not asked for."))
    return found


def attach_to_deficiency(
    deficiency: Deficiency,
    upload: UploadedFile[Any],
    *,
    by: User,
    document: str = "",
    now: datetime | None = None,
) -> Attachment:
    """Add a file to the answer of one deficiency, while the request waits for the applicant. `document` says which of
    those it opens the file is for.
    """
    asked = document_asked(deficiency, document)
    row = _keep(upload, document=asked.code, by=by, accepts=asked.accepts, now=now or timezone.now())
    with transaction.atomic():
        locked = Deficiency.objects.select_for_update(of=("self",)).select_related("transaction").get(pk=deficiency.pk)
        case = locked.transaction
        waits = case.status == Status.RETURNED and case.deficiencies.open().filter(pk=locked.pk).exists()
        if not (waits and access.acts_for_applicant(by, case)):
            raise DomainError("not_waiting_for_you", _("This request does not wait for an answer now."))
        beside = locked.attachments.filter(document=asked.code)
        return _insert_once(asked, beside, row | {"transaction": case, "deficiency": locked})


def remove(file: Attachment, *, by: User, now: datetime | None = None) -> None:
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
        if sent or (locked.transaction and not access.acts_for_applicant(by, locked.transaction)):
            raise DomainError("file_is_kept", _("This file is part of a submitted request and is kept."))
        locked.removed_at = now or timezone.now()
        locked.save(update_fields=["removed_at"])


def open_stored(file: Attachment) -> File[bytes]:
    """A stored file, to be read and closed. FileNotFoundError when it is lost, OutOfReach when the store fails."""
    try:
        return default_storage.open(file.stored_as)
    except FileNotFoundError:
        raise
    except OSError as error:
        logger.exception("a file could not be read")
        raise OutOfReach from error


def open_intact(file: Attachment) -> File[bytes] | None:
    """A stored file, to be read from its beginning and closed; None when it is not what was uploaded."""
    try:
        stored = open_stored(file)
    except FileNotFoundError:
        return None
    digest = hashlib.sha256()
    for chunk in stored.chunks():
        digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        stored.close()
        return None
    stored.seek(0)
    return stored
