"""Large files in pieces: a line that breaks costs the piece under way, not the file.

Pieces lie in MEDIA_ROOT/up under a name made of who sends what to where, so the same file chosen again goes on where
it stopped. What is never finished, `manage.py sweep_files` takes away like any file without a row.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import magic
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.models import User

from ..service_types import Document
from .attachments import SNIFFED, NoRoom, check_kind, check_size, refuse, safe_name

MOST_UNFINISHED = 40


@dataclass(frozen=True)
class Piece:
    """Where a piece belongs: `start` and `total` in bytes, `mark` is what the browser knows the file by."""

    start: int
    total: int
    mark: str


def receive(
    upload: UploadedFile[Any], piece: Piece, *, place: str, document: Document, by: User
) -> UploadedFile[Any] | int:
    """Add a piece. Returns how many bytes are held, or the whole file when this was the last piece.

    A piece that does not follow on what is held changes nothing; the number returned says where to go on. Size and
    kind are checked with the first piece, so that nobody waits for the last to be refused (Invalid).
    """
    name = safe_name(upload.name or "")
    check_size(document.code, name, piece.total, document.max_bytes)
    path = _path(place, name, piece, by)
    if not path.exists():
        _begin(path, upload, piece, name, document, by)
    try:
        have = _add(path, upload, piece)
    except OSError as error:
        raise NoRoom from error
    if have < piece.total:
        return have
    whole = path.open("rb")
    path.unlink()
    return UploadedFile(whole, name=name, size=piece.total)


def _add(path: Path, upload: UploadedFile[Any], piece: Piece) -> int:
    with path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        have = held.seek(0, os.SEEK_END)
        if piece.start != have or have + (upload.size or 0) > piece.total:
            return have
        upload.seek(0)
        for chunk in upload.chunks():
            held.write(chunk)
        return held.tell()


def _begin(path: Path, upload: UploadedFile[Any], piece: Piece, name: str, document: Document, by: User) -> None:
    if piece.start == 0:
        upload.seek(0)
        check_kind(document.code, name, magic.from_buffer(upload.read(SNIFFED), mime=True), document.accepts)
    path.parent.mkdir(parents=True, exist_ok=True)
    if sum(1 for _other in path.parent.glob(f"{by.pk}-*")) >= MOST_UNFINISHED:
        refuse(document.code, _("Too many uploads are unfinished. Try again tomorrow."), "too_many_unfinished")
    path.touch()


def _path(place: str, name: str, piece: Piece, by: User) -> Path:
    digest = hashlib.sha256("\n".join((place, name, str(piece.total), piece.mark)).encode()).hexdigest()
    return Path(settings.MEDIA_ROOT) / "up" / f"{by.pk}-{digest[:32]}"
