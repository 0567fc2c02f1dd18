"""Large files in pieces: a line that breaks costs the piece under way, not the file.

Pieces lie in the store under up/<person>/, named by what is sent where and by their place in the file, so the same file
chosen again goes on where it stopped, whichever host takes it. What is never finished, `manage.py sweep_files` takes
away like any file without a row.
"""

from __future__ import annotations

import hashlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.units import MIB

from ..domain.errors import DomainError
from ..domain.kinds import safe_name
from ..domain.service_types import Document
from ..models import Attachment
from .examination import refuse
from .services import StorageFull, check_kind, check_size

logger = logging.getLogger(__name__)
MAX_UNFINISHED = 40
# Forty files of 50 MB in the pieces a browser sends; whoever sends smaller ones has fewer files at once.
MAX_CHUNKS = 4000


_RANGE = re.compile(r"bytes ([0-9]{1,12})-([0-9]{1,12})/([0-9]{1,12})")


class InvalidChunk(DomainError):
    """What says where a piece belongs is not well formed, or does not fit the piece: nothing is kept of it."""

    def __init__(self) -> None:
        super().__init__("content_range", _("The position given for this part of the file is wrong."))


@dataclass(frozen=True)
class Chunk:
    """Where a piece belongs: `start` and `total` in bytes, `mark` is what the sender knows the file by."""

    start: int
    total: int
    mark: str

    @classmethod
    def from_header(cls, content_range: str, size: int, mark: str) -> Chunk:
        """As the Content-Range of a piece of this size says. InvalidChunk when that is anything else."""
        match = _RANGE.fullmatch(content_range)
        first, last, total = map(int, match.groups()) if match else (0, 0, 0)
        if not (first <= last < total and last - first + 1 == size):
            raise InvalidChunk
        return cls(first, total, mark[:40])


@dataclass(frozen=True)
class _StoredChunk:
    """A piece in the store, named <file>.<start>.<size>."""

    file: str
    start: int
    size: int

    @classmethod
    def parse(cls, name: str) -> _StoredChunk:
        file, start, size = name.split(".")
        return cls(file, int(start), int(size))

    def path(self, folder: str) -> str:
        return f"{folder}/{self.file}.{self.start}.{self.size}"


def receive_chunk(
    upload: UploadedFile[Any],
    piece: Chunk,
    *,
    place: str,
    document: Document,
    by: User,
    beside: QuerySet[Attachment],
    attach: Callable[[UploadedFile[Any]], Attachment],
) -> int | Attachment:
    """Add a piece; after the last, `attach` the whole file. Returns how many bytes are held, or what was attached.

    A file that lies among those `beside` already, sent in pieces as this one is, arrived: only the answer was lost.
    A piece that does not follow on what is held changes nothing; the number returned says where to go on. Size and
    kind are checked with the first piece, so that nobody waits for the last to be refused (Invalid). The pieces stay
    until the file is kept or refused: when the store is away meanwhile, the last is all that is sent again.
    """
    name, size = safe_name(upload.name or ""), upload.size or 0
    check_size(document.code, name, piece.total, document.max_bytes)
    folder, file = f"up/{by.pk}", _upload_id(place, name, piece)
    try:
        unfinished = [_StoredChunk.parse(name_stored) for name_stored in default_storage.listdir(folder)[1]]
        held = list(_in_order(file, unfinished))
        have = sum(chunk.size for chunk in held)
        if not held and (there := beside.filter(sent_as=file, uploaded_by=by, removed_at=None).first()):
            return there
        if piece.start == have and 0 < size <= piece.total - have:
            _check(upload, piece, name, document, unfinished)
            new = _StoredChunk(file, have, size)
            default_storage.save(new.path(folder), upload)
            held.append(new)
            have += size
        if have < piece.total:
            return have
        whole = _join(folder, held, name, piece.total)
        whole.sent_as = file  # type: ignore[attr-defined]
    except OSError as error:
        logger.exception("a piece could not be kept")
        raise StorageFull from error
    try:
        attached = attach(whole)
    except StorageFull:
        raise
    except DomainError:
        _delete_chunks(folder, held)
        raise
    _delete_chunks(folder, held)
    return attached


def _in_order(file: str, unfinished: list[_StoredChunk]) -> Iterator[_StoredChunk]:
    """The pieces of a file as far as they join."""
    starts = {chunk.start: chunk for chunk in unfinished if chunk.file == file}
    have = 0
    while chunk := starts.get(have):
        yield chunk
        have += chunk.size


def _check(
    upload: UploadedFile[Any], piece: Chunk, name: str, document: Document, unfinished: list[_StoredChunk]
) -> None:
    """Invalid when a file may not begin, or a person holds too much that is not finished."""
    begins = piece.start == 0
    if begins:
        check_kind(document.code, name, upload, document.accepts)
    files = len({chunk.file for chunk in unfinished})
    most = settings.QUOTA_UNFINISHED_MB * MIB
    too_large = bool(most) and sum(chunk.size for chunk in unfinished) + (upload.size or 0) > most
    if too_large or len(unfinished) >= MAX_CHUNKS or (begins and files >= MAX_UNFINISHED):
        refuse(document.code, _("Too many uploads are unfinished. Try again tomorrow."), "too_many_unfinished")


def _join(folder: str, held: list[_StoredChunk], name: str, total: int) -> UploadedFile[Any]:
    whole = tempfile.TemporaryFile()  # noqa: SIM115 – closed by whoever keeps the file
    for chunk in held:
        with default_storage.open(chunk.path(folder)) as stored:
            whole.writelines(stored.chunks())
    return UploadedFile(whole, name=name, size=total)


def _delete_chunks(folder: str, held: list[_StoredChunk]) -> None:
    """From the first on: what a failure leaves behind is no beginning of anything, and swept away."""
    try:
        for chunk in held:
            default_storage.delete(chunk.path(folder))
    except OSError:
        logger.exception("pieces of a finished file could not be deleted")


def _upload_id(place: str, name: str, piece: Chunk) -> str:
    return hashlib.sha256("\n".join((place, name, str(piece.total), piece.mark)).encode()).hexdigest()[:32]
