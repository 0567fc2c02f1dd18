"""Attachments under MEDIA_ROOT."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class Disk(FileSystemStorage):
    """Files are on the disk (fsync) and whole before they have their name. Nobody but the portal's user reads them,
    whatever umask it was started with.
    """

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        unfinished = Path(self.path(f"unfinished/{uuid.uuid4().hex}"))
        try:
            for folder in (Path(self.location), target.parent, unfinished.parent):
                _private(folder)
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                for chunk in content.chunks():
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(target)
            _sync(target.parent)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        return name

    def link(self, name: str, other: str) -> None:
        """Keep a file under another name as well; the bytes stay as long as either name does. FileNotFoundError."""
        target = Path(self.path(other))
        _private(target.parent)
        os.link(self.path(name), target)
        _sync(target.parent)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        try:
            return super().listdir(path)
        except FileNotFoundError:
            return [], []


def _private(folder: Path) -> None:
    """There, and closed to all others; one that an older version left open too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _sync(folder: Path) -> None:
    """The new name too must outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
