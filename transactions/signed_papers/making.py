"""Makes the PDF of a paper, once: drawn, signed, stored, then written down and entered in the journal together.

Whoever dies before the last step leaves a file that no row names, which `sweep_files` removes, and the job is done
again. Of two who make one at once the first that is written down counts.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal
from django.urls import reverse

from journal import chain, receipts
from journal.models import Entry

from ..models import Intake, Outbox, PaperContent, SignedPaper, SigningCertificate
from ..outbox import queue
from ..papers.paper_content import LETTERS, RECEIVED
from ..papers.papers import SIGN, owe_signed
from . import authority, ending, sheet, signing, typesetting
from .authority import Authority

logger = logging.getLogger(__name__)
# In the transaction that writes its row: `paper`, `now`.
paper_stored = Signal()
MANY = 200


@queue.register_handler(SIGN, outside=True)
def make(content_id: int, now: datetime) -> None:
    """Make the PDF of a content that has none. ImproperlyConfigured without a certificate, or with one that was
    ended: it waits for another.
    """
    frozen = PaperContent.objects.select_related("transaction", "document", "event").get(pk=content_id)
    if SignedPaper.objects.filter(content=frozen).exists():
        return
    by = authority.current(now)
    ending.refuse_ended(by.fingerprint)
    address = settings.PORTAL_URL + reverse("journal:verify_token", args=[_token(frozen)])
    data = sheet.sheet_of(frozen.content, address=address, is_demo=by.is_demo)
    content = signing.sign(typesetting.typeset(data, frozen.at), by)
    sha256 = hashlib.sha256(content).hexdigest()
    stored_as = f"{sha256[:2]}/{sha256[2:50]}"
    if not default_storage.exists(stored_as):
        default_storage.save(stored_as, ContentFile(content))
    _write_down(frozen, by, sha256=sha256, size=len(content), stored_as=stored_as, now=now)


@transaction.atomic
def _write_down(frozen: PaperContent, by: Authority, *, sha256: str, size: int, stored_as: str, now: datetime) -> None:
    PaperContent.objects.select_for_update().get(pk=frozen.pk)
    if SignedPaper.objects.filter(content=frozen).exists():
        return
    paper = SignedPaper.objects.create(
        transaction=frozen.transaction,
        content=frozen,
        certificate=_certificate(by, now),
        sha256=sha256,
        size=size,
        stored_as=stored_as,
        made_at=now,
    )
    paper_stored.send(sender=SignedPaper, paper=paper, now=now)
    facts: dict[str, str | int] = {
        "document": frozen.what,
        "number": frozen.document.number if frozen.document else "",
        "content": frozen.content_hash,
        "sha256": sha256,
        "certificate": by.fingerprint,
    }
    chain.append("signed", frozen.transaction.reference, facts, now)


def _certificate(by: Authority, now: datetime) -> SigningCertificate:
    known, _made = SigningCertificate.objects.select_for_update().get_or_create(
        fingerprint=by.fingerprint,
        defaults={
            "pem": by.pem,
            "subject": by.certificate.subject.rfc4514_string()[:255],
            "not_before": by.certificate.not_valid_before_utc,
            "not_after": by.certificate.not_valid_after_utc,
            "is_demo": by.is_demo,
            "first_used_at": now,
        },
    )
    # Two administrators may have ended it while this was drawn.
    ending.refuse_ended(by.fingerprint)
    return known


def _token(frozen: PaperContent) -> str:
    """What proves the paper: the journal entry of its issue, its decision or its receipt."""
    if frozen.document is not None:
        return frozen.document.token
    if frozen.what == RECEIVED:
        return Intake.objects.values_list("token", flat=True).get(transaction=frozen.transaction)
    if frozen.event is None:
        raise Entry.DoesNotExist(f"content {frozen.pk} is of no event")
    return receipts.encode_token(_decision(frozen.transaction.reference, frozen.content_hash))


def _decision(reference: str, content_hash: str) -> Entry:
    entries = Entry.objects.filter(subject=reference, kind__in=["decided", "objection"]).order_by("-pk")
    bound = (entry for entry in entries if (receipts.body_of(entry)).get("content") == content_hash)
    if (entry := next(bound, None)) is None:
        raise Entry.DoesNotExist(f"no entry of the journal binds the decision {content_hash}")
    return entry


def owe_what_is_missing(now: datetime) -> int:
    """What was issued or told by letter before files were signed, or whose job was lost: some at each call. Returns how
    many.

    Not those frozen later from what was known then: no entry of the journal binds their content.
    """
    owed = Outbox.objects.filter(kind=SIGN, state__in=queue.PENDING_STATES).values("subject")
    issued_or_told = Q(document__isnull=False) | Q(what__in=LETTERS)
    without = PaperContent.objects.filter(issued_or_told, signed=None, reconstructed=False)
    missing = list(without.exclude(pk__in=owed).order_by("-pk").values_list("pk", flat=True)[:MANY])
    for pk in missing:
        again = Outbox.objects.filter(dedupe=f"{SIGN}:{pk}").exclude(state__in=queue.PENDING_STATES)
        if not again.update(state=Outbox.State.OWED, attempts=0, not_before=now, lease_until=None):
            owe_signed(pk, now)
    return len(missing)
