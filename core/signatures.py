"""Messages between us and a body are signed with a secret that both hold: HMAC-SHA256 over direction, time and content.

    Portal-Signature: t=1764300000,v1=hexadecimal

`v1` is the HMAC of "to." or "from." (to the body, from the body), the time `t` in seconds since 1970, ".", and the
content as it is sent. A message signed for one direction says nothing in the other; one older than five minutes
counts as replayed. A repeated delivery is signed anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "Portal-Signature"
MAX_AGE_SECONDS = 300
_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)
TO_BODY, FROM_BODY = "to", "from"


class BadSignature(Exception):
    """The signature is missing, not the body's, or too old."""


def sign(secret: str, direction: str, content: bytes, at: float) -> str:
    """The value of the header."""
    return f"t={int(at)},v1={_mac(secret, direction, int(at), content)}"


def check(secret: str, direction: str, content: bytes, header: str, now: float) -> None:
    """BadSignature unless whoever holds the secret signed this content in this direction just now."""
    match = _FORM.fullmatch(header)
    if match is None or not secret:
        raise BadSignature("no signature")
    at = int(match[1])
    if not hmac.compare_digest(_mac(secret, direction, at, content), match[2]):
        raise BadSignature("another signature")
    if abs(now - at) > MAX_AGE_SECONDS:
        raise BadSignature("too old")


def _mac(secret: str, direction: str, at: int, content: bytes) -> str:
    return hmac.new(secret.encode(), f"{direction}.{at}.".encode() + content, hashlib.sha256).hexdigest()
