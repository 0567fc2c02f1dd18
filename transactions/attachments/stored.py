"""The one door to stored files: what is kept is whole, what is handed out is what was uploaded."""

from __future__ import annotations

import hashlib
import logging
from typing import Any, Protocol

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from ..domain.errors import DomainError

logger = logging.getLogger(__name__)


class StoredFile(Protocol):
    """A row that names a file in the store and what is to be in it: an attachment, a signed paper."""

    stored_as: str
    sha256: str


class StorageFull(DomainError):
    """The store is full or does not answer. Nothing is kept of the file."""

    def __init__(self) -> None:
        super().__init__("no_room", _("The file could not be stored just now. None of it was kept; try again later."))


class StorageUnavailable(OSError):
    """The store does not give out a file just now."""


def write(upload: UploadedFile[Any], stored_as: str) -> None:
    """Keep a file under a name of ours. StorageFull when the store fails."""
    try:
        default_storage.save(stored_as, upload)
    except OSError as error:
        logger.exception("a file could not be kept")
        raise StorageFull from error


def copy(file: StoredFile, stored_as: str) -> bool:
    """Keep a stored file under another name too, without moving its bytes where the store can; False when it fails."""
    try:
        default_storage.link(file.stored_as, stored_as)  # type: ignore[attr-defined]  # both stores have it
    except OSError:
        logger.exception("a file could not be copied")
        return False
    return True


def open_intact(file: StoredFile) -> File[bytes] | None:
    """A stored file, to be read from its beginning and closed; None when it is lost or not what was uploaded.

    Whoever hands a file out, draws it or copies it comes through here. OutOfReach when the store fails.
    """
    try:
        stored = default_storage.open(file.stored_as)
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.exception("a file could not be read")
        raise StorageUnavailable from error
    digest = hashlib.sha256()
    for chunk in stored.chunks():
        digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        logger.error("a stored file is not what was uploaded", extra={"stored_as": file.stored_as})
        stored.close()
        return None
    stored.seek(0)
    return stored
