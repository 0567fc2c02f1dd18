"""Certificates as a real authority gives them, for papers."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .cast import NOW


def rsa_authority(days=400):
    """A key and its certificate with that of its issuer, as a real authority gives them; valid so many days on."""
    issuer, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _each in range(2))
    made = []
    for name, own, lasts in (("Papers", key, days), ("Root", issuer, 4000)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root")]))
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=30))
            .not_valid_after(NOW + timedelta(days=lasts))
        )
        made.append(builder.sign(issuer, hashes.SHA256()))
    return key, made
