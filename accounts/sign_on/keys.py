"""The provider's public keys: remembered for an hour, asked for anew when a token names one we do not know (rotation).

While the provider does not answer, keys that were fetched within the last day go on counting; older ones do not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .tokens import ALGORITHMS

logger = logging.getLogger(__name__)
FRESH, USABLE = 3600.0, 24 * 3600.0
PAUSE = 15.0
"""Seconds before the provider is asked again for a key that it did not have: a stranger may send any token."""
MAX_KEYS = 20
MIN_RSA_BITS = 2048


class KeyRing:
    """`fetch` returns the members of a JWK set; whatever it raises (`failures`) leaves the keys there are."""

    def __init__(self, fetch: Callable[[], Sequence[Any]], failures: tuple[type[Exception], ...]) -> None:
        self._fetch, self._failures = fetch, failures
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._asking = threading.Lock()

    def find(self, kid: str) -> jwt.PyJWK | None:
        """The key of this name; None when the provider has none, or has not been asked for a day."""
        if self._is_older_than(FRESH) or kid not in self._keys:
            self._renew()
        return None if self._is_older_than(USABLE) else self._keys.get(kid)

    def forget(self) -> None:
        """Begin anew."""
        self._keys, self._fetched_at, self._asked_at = {}, None, None

    def _is_older_than(self, seconds: float) -> bool:
        return self._fetched_at is None or time.monotonic() - self._fetched_at > seconds

    def _renew(self) -> None:
        with self._asking:
            if self._asked_at is not None and time.monotonic() - self._asked_at < PAUSE:
                return
            self._asked_at = time.monotonic()
            try:
                fetched = self._fetch()
            except self._failures as error:
                logger.warning("the keys of the national sign-on were not fetched", extra={"error": str(error)})
                return
            self._keys, self._fetched_at = _usable(fetched), time.monotonic()


def _usable(members: Sequence[Any]) -> dict[str, jwt.PyJWK]:
    """Keys to check signatures with, by their names: public ones, long enough, of an algorithm we take."""
    keys = {}
    for member in members[:MAX_KEYS]:
        if not isinstance(member, dict) or member.get("use", "sig") != "sig" or member.get("kty") not in ("RSA", "EC"):
            continue
        try:
            key = jwt.PyJWK(member)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        if key.key_id and key.algorithm_name in ALGORITHMS and _is_strong(key.key):
            keys[key.key_id] = key
    return keys


def _is_strong(key: object) -> bool:
    if isinstance(key, RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    return isinstance(key, EllipticCurvePublicKey)
