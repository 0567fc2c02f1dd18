"""The token in which the national sign-on vouches for somebody: read strictly, or refused with a code. No rows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from core.text import is_storable, one_line

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key of the provider's own alone: nothing that we could have made as well."""
MAX_TOKEN = 8192
LEEWAY = timedelta(seconds=30)
"""How far two clocks may be apart."""
MAX_LIFETIME = timedelta(minutes=15)
NAMES = ("firstName", "secondName", "thirdName", "lastName")
COMPLETED = "COMPLETED"
SIGNATURE_ALONE: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "jti")}
FindKey = Callable[[str], "jwt.PyJWK | None"]


class TokenRefused(Exception):
    """`code` says what was wrong, for the log; whoever sent the token is told nothing of it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Asked:
    """What a token has to fit: whom it is for, who signs, and the request it answers."""

    audience: str
    issuer: str
    transaction_id: str
    national_id: str
    at: datetime


@dataclass(frozen=True)
class Vouched:
    """What counts of a token: its own number (counted once), and the name in the national register."""

    token_id: str
    full_name: str


def read_token(token: str, asked: Asked, find_key: FindKey, *, now: datetime) -> Vouched:
    """What a token vouches for. TokenRefused for any that is not signed by the provider for this very request."""
    claims = _signed_claims(token, find_key)
    _fits(claims, "iss", asked.issuer)
    if claims.get("aud") not in (asked.audience, [asked.audience]):
        raise TokenRefused("aud")
    _in_time(claims, asked, now)
    _fits(claims, "transId", asked.transaction_id)
    _fits(claims, "status", COMPLETED)
    if _person(claims) != asked.national_id:
        raise TokenRefused("person")
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not 8 <= len(token_id) <= 100 or not is_storable(token_id):
        raise TokenRefused("jti")
    return Vouched(token_id, _full_name(claims))


def transaction_of(token: str) -> str:
    """Which request a token says it answers, unchecked: to look a row up by. TokenRefused when it says none."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRefused("shape") from None
    transaction_id = claims.get("transId")
    if not isinstance(transaction_id, str) or not transaction_id or not is_storable(transaction_id):
        raise TokenRefused("transId")
    return transaction_id[:100]


def _signed_claims(token: str, find_key: FindKey) -> dict[str, Any]:
    if len(token) > MAX_TOKEN or not token.isascii() or not all(map(_is_canonical, token.split("."))):
        raise TokenRefused("shape")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRefused("shape") from None
    kid = header.get("kid")
    if header.get("alg") not in ALGORITHMS or "crit" in header or not isinstance(kid, str):
        raise TokenRefused("header")
    key = find_key(kid)
    if key is None:
        raise TokenRefused("kid")
    if key.algorithm_name != header["alg"]:
        raise TokenRefused("alg")
    # Times are held against the clock that is passed in, below.
    try:
        claims: dict[str, Any] = jwt.decode(token, key.key, [header["alg"]], options=SIGNATURE_ALONE)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRefused("signature") from None
    return claims


def _is_canonical(part: str) -> bool:
    """Is this the one way to write these bytes in base64url? Others decode to the same, and would be a second token."""
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return False
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode() == part


def _fits(claims: Mapping[str, Any], name: str, expected: str) -> None:
    if not expected or claims.get(name) != expected:
        raise TokenRefused(name)


def _in_time(claims: Mapping[str, Any], asked: Asked, now: datetime) -> None:
    """Valid now, for a short while, and since the request was made: an older one answers another."""
    expires, begins = (_moment(claims, name) for name in ("exp", "nbf"))
    leeway = LEEWAY.total_seconds()
    if now.timestamp() >= expires + leeway or expires - begins > MAX_LIFETIME.total_seconds():
        raise TokenRefused("exp")
    if not asked.at.timestamp() - leeway <= begins <= now.timestamp() + leeway:
        raise TokenRefused("nbf")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        raise TokenRefused(name)
    return float(value)


def _person(claims: Mapping[str, Any]) -> str:
    """The one number the token names: of a citizen or of a resident, not both."""
    numbers = [claims[name] for name in ("nationalId", "iqamaNumber") if claims.get(name) not in (None, "")]
    if len(numbers) != 1 or not isinstance(numbers[0], str):
        raise TokenRefused("person")
    return numbers[0]


def _full_name(claims: Mapping[str, Any]) -> str:
    """The four parts of the name in one line; a part somebody does not have is left out."""
    parts = [claims.get(name) for name in NAMES]
    if any(part is not None and not isinstance(part, str) for part in parts):
        raise TokenRefused("name")
    name = one_line(" ".join(part for part in parts if part))
    if not any(char.isalpha() for char in name) or len(name) > 150:
        raise TokenRefused("name")
    return name
