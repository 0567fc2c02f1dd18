"""Several photographs of one document, made into one PDF: a page each, in the order somebody gives them.

Each is read in the cage when it arrives and kept as a JPEG of its pixels alone, turned as it was taken: what a camera
writes beside them (place, time, device) is not kept. Putting them together opens none of them. They belong to no
request until then; what is never put together goes the way of files nobody submits (`manage.py sweep_files`).
"""

from __future__ import annotations

import hashlib
import io
import logging
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any, NoReturn

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.text import isolated
from core.units import MIB

from ..domain import kinds
from ..domain.documents import message_too_many
from ..domain.errors import DomainError
from ..domain.limits import MAX_FILE_BYTES
from ..domain.service_types import PHOTO, Document
from ..models import Attachment
from . import rendering
from .examination import code_of, refuse, words_of
from .services import check_kind, check_size, insert_once, store_file, unattached_of

logger = logging.getLogger(__name__)
MAX_PHOTOGRAPHS = 20
# A scan may have several pages; each becomes a photograph.
TAKEN = (*PHOTO, kinds.TIFF)
# A page of A4 in points, and the white around a photograph on it.
SHORT, LONG, MARGIN = 595, 842, 14


def document_of(place: str) -> Document:
    """What photographs for a place (a document of a draft, of an answer) are kept as until they are put together."""
    code = f"photo-{hashlib.sha256(place.encode()).hexdigest()[:24]}"
    return Document(code, _("Photographs"), accepts=TAKEN, most=MAX_PHOTOGRAPHS)


def photographs_for(place: str, by: User) -> QuerySet[Attachment]:
    """Those this person has sent for a place, the oldest first."""
    return unattached_of(by).filter(document=document_of(place).code).order_by("pk")


def add_photograph(place: str, upload: UploadedFile[Any], *, by: User, now: datetime | None = None) -> Attachment:
    """Keep a photograph for a place, or every page of a scan, and return the last. Invalid, which names it, when it
    cannot be read or is one too many (then no page is kept); DomainError `busy` when too much is being read just now.
    """
    document = document_of(place)
    now = now or timezone.now()
    name = kinds.safe_name(upload.name or "")
    check_size(document.code, name, upload.size or 0, MAX_FILE_BYTES)
    kind = check_kind(document.code, name, upload, TAKEN)
    room = document.most - photographs_for(place, by).count()
    rows = []
    for number, content in enumerate(_pages_read(document, name, kind, upload, by, room), start=1):
        named = name if number == 1 else kinds.safe_name(f"{number} – {name}")
        made = UploadedFile(io.BytesIO(content), name=kinds.with_ending(named, kinds.JPEG), size=len(content))
        made.sent_as = getattr(upload, "sent_as", "")  # type: ignore[attr-defined]
        rows.append(store_file(made, document=document.code, by=by, accepts=(kinds.JPEG,), now=now))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        return [insert_once(document, photographs_for(place, by), row) for row in rows][-1]


def _pages_read(
    document: Document, name: str, kind: str, upload: UploadedFile[Any], by: User, room: int
) -> Iterator[bytes]:
    """Each page as a JPEG, read in the cage one after the other; errors as of `add_photograph`."""
    pages, number = 1, 1
    while number <= pages:
        with rendering.slots.one_for(by.pk, rendering.WAIT_SECONDS) as free:
            read = (
                rendering.render(_stream(upload), kind, task="photograph", first=number)
                if free
                else rendering.Rendering(wrong=rendering.OVERLOADED)
            )
        pages = (read.pages or 1) if number == 1 else pages
        if pages > max(room, 1):
            refuse(document.code, message_too_many(document), "too_many_documents")
        content = read.pictures.get("photograph")
        if content is None:
            _refuse(document.code, name, kind, read)
        yield content
        number += 1


def _stream(upload: UploadedFile[Any]) -> IO[bytes]:
    return upload.file if upload.file is not None else io.BytesIO(upload.read())


def _refuse(document: str, name: str, kind: str, read: rendering.Rendering) -> NoReturn:
    if read.wrong in rendering.REFUSED:
        refuse(document, words_of(read.wrong, name, kind, read.figures), code_of(read.wrong, kind))
    if read.wrong in rendering.UNDRAWN:
        logger.warning("a photograph could not be read", extra={"why": read.wrong})
        message = _("“%(name)s” cannot be read here. Save it as an ordinary JPEG and send that.")
        refuse(document, message % {"name": isolated(name)}, "image_broken")
    message = _("“%(name)s” could not be read just now, because too much is being done. Send it again in a minute.")
    raise DomainError("busy", message % {"name": isolated(name)})


def combine(
    place: str,
    keys: Sequence[str],
    *,
    title: str,
    most_bytes: int,
    by: User,
    attach: Callable[[UploadedFile[Any]], Attachment],
    now: datetime | None = None,
) -> Attachment:
    """Make one PDF of these photographs, in this order, and `attach` it under its title; they are no longer kept then.

    The same photographs in the same order give the same file, so that whoever presses twice attaches it once.
    DomainError `nothing_chosen`, `file_lost`, `file_too_large`; and whatever `attach` raises, with all of them kept.
    """
    stored_photographs = {str(file.key): file for file in photographs_for(place, by)}
    files = [stored_photographs[key] for key in dict.fromkeys(keys) if key in stored_photographs]
    if not files:
        raise DomainError("nothing_chosen", _("Add photographs first."))
    if sum(file.size for file in files) > most_bytes - MIB:
        message = _("Together they are larger than %(most)d MB. Make two files of them.")
        raise DomainError("file_too_large", message % {"most": most_bytes // MIB})
    content = as_paper(files, title)
    attached = attach(UploadedFile(io.BytesIO(content), name=kinds.with_ending(title, kinds.PDF), size=len(content)))
    now = now or timezone.now()
    Attachment.objects.filter(pk__in=[file.pk for file in files], transaction=None, draft=None).update(removed_at=now)
    return attached


def as_paper(files: Sequence[Attachment], title: str) -> bytes:
    """The PDF: a page of A4 each, upright or across as the photograph is. DomainError `file_lost` names one that
    cannot be read.
    """
    import pikepdf

    from .stored import open_intact

    with pikepdf.Pdf.new() as pdf:
        for file in files:
            stored = open_intact(file)
            if stored is None:
                message = _("“%(name)s” cannot be read any more. Remove it and add it again.")
                raise DomainError("file_lost", message % {"name": isolated(file.original_name)})
            with stored:
                content = stored.read()
            width, height, colours = size_of_jpeg(content)
            across, up = (LONG, SHORT) if width > height else (SHORT, LONG)
            scale = min((across - 2 * MARGIN) / width, (up - 2 * MARGIN) / height)
            wide, high = width * scale, height * scale
            picture = pikepdf.Stream(pdf, content)
            picture.stream_dict = pikepdf.Dictionary(
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=width,
                Height=height,
                BitsPerComponent=8,
                ColorSpace=pikepdf.Name.DeviceRGB if colours == 3 else pikepdf.Name.DeviceGray,
                Filter=pikepdf.Name.DCTDecode,
            )
            page = pdf.add_blank_page(page_size=(across, up))
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photograph=picture))
            left, low = (across - wide) / 2, (up - high) / 2
            drawn = f"q {wide:.2f} 0 0 {high:.2f} {left:.2f} {low:.2f} cm /Photograph Do Q"
            page.Contents = pikepdf.Stream(pdf, drawn.encode())
        pdf.docinfo["/Title"] = pikepdf.String(title)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def size_of_jpeg(content: bytes) -> tuple[int, int, int]:
    """Width, height and colours, from the frame's own header; nothing is decoded. DomainError when it has none."""
    at = 2
    while content[:2] == b"\xff\xd8" and at + 10 <= len(content) and content[at] == 0xFF:
        mark, (length,) = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])
        if mark in (0xC0, 0xC1, 0xC2):
            height, width, colours = struct.unpack(">HHB", content[at + 5 : at + 10])
            if width and height and colours in (1, 3):
                return width, height, colours
            break
        at += 2 + length
    raise DomainError("file_lost", _("This file cannot be read."))
