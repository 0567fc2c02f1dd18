"""A program of its own, in the cage of attachments/renderer: says of a stranger's PDF whose signature it bears.

The file is its standard input, one JSON object its answer; nothing of it is trusted beyond the words of examining.py.
"""

from __future__ import annotations

import io
import json
from typing import Any

# Loaded on first use otherwise, which is when the cage is shut.
import cryptography.hazmat.backends.openssl.backend  # noqa: F401
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa  # noqa: F401
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

from transactions.attachments.renderer import cage
from transactions.attachments.renderer.main import read_input, write_record

# Ours bear one; whoever hides theirs among many is not looked at any longer.
MAX_SIGNATURES = 8
# What a file that is none of ours brings the reader to.
UNREADABLE = (
    *(PdfError, SignatureValidationError, RecursionError),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, NotImplementedError, AssertionError),
)


def examine(data: bytes) -> list[dict[str, Any]]:
    """Each signature: the fingerprint of its certificate, whether it is good, whether it covers all of the file."""
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    return [_signature(embedded) for embedded in list(reader.embedded_signatures)[:MAX_SIGNATURES]]


def _signature(embedded: Any) -> dict[str, Any]:
    certificate = embedded.signer_cert
    digest = embedded.compute_digest()
    intact, valid = validate_sig_integrity(
        embedded.signer_info, certificate, expected_content_type="data", actual_digest=digest
    )
    whole = embedded.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_FILE
    return {"certificate": certificate.sha256.hex(), "good": bool(intact and valid), "whole": bool(whole)}


def main(order_text: str) -> None:
    order: dict[str, Any] = json.loads(order_text)
    cage.drop_privileges(order["memory"], order["seconds"])
    cage.begin_step(order["step"])
    try:
        write_record(signatures=examine(read_input()))
    except MemoryError:
        write_record(wrong="memory")
    except UNREADABLE:
        write_record(wrong="broken")
