"""A demonstration signs its papers with a key of its own: made at the first paper, readable by its owner alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from core.write_once import write_once

ORGANISATION = "Jeddah Municipality (demonstration)"
AUTHORITY_YEARS, SIGNER_DAYS = 20, 730
# A new certificate is made so long before the old one ends.
RENEWED_BEFORE = timedelta(days=90)
# Clocks differ.
SINCE = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey


def ready(folder: Path, now: datetime) -> Path:
    """The file with key and certificates for papers of `now`, made if there is none; 0600."""
    folder.mkdir(parents=True, exist_ok=True)
    for known in sorted(folder.glob("papers-*.pem"), reverse=True):
        certificate = x509.load_pem_x509_certificates(known.read_bytes())[0]
        if certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED_BEFORE:
            return known
    key, issuer = _authority(folder / "papers-authority.key", now)
    return _signer(folder / f"papers-{now:%Y%m%d}.pem", key, issuer, now)


def _authority(path: Path, now: datetime) -> tuple[Key, x509.Certificate]:
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Demonstration authority")
        made = _certificate(name, name, key, key, now, timedelta(days=365 * AUTHORITY_YEARS), is_authority=True)
        write_once(path, _pem(key) + made.public_bytes(Encoding.PEM))
    content = path.read_bytes()
    read = load_pem_private_key(content, None)
    if not isinstance(read, Key):
        raise ValueError(f"{path.name} holds no key of ours")
    return read, x509.load_pem_x509_certificates(content)[0]


def _signer(path: Path, issuer_key: Key, issuer: x509.Certificate, now: datetime) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Documents of the demonstration")
    made = _certificate(name, issuer.subject, key, issuer_key, now, timedelta(days=SIGNER_DAYS), is_authority=False)
    write_once(path, _pem(key) + made.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM))
    return path


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "SA"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    name: x509.Name, issuer: x509.Name, key: Key, by: Key, now: datetime, lasts: timedelta, *, is_authority: bool
) -> x509.Certificate:
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    certifies = {"key_cert_sign": is_authority, "crl_sign": is_authority}
    signs = {"digital_signature": not is_authority, "content_commitment": not is_authority}
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SINCE)
        .not_valid_after(now + lasts)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(x509.KeyUsage(**signs, **certifies, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
    )


def _pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
