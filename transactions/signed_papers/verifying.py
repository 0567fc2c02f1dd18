"""What can be said of a PDF that somebody brings: is it one that we made, to the last byte, and what does it say?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from accounts.identity import rate_limit_network

from ..attachments.rendering import RenderSlots
from ..domain.errors import DomainError
from ..models import PaperContent, SignedPaper, SigningCertificate
from . import examining

MAX_BYTES = 10 * 1024**2
# Files that one web process has looked at at a time, and for how long somebody waits for a place.
MAX_EXAMINED, WAIT_SECONDS = 2, 5
_slots = RenderSlots(MAX_EXAMINED)


class Verdict(StrEnum):
    """What a file is."""

    GENUINE = "genuine"  # byte for byte what we made and keep
    UNKNOWN = "unknown"  # our signature is good for all of it, and we do not keep it
    UNRELIABLE = "unreliable"  # we do not keep it, and its key is stolen or a demonstration's: anybody may have signed
    CHANGED = "changed"  # signed with a certificate of ours, and not what was signed
    NOT_OURS = "not_ours"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Verified:
    """The verdict on a file; `content` is what it says, where we keep it."""

    verdict: Verdict
    sha256: str
    content: PaperContent | None = None


def verify_file(upload: Any, *, address: str) -> Verified:
    """Look at a file that was sent. DomainError `too_large`, `empty` or `busy`: nothing was looked at."""
    size = upload.size or 0
    if not size:
        raise DomainError("empty", _("Choose a PDF file first."))
    if size > MAX_BYTES:
        message = _("Our documents are never larger than %(most)d MB: this is another file.")
        raise DomainError("too_large", message % {"most": MAX_BYTES // 1024**2})
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    sha256 = digest.hexdigest()
    rows = SignedPaper.objects.select_related("content__document", "content__transaction")
    if stored := rows.filter(sha256=sha256).first():
        # The same bytes: its signature was checked when it was made, and cannot be another now.
        return Verified(Verdict.GENUINE, sha256, stored.content)
    with _place(address):
        examination = examining.examine(upload)
    return Verified(_judge(examination), sha256)


def _judge(examination: examining.Examination) -> Verdict:
    if examination.wrong:
        return Verdict.UNREADABLE
    known = SigningCertificate.objects.filter(fingerprint__in={each.certificate for each in examination.signatures})
    ours = {row.fingerprint: row for row in known}
    signed = [each for each in examination.signatures if each.certificate in ours]
    if not signed:
        return Verdict.NOT_OURS
    # Before all else: what a thief made was not "changed after we signed it".
    if any(row.is_stolen for row in ours.values()):
        return Verdict.UNRELIABLE
    # Of several the last covers all; with anything after ours, or beside it, it is no more what we signed.
    if examination.signatures != (signed[0],) or not (signed[0].good and signed[0].whole):
        return Verdict.CHANGED
    return Verdict.UNRELIABLE if ours[signed[0].certificate].is_demo else Verdict.UNKNOWN


@contextmanager
def _place(address: str) -> Iterator[None]:
    """One file of a network at a time."""
    sender = int(hashlib.sha256(rate_limit_network(address).encode()).hexdigest(), 16)
    with _slots.one_for(sender, WAIT_SECONDS) as free:
        if not free:
            raise DomainError("busy", _("Too many files are being checked at the moment. Try again in a minute."))
        yield


def published_certificates() -> str:
    """Every certificate that papers were ever signed with, and those above them, as PEM with a line before each."""
    parts = []
    for row in SigningCertificate.objects.order_by("first_used_at", "pk"):
        kind = " (demonstration)" if row.is_demo else ""
        used = f"# SHA-256 {row.fingerprint}, used since {row.first_used_at:%Y-%m-%d}{_ended(row)}"
        parts.append(f"# {row.subject}{kind}\n{used}\n{row.pem}")
    return "\n".join(parts)


def _ended(row: SigningCertificate) -> str:
    if row.ended_from is None:
        return ""
    since = f"{row.ended_from:%Y-%m-%dT%H:%MZ}"
    if row.is_stolen:
        return f"\n# STOLEN {since}, reported {row.ended_at:%Y-%m-%d}: rely only on files that the portal calls genuine"
    return f"\n# retired {since}"
