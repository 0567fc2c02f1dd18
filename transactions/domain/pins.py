"""The secret printed on a receipt: eight digits (26.5 bits) that belong to a reference.

It is derived, HMAC-SHA-256 of the reference under a server key, so the same receipt can be shown again byte for
byte and nothing secret lies in the database. Wrong tries are counted strictly (inquiry.services), which protects
a short secret better than a slow hash would.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from core.text import compact

from .references import is_of_box

DIGITS = 8


def derive_pin(
    reference: str,
    serial: int = 0,
    *,
    member: tuple[int, int] | None = None,
    delegate: tuple[int, int] | None = None,
) -> str:
    """The PIN of a reference: eight western digits. `serial` counts how often it was renewed.

    Each person of an engineering office has one of their own, by (authorisation, person), and each delegate, by
    (delegation, person): it opens while both hold.
    """
    renewed = f":{serial}" if serial else ""
    subject = f"receipt pin:{reference}{renewed}"
    if member is not None:
        subject = f"office pin:{reference}:{member[0]}:{member[1]}"
    elif delegate is not None:
        subject = f"delegate pin:{reference}:{delegate[0]}:{delegate[1]}"
    digest = hmac.digest(_key_of(reference).encode(), subject.encode(), hashlib.sha256)
    return str(int.from_bytes(digest[:8], "big") % 10**DIGITS).zfill(DIGITS)


def box_key(node: str) -> str:
    """The key that an office box has for its own numbers: it opens no other's."""
    return hmac.new(settings.RECEIPT_PIN_KEY.encode(), f"office box:{node}".encode(), hashlib.sha256).hexdigest()


def _key_of(reference: str) -> str:
    return settings.RECEIPT_PIN_KEY if settings.OFFICE_BOX or not is_of_box(reference) else box_key(reference[:2])


def format_pin(pin: str) -> str:
    """As printed: two groups of four."""
    return f"{pin[:4]} {pin[4:]}"


def pin_matches(reference: str, typed: str, serial: int = 0, **holder: tuple[int, int]) -> bool:
    """Is what was typed the PIN that `derive_pin` gives (`member`, `delegate` as there)?"""
    return hmac.compare_digest(derive_pin(reference, serial, **holder).encode(), compact(typed).encode())
