"""Pictures of files, kept in the store under previews/ with the file they are of: drawn once, seen by every host.

The file itself is never shown in a browser: a picture of ours is. It can be drawn again at any time, so none is backed
up.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

logger = logging.getLogger(__name__)
PLACE = "previews"
# Of a DXF: the paper it is drawn from, and what is known of its layers.
DRAWING, LAYERS = "drawing", "layers"
# Pages, their parts, their tiles, what is known of all of them, and which pages took too long.
_NAME = re.compile(r"\d{1,5}(-\d{1,3}-\d{1,3})?|t\d{1,5}(\.\d{1,3}){3}|sizes|drawing|layers|slow\d{1,5}\.[12]")
RETRY_AFTER = timedelta(hours=1)
_TWO = re.compile(r"[0-9a-f]{2}")
_JPEG = b"\xff\xd8\xff"


def _folder(key: UUID) -> str:
    return f"{PLACE}/{key.hex[:2]}/{key.hex}"


def store_previews(key: UUID, pictures: Mapping[str, bytes]) -> None:
    """OSError when the store does not take them; nothing is lost, they are drawn another time."""
    for name, content in pictures.items():
        if _NAME.fullmatch(name):
            default_storage.save(f"{_folder(key)}/{name}", ContentFile(content))


class State(StrEnum):
    THERE = "there"
    # It was tried and took too long or fell over: an empty file says so, and holds off the next try for a while.
    FAILED = "failed"
    MISSING = "missing"


def preview_state(key: UUID, name: str) -> State:
    """MISSING as well when the store does not answer."""
    path = f"{_folder(key)}/{name}"
    try:
        if default_storage.size(path):
            return State.THERE
        return State.FAILED if default_storage.get_modified_time(path) > timezone.now() - RETRY_AFTER else State.MISSING
    except OSError:
        return State.MISSING


def read_preview(key: UUID, name: str) -> bytes:
    """The picture; empty when it is not there or the store does not give it out."""
    try:
        with default_storage.open(f"{_folder(key)}/{name}") as stored:
            return stored.read()
    except OSError:
        return b""


def kind_of(picture: bytes) -> str:
    return "image/jpeg" if picture.startswith(_JPEG) else "image/png"


def grid(key: UUID, page: int) -> tuple[int, int]:
    """Rows and columns of the parts a page was drawn in; 0 and 0 when it was not."""
    try:
        names = default_storage.listdir(_folder(key))[1]
    except OSError:
        return 0, 0
    parts = [tuple(map(int, name.split("-")[1:])) for name in names if name.startswith(f"{page}-")]
    return (max(row for row, _ in parts), max(column for _, column in parts)) if parts else (0, 0)


def tiles_kept(key: UUID) -> int:
    """How many tiles there are of a file, with those that could not be drawn; none when the store does not say."""
    try:
        return sum(name.startswith("t") for name in default_storage.listdir(_folder(key))[1])
    except OSError:
        return 0


def delete_previews(key: UUID, before: datetime | None = None) -> int:
    """Delete all pictures of a file, or those drawn before; returns how many. What a failing store keeps, `sweep_files`
    finds.
    """
    return _delete(_folder(key), before)


def delete_strays(before: datetime) -> int:
    """Delete what lies between the folders of files: pictures as an older version of ours kept them."""
    twos = default_storage.listdir(PLACE)[0]
    return sum(_delete(f"{PLACE}/{two}", before) for two in twos if _TWO.fullmatch(two))


def _delete(folder: str, before: datetime | None) -> int:
    deleted = 0
    with contextlib.suppress(OSError):
        for name in default_storage.listdir(folder)[1]:
            path = f"{folder}/{name}"
            if before is None or default_storage.get_modified_time(path) < before:
                default_storage.delete(path)
                deleted += 1
        # The folder itself, where the store has such a thing and it is empty.
        default_storage.delete(folder)
    return deleted


def files_with_previews() -> list[UUID]:
    """The files of which there are pictures."""
    keys = []
    for two in filter(_TWO.fullmatch, default_storage.listdir(PLACE)[0]):
        for name in default_storage.listdir(f"{PLACE}/{two}")[0]:
            with contextlib.suppress(ValueError):
                keys.append(UUID(hex=name))
    return keys
