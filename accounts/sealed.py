"""Secrets of second factors at rest: sealed with a key that is not in the database.

SECOND_FACTOR_KEYS: the first seals, all of them open; SECRET_KEY seals where none is set and opens always. What was
written before is opened as it stands and sealed by `reseal`, which upkeep runs daily and after a change of keys.
"""

from __future__ import annotations

import base64
import logging
import secrets
from functools import lru_cache

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)
PREFIX = "sealed1:"
SECRETS = ("secret", "seed")


def _keys() -> tuple[str, ...]:
    return (*settings.SECOND_FACTOR_KEYS, settings.SECRET_KEY)


@lru_cache(maxsize=16)
def _fernet(key: str) -> Fernet:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"jeddah-portal second factors").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(made))


def seal(text: str) -> str:
    """The text as it may lie in the database."""
    return PREFIX + _fernet(_keys()[0]).encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """What was sealed. With no key that fits, a secret nobody has: no code matches it, and the log says why."""
    if not text.startswith(PREFIX):
        return text
    try:
        opened = MultiFernet([_fernet(key) for key in _keys()]).decrypt(text.removeprefix(PREFIX).encode())
    except InvalidToken:
        logger.critical("no key opens a second factor: SECOND_FACTOR_KEYS or SECRET_KEY was changed")
        return base64.b32encode(secrets.token_bytes(20)).decode()
    return opened.decode()


def _by_the_first_key(text: str) -> bool:
    try:
        _fernet(_keys()[0]).decrypt(text.removeprefix(PREFIX).encode())
    except InvalidToken:
        return False
    return text.startswith(PREFIX)


def _can_be_opened(text: str) -> bool:
    if not text.startswith(PREFIX):
        return True
    try:
        MultiFernet([_fernet(key) for key in _keys()]).decrypt(text.removeprefix(PREFIX).encode())
    except InvalidToken:
        return False
    return True


def reseal() -> int:
    """Seal with the first key whatever is not yet; returns how many second factors were written. Run as often as one
    likes; what no key opens is left alone."""
    done = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is not None and _reseal(row):
                row.save(update_fields=["data"])
                done += 1
    return done


def _reseal(row: Authenticator) -> bool:
    changed = False
    for name in SECRETS:
        text = row.data.get(name)
        if isinstance(text, str) and not _by_the_first_key(text) and _can_be_opened(text):
            row.data[name] = seal(unseal(text))
            changed = True
    return changed
