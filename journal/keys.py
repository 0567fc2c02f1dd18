"""The node's Ed25519 key: from the environment, from a file, or made once for a demo."""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core.write_once import write_once


def signing_key() -> Ed25519PrivateKey:
    """The private key of this node; ImproperlyConfigured when there is none outside the demo."""
    return load(settings.JOURNAL_KEY, str(settings.JOURNAL_KEY_FILE), settings.DEMO)


def public_bytes() -> bytes:
    """The public half, 32 bytes."""
    return _public_half(signing_key())


@lru_cache(maxsize=4)
def load(encoded: str, path: str, may_create: bool) -> Ed25519PrivateKey:
    """The key in `encoded` or, if that is empty, in the file; made there when it may be and is missing."""
    if encoded:
        seed = base64.b64decode(encoded, validate=True)
    elif Path(path).exists():
        seed = base64.b64decode(Path(path).read_text(encoding="ascii").strip(), validate=True)
    elif may_create:
        seed = _create(Path(path))
    else:
        raise ImproperlyConfigured(f"There is no key in {path}: set JOURNAL_KEY, or put the key into JOURNAL_KEY_FILE.")
    if len(seed) != 32:
        raise ImproperlyConfigured("The journal key is 32 bytes, base64.")
    return Ed25519PrivateKey.from_private_bytes(seed)


def _create(path: Path) -> bytes:
    """Make a key for a demo. Two processes may start at once: whoever is second reads the first one's key."""
    return base64.b64decode(write_once(path, base64.b64encode(os.urandom(32)) + b"\n").strip())


@lru_cache(maxsize=4)
def _public_half(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


@lru_cache(maxsize=64)
def public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)
