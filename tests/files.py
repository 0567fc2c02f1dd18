"""Small good files, and ways to change what is stored of one."""

from __future__ import annotations

import hashlib
import io

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from transactions import previews
from transactions.attachments import rendering
from transactions.models import Attachment


def pdf(size: int = 0) -> bytes:
    """A small PDF of one page that opens, padded to `size` bytes."""
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    return body + b"%" * max(0, size - len(body))


def picture(kind: str = "PNG", *, shade: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200 - shade, 180, 140)).save(out, kind)
    return out.getvalue()


def upload(name: str = "paper.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if content is None else content)


def put(file: Attachment, content: bytes) -> None:
    """Change what is stored of a file, behind the portal's back."""
    default_storage.save(file.stored_as, ContentFile(content))


def become(file: Attachment, content: bytes, pages: int) -> None:
    """Have this been uploaded instead, and every page of it drawn."""
    put(file, content)
    file.sha256, file.size, file.pages = hashlib.sha256(content).hexdigest(), len(content), pages
    file.save(update_fields=["sha256", "size", "pages"])
    found = rendering.render(io.BytesIO(content), file.content_type, last=pages)
    previews.store_previews(file.key, found.pictures)


def content_of(file: Attachment) -> bytes:
    with default_storage.open(file.stored_as) as stored:
        return stored.read()
