"""The emblem of the municipality: a file of its own, named by a setting. Without one a mark of ours stands there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

MAX_BYTES = 40_000
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}


@dataclass(frozen=True)
class Emblem:
    content: bytes
    content_type: str

    @property
    def version(self) -> str:
        """Stands in the address, so that browsers keep it until it is another."""
        return hashlib.sha256(self.content).hexdigest()[:12]


class BadEmblem(ValueError):
    """The file that was named cannot be shown; says why."""


def read_emblem(path: Path) -> Emblem:
    """Raises BadEmblem."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise BadEmblem(f"{path.name} is not SVG, PNG or WebP")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadEmblem(f"{path.name} cannot be read: {error.strerror}") from None
    if not 0 < len(content) <= MAX_BYTES:
        raise BadEmblem(f"{path.name} has {len(content)} bytes; at most {MAX_BYTES} are shown")
    return Emblem(content, kind)


@cache
def emblem() -> Emblem | None:
    """Read once a process. One that cannot be shown is reported by `manage.py check`; pages show our mark."""
    try:
        return read_emblem(Path(settings.EMBLEM_FILE)) if settings.EMBLEM_FILE else None
    except BadEmblem:
        return None
