"""What a program without the portal needs to check our PDFs: keys, and what all papers of a certificate share.

The container of a signature is not covered by it. Whoever puts it together anew from these parts and compares finds
every byte that is another (static/js/pdf-signature.js).
"""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.cache import LOCAL

from ..attachments.stored import open_intact
from ..models import SignedPaper, SigningCertificate

REMEMBERED_FOR = timedelta(hours=1)
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+\d+\s*\]")
_CURVES = {"secp256r1": ("P-256", 32), "secp384r1": ("P-384", 48), "secp521r1": ("P-521", 66)}


def certificates() -> list[dict[str, Any]]:
    """Of each certificate that papers were signed with: its public key and the parts of a container."""
    rows = SigningCertificate.objects.order_by("first_used_at", "pk")
    made = ((row, LOCAL.get_or_make(f"frame:{row.fingerprint}", partial(_of, row), _seconds())) for row in rows)
    return [each | {"stolen": _stolen(row)} for row, each in made if each]


def _stolen(row: SigningCertificate) -> str:
    """From when on somebody else may have its key; nothing otherwise. Not remembered: the next page has to say it."""
    return row.ended_from.isoformat() if row.is_stolen and row.ended_from else ""


def _seconds() -> float:
    return REMEMBERED_FOR.total_seconds()


def _of(row: SigningCertificate) -> dict[str, Any]:
    """Taken from the first of its papers whose file is there; nothing where there is none."""
    for paper in SignedPaper.objects.filter(certificate=row).order_by("pk")[:5]:
        if stored := open_intact(paper):
            with stored:
                return _described(row) | parts_of(stored.read())
    return {}


def _described(row: SigningCertificate) -> dict[str, Any]:
    certificate = x509.load_pem_x509_certificates(row.pem.encode())[0]
    public = certificate.public_key()
    curve, width = "", 0
    if isinstance(public, ec.EllipticCurvePublicKey):
        curve, width = _CURVES[public.curve.name]
    key = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"subject": row.subject, "demo": row.is_demo, "key": _packed(key), "curve": curve, "width": width}


def parts_of(pdf: bytes) -> dict[str, str]:
    """What stands before the signer, of the signer, and how it signs, as in a paper of ours (base64)."""
    from asn1crypto import cms

    ranged = _RANGE.search(pdf)
    if ranged is None:
        raise ValueError("the PDF is not signed")
    container = bytes.fromhex(pdf[int(ranged[1]) + 1 : int(ranged[2]) - 1].decode("ascii"))
    signed = cms.ContentInfo.load(container)["content"]
    (signer,) = signed["signer_infos"]
    before = ("version", "digest_algorithms", "encap_content_info", "certificates")
    return {
        "before": _packed(b"".join(signed[name].dump() for name in before)),
        "signer": _packed(b"".join(signer[name].dump() for name in ("version", "sid", "digest_algorithm"))),
        "algorithm": _packed(signer["signature_algorithm"].dump()),
    }


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode()
