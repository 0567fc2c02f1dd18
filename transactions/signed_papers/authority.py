"""With whose key papers are signed: a certificate and its key from a file, a key in an HSM, or a demonstration's own.

PAPER_SIGNING_FILE holds certificate, key and the certificates above it (PKCS#12 or PEM). With PAPER_SIGNING_PKCS11 the
key is in a module and the file holds certificates alone. A demo without either makes an authority of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import demo_authority

PEM = b"-----BEGIN"
# Of what remains of a certificate: whoever is on duty hears of it so long before.
WARN_BEFORE = timedelta(days=60)


@dataclass(frozen=True)
class Authority:
    """A certificate with those above it, and its key where it is ours to hold (PKCS#8, DER)."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: bytes | None
    is_demo: bool

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def pem(self) -> str:
        """Its certificate and those above it, as published."""
        return "".join(each.public_bytes(Encoding.PEM).decode() for each in (self.certificate, *self.chain))

    def is_valid_at(self, now: datetime) -> bool:
        return self.certificate.not_valid_before_utc <= now <= self.certificate.not_valid_after_utc


def current(now: datetime) -> Authority:
    """What papers are signed with now. ImproperlyConfigured says what is absent, unreadable or over."""
    if settings.PAPER_SIGNING_FILE:
        path = Path(settings.PAPER_SIGNING_FILE)
        if not path.is_file():
            raise ImproperlyConfigured(f"PAPER_SIGNING_FILE: there is no file {path.name}.")
        known = _read(
            path, path.stat().st_mtime_ns, settings.PAPER_SIGNING_PASSWORD, bool(settings.PAPER_SIGNING_PKCS11)
        )
    elif settings.DEMO:
        path = demo_authority.ready(Path(settings.PAPER_DEMO_KEYS), now)
        known = _read(path, path.stat().st_mtime_ns, "", False, is_demo=True)
    else:
        raise ImproperlyConfigured("Set PAPER_SIGNING_FILE: documents cannot be signed without a certificate.")
    if not known.is_valid_at(now):
        since, until = known.certificate.not_valid_before_utc, known.certificate.not_valid_after_utc
        raise ImproperlyConfigured(f"The certificate that signs documents is valid from {since} to {until} only.")
    return known


def trouble(now: datetime) -> str:
    """Why documents cannot be signed now, or will not for long; empty when all is well. A demo renews its own."""
    if settings.DEMO and not settings.PAPER_SIGNING_FILE:
        return ""
    try:
        until = current(now).certificate.not_valid_after_utc
    except ImproperlyConfigured as error:
        return str(error)
    if until - now < WARN_BEFORE:
        return f"The certificate that signs documents ends on {until:%Y-%m-%d}: put a new one into PAPER_SIGNING_FILE."
    return ""


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, password: str, key_elsewhere: bool, is_demo: bool = False) -> Authority:
    content = path.read_bytes()
    secret = password.encode() or None
    try:
        key: Any = None
        if PEM not in content[:4096]:
            key, first, more = pkcs12.load_key_and_certificates(content, secret)
            certificates = [*([first] if first else []), *more]
        else:
            certificates = x509.load_pem_x509_certificates(content)
            if not key_elsewhere:
                key = load_pem_private_key(content, secret if b"ENCRYPTED" in content else None)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"PAPER_SIGNING_FILE: {path.name} cannot be read: {error}") from error
    if not certificates or (key is None and not key_elsewhere):
        raise ImproperlyConfigured(f"PAPER_SIGNING_FILE: {path.name} holds no certificate, or no key.")
    signing = _whose(certificates, key)
    packed = None if key is None else key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Authority(signing, tuple(each for each in certificates if each != signing), packed, is_demo)


def _whose(certificates: Sequence[x509.Certificate], key: Any) -> x509.Certificate:
    """The certificate of this key; the first where the key is in an HSM."""
    if key is None:
        return certificates[0]
    ours = _public(key.public_key())
    for certificate in certificates:
        if _public(certificate.public_key()) == ours:
            return certificate
    raise ImproperlyConfigured("PAPER_SIGNING_FILE: none of its certificates is that of its key.")


def _public(key: Any) -> bytes:
    public: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public


def hsm_session() -> AbstractContextManager[Any]:
    """A session with the module that PAPER_SIGNING_PKCS11 names; of nothing where the key is in a file."""
    if not settings.PAPER_SIGNING_PKCS11:
        return nullcontext()
    try:
        from pyhanko.config.pkcs11 import TokenCriteria
        from pyhanko.sign.pkcs11 import open_pkcs11_session
    except ImportError as error:
        raise ImproperlyConfigured("PAPER_SIGNING_PKCS11 needs the package python-pkcs11.") from error
    module, token, _label = settings.PAPER_SIGNING_PKCS11.split("|")
    session: AbstractContextManager[Any] = open_pkcs11_session(
        module, token_criteria=TokenCriteria(label=token), user_pin=settings.PAPER_SIGNING_PASSWORD
    )
    return session
