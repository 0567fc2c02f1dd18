"""Signed words of the centre to a box: what it has, and the news it sends down. No Django, no rows.

word = JSON {"word": base64(JSON), "chain": "C1A", "signature": base64}; Ed25519 over DOMAIN ‖ kind ‖ 0 ‖ word. The box
believes the chains its enrolment names, and those of the centre that a node list it trusts has added since.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DOMAIN = b"jeddah-portal word to a box v1\x00"
ACKNOWLEDGED, NEWS, ASKED = "acknowledged", "news", "asked"
MAX_BYTES = 64 << 20


class NotBelieved(ValueError):
    """This is no word of the centre's; `str` says why, for operators."""


def sign(kind: str, body: Mapping[str, Any], chain: str, key: Ed25519PrivateKey) -> str:
    """A word of this kind, under the key of this chain."""
    raw = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signature = key.sign(_signed(kind, raw))
    parts = {"word": base64.b64encode(raw).decode(), "signature": base64.b64encode(signature).decode()}
    return json.dumps(parts | {"chain": chain})


def read(kind: str, text: str | bytes, trusted: Mapping[str, bytes]) -> dict[str, Any]:
    """What a word of this kind says, if one of the trusted keys (by chain) signed it. NotBelieved."""
    if len(text) > MAX_BYTES:
        raise NotBelieved("it is too long")
    try:
        item = json.loads(text)
        raw, signature = (base64.b64decode(item[name], validate=True) for name in ("word", "signature"))
        key = trusted[item["chain"]]
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _signed(kind, raw))
        body: dict[str, Any] = json.loads(raw)
    except InvalidSignature as error:
        raise NotBelieved("its signature is not good") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotBelieved(f"it is no word of the centre's ({type(error).__name__})") from error
    return body


def _signed(kind: str, raw: bytes) -> bytes:
    return DOMAIN + kind.encode() + b"\x00" + raw
