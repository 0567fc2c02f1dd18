"""Signs a PDF as PAdES (B-B), certified: any change to it afterwards breaks the signature."""

from __future__ import annotations

import io
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from core.own_thread import in_own_thread

from . import authority
from .authority import Authority

FIELD = "Signature"


def sign(pdf: bytes, by: Authority) -> bytes:
    """The signed PDF. Errors of the module where the key is in an HSM; nothing is kept of a paper then."""
    # Loaded by whoever signs alone: half a second and 30 MB that a web process never needs.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    with authority.hsm_session() as session:
        signer = signers.PdfSigner(metadata, signer=_signer(by, session))
        out = in_own_thread(lambda: signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf))))
    signed: bytes = out.getvalue()
    return signed


def _signer(by: Authority, session: Any) -> Any:
    from asn1crypto import keys, x509
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    certificate, *above = (
        x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in (by.certificate, *by.chain)
    )
    if session is not None:
        from pyhanko.sign.pkcs11 import PKCS11Signer

        label = settings.PAPER_SIGNING_PKCS11.split("|")[2]
        return PKCS11Signer(session, key_label=label, signing_cert=certificate, ca_chain=above)
    store: Any = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(above)
    return signers.SimpleSigner(
        signing_cert=certificate,
        signing_key=keys.PrivateKeyInfo.load(by.key),
        cert_registry=store,
    )
