"""Receipt tokens: what a QR carries. A token holds the whole entry, so paper alone can prove itself.

token = base64url(previous hash (32) ‖ signature (64) ‖ body), without padding. Whoever has the node's public key
can check the signature offline; this site can also say whether the journal has the entry, and how things stand.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature

from . import keys
from .entry import link
from .models import Chain, Entry

MOST_CHARACTERS = 4000
_CHAIN = re.compile(r"[A-Z][0-9A-Z]/[A-Z]")  # node and incarnation, as in the numbers of transactions
_doubt: Callable[[Callable[[], bool]], bool] | None = None
_status: Callable[[str, Mapping[str, Any]], str | None] | None = None


def register_status(say: Callable[[str, Mapping[str, Any]], str | None]) -> None:
    """Give the verify page somebody to ask how a subject stands now (transactions does at start)."""
    global _status
    _status = say


def register_doubt(ask_again: Callable[[Callable[[], bool]], bool]) -> None:
    """Give the verify page somebody to ask again who reads from where entries are written (transactions does)."""
    global _doubt
    _doubt = ask_again


def status_now(subject: str, body: Mapping[str, Any]) -> str | None:
    return _status(subject, body) if _status else None


def token(entry: Entry) -> str:
    packed = bytes(entry.previous_hash) + bytes(entry.signature) + bytes(entry.body)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


@dataclass(frozen=True)
class Check:
    """What can be said of a token. `body` is None when it cannot be read at all."""

    signature_good: bool
    in_journal: bool
    body: dict[str, Any] | None

    @property
    def subject(self) -> str:
        return str((self.body or {}).get("ref", ""))


def check(text: str) -> Check:
    """Check a token: is the signature that of one of our nodes, and is the entry in the journal?"""
    parts = _unpack(text)
    if parts is None:
        return Check(False, False, None)
    previous, signature, raw, body = parts
    digest = link(previous, raw)
    chain = Chain.objects.filter(node=body["node"], incarnation=body["inc"]).first()
    if chain is None or not _signed(bytes(chain.public_key), signature, digest):
        return Check(False, False, body)
    seq = body.get("seq")
    if not isinstance(seq, int):
        return Check(True, False, body)
    held = Entry.objects.filter(chain=chain, seq=seq, hash=digest)
    return Check(True, held.exists() or bool(_doubt and _doubt(held.all().exists)), body)


def _unpack(text: str) -> tuple[bytes, bytes, bytes, dict[str, Any]] | None:
    text = text.strip().rstrip("/").rsplit("/", 1)[-1]
    if not text or len(text) > MOST_CHARACTERS:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        body = json.loads(packed[96:].decode())
    except (binascii.Error, ValueError, RecursionError):
        return None
    if len(packed) <= 96 or not isinstance(body, dict):
        return None
    # Nobody has signed this yet, so it may hold anything, also what no database takes.
    if not _CHAIN.fullmatch(f"{body.get('node')}/{body.get('inc')}"):
        return None
    return packed[:32], packed[32:96], packed[96:], body


def _signed(public: bytes, signature: bytes, digest: bytes) -> bool:
    try:
        keys.public_key(public).verify(signature, digest)
    except InvalidSignature:
        return False
    return True
