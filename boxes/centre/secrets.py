"""What the centre opens deliveries with, and signs its words to boxes with."""

from __future__ import annotations

import contextlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyrage
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from journal import chain, keys

from .. import words


@lru_cache(maxsize=4)
def _read(path: str, may_create: bool) -> str:
    place = Path(path)
    if not place.exists():
        if not may_create:
            raise ImproperlyConfigured(f"There is no age identity in {path}: set BOXES_IDENTITY_FILE.")
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(f"{pyrage.x25519.Identity.generate()}\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first, and has made it whole
            os.link(fresh, place)
        fresh.unlink()
    return place.read_text(encoding="ascii").strip()


def identity() -> str:
    """Opens what boxes seal for the centre. ImproperlyConfigured where there is none, outside a demo."""
    return _read(settings.BOXES_IDENTITY_FILE, settings.DEMO)


def recipient() -> str:
    """What boxes seal it for."""
    return str(pyrage.x25519.Identity.from_str(identity()).to_public())


def our_chain() -> str:
    """The name our words go out under: node, letter, lot. Call inside a transaction."""
    return f"{settings.JOURNAL_NODE}{settings.JOURNAL_INCARNATION}{chain.lot()}"


def sign(kind: str, body: dict[str, Any], name: str) -> str:
    """A word of the centre, under the key of its journal; `name` is `our_chain`."""
    return words.sign(kind, body, name, keys.signing_key())
