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
from .looking import refuse
from .services import NoRoom, check_kind, check_size

logger = logging.getLogger(__name__)
MOST_UNFINISHED = 40
# Forty files of 50 MB in the pieces a browser sends; whoever sends smaller ones has fewer files at once.
MOST_PIECES = 4000


_RANGE = re.compile(r"bytes ([0-9]{1,12})-([0-9]{1,12})/([0-9]{1,12})")


class NotAPiece(DomainError):
    """What says where a piece belongs is not well formed, or does not fit the piece: nothing is kept of it."""

    def __init__(self) -> None:
        super().__init__("content_range", _("The position given for this part of the file is wrong."))


@dataclass(frozen=True)
class Piece:
    """Where a piece belongs: `start` and `total` in bytes, `mark` is what the sender knows the file by."""

    start: int
    total: int
    mark: str

    @classmethod
    def said(cls, content_range: str, size: int, mark: str) -> Piece:
        """As the Content-Range of a piece of this size says. NotAPiece when that is anything else."""
        found = _RANGE.fullmatch(content_range)
        first, last, total = map(int, found.groups()) if found else (0, 0, 0)
        if not (first <= last < total and last - first + 1 == size):
            raise NotAPiece
        return cls(first, total, mark[:40])


@dataclass(frozen=True)
class _Held:
    """A piece in the store, named <file>.<start>.<size>."""

    file: str
    start: int
    size: int

    @classmethod
    def named(cls, name: str) -> _Held:
        file, start, size = name.split(".")
        return cls(file, int(start), int(size))

    def path(self, folder: str) -> str:
        return f"{folder}/{self.file}.{self.start}.{self.size}"


def receive(
    upload: UploadedFile[Any],
    piece: Piece,
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
    folder, file = f"up/{by.pk}", _mark(place, name, piece)
    try:
        unfinished = [_Held.named(found) for found in default_storage.listdir(folder)[1]]
        held = list(_in_order(file, unfinished))
        have = sum(one.size for one in held)
        if not held and (there := beside.filter(sent_as=file, uploaded_by=by, removed_at=None).first()):
            return there
        if piece.start == have and 0 < size <= piece.total - have:
            _check(upload, piece, name, document, unfinished)
            new = _Held(file, have, size)
            default_storage.save(new.path(folder), upload)
            held.append(new)
            have += size
        if have < piece.total:
            return have
        whole = _joined(folder, held, name, piece.total)
        whole.sent_as = file  # type: ignore[attr-defined]
    except OSError as error:
        logger.exception("a piece could not be kept")
        raise NoRoom from error
    try:
        attached = attach(whole)
    except NoRoom:
        raise
    except DomainError:
        _forget(folder, held)
        raise
    _forget(folder, held)
    return attached


def _in_order(file: str, unfinished: list[_Held]) -> Iterator[_Held]:
    """The pieces of a file as far as they join."""
    starts = {one.start: one for one in unfinished if one.file == file}
    have = 0
    while one := starts.get(have):
        yield one
        have += one.size


def _check(upload: UploadedFile[Any], piece: Piece, name: str, document: Document, unfinished: list[_Held]) -> None:
    """Invalid when a file may not begin, or a person holds too much that is not finished."""
    begins = piece.start == 0
    if begins:
        check_kind(document.code, name, upload, document.accepts)
    files = len({one.file for one in unfinished})
    most = settings.QUOTA_UNFINISHED_MB * MIB
    too_large = bool(most) and sum(one.size for one in unfinished) + (upload.size or 0) > most
    if too_large or len(unfinished) >= MOST_PIECES or (begins and files >= MOST_UNFINISHED):
        refuse(document.code, _("Too many uploads are unfinished. Try again tomorrow."), "too_many_unfinished")


def _joined(folder: str, held: list[_Held], name: str, total: int) -> UploadedFile[Any]:
    whole = tempfile.TemporaryFile()  # noqa: SIM115 – closed by whoever keeps the file
    for one in held:
        with default_storage.open(one.path(folder)) as stored:
            whole.writelines(stored.chunks())
    return UploadedFile(whole, name=name, size=total)


def _forget(folder: str, held: list[_Held]) -> None:
    """From the first on: what a failure leaves behind is no beginning of anything, and swept away."""
    try:
        for one in held:
            default_storage.delete(one.path(folder))
    except OSError:
        logger.exception("pieces of a finished file could not be deleted")


def _mark(place: str, name: str, piece: Piece) -> str:
    return hashlib.sha256("\n".join((place, name, str(piece.total), piece.mark)).encode()).hexdigest()[:32]
