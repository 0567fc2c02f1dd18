"""Attachments under MEDIA_ROOT."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class Disk(FileSystemStorage):
    """Files are on the disk (fsync) and whole before they have their name."""

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        unfinished = Path(self.path(f"unfinished/{uuid.uuid4().hex}"))
        try:
            for place in (target, unfinished):
                place.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("xb") as out:
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

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        try:
            return super().listdir(path)
        except FileNotFoundError:
            return [], []


def _sync(folder: Path) -> None:
    """The new name too must outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
