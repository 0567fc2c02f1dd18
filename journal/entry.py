"""What an entry is: canonical bytes, a hash that chains it to the one before. Pure, no Django.

hash = SHA-256(DOMAIN ‖ previous hash ‖ body); the body is JSON with sorted keys, no spaces, UTF-8, and holds text
and whole numbers only, so that the same entry is the same bytes everywhere. Bodies are stored as they are and
never serialised a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

DOMAIN = b"jeddah-portal journal entry v1\x00"
GENESIS = bytes(32)
VERSION = 1


def canonical(body: Mapping[str, Any]) -> bytes:
    """The bytes of a body; TypeError when a value is neither text nor a whole number."""
    for key, value in body.items():
        if not isinstance(key, str) or isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"a journal body holds text and whole numbers only: {key!r}")
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous: bytes, body: bytes) -> bytes:
    """The hash (32 bytes) of an entry whose predecessor's hash is `previous`."""
    return hashlib.sha256(DOMAIN + previous + body).digest()


def second_of(at: datetime) -> str:
    """An aware moment as it stands in an entry."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def body_of(
    *, kind: str, subject: str, facts: Mapping[str, str | int], node: str, incarnation: str, seq: int, at: datetime
) -> bytes:
    """Canonical bytes of one entry. `at` is aware; it is written in UTC to the second."""
    head = {
        "v": VERSION,
        "kind": kind,
        "ref": subject,
        "node": node,
        "inc": incarnation,
        "seq": seq,
        "at": second_of(at),
    }
    if clash := set(head) & set(facts):
        raise ValueError(f"facts may not overwrite {sorted(clash)}")
    return canonical({**head, **facts})


def person_mark(salt: str, national_id: str) -> str:
    """Stands for a person in an entry: whoever knows the salt and the ID can check it, nobody can read it back."""
    return hashlib.sha256(f"person:{salt}:{national_id}".encode()).hexdigest()[:32]
