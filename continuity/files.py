"""Attachments go to the vault when they arrive, signed documents when they are made: sealed, by their hash, once."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime
from typing import Any

import pyrage
from django.conf import settings
from django.core.files import File
from django.db.models import Exists, OuterRef, QuerySet

from transactions.attachments.stored import open_intact
from transactions.models import Attachment, Outbox, SignedPaper
from transactions.outbox import queue

from . import door
from .models import KeptFile

KIND, PAPER = "vault_file", "vault_paper"
MANY = 500


class Lost(Exception):
    """The file is not what was uploaded, so there is nothing to keep."""


def owe_after_upload(*, file: Attachment, now: datetime, **_signal: Any) -> None:
    """In the transaction that writes the file's row."""
    if settings.VAULT_URL:
        queue.enqueue(KIND, file.pk, dedupe=f"{KIND}:{file.pk}", now=now)


def owe_after_signing(*, paper: SignedPaper, now: datetime, **_signal: Any) -> None:
    """In the transaction that writes the row of a signed document."""
    if settings.VAULT_URL:
        queue.enqueue(PAPER, paper.pk, dedupe=f"{PAPER}:{paper.pk}", now=now)


def owe_what_is_missing(now: datetime) -> int:
    """For files older than the vault: some at each turn of a worker, until all are owed. Returns how many."""
    sent = Attachment.objects.filter(removed_at=None).exclude(transaction=None)
    return _owe_of(KIND, sent, now) + _owe_of(PAPER, SignedPaper.objects.all(), now)


def _owe_of(kind: str, rows: QuerySet[Any], now: datetime) -> int:
    in_vault = KeptFile.objects.filter(sha256=OuterRef("sha256"))
    owed = Outbox.objects.filter(kind=kind, subject=OuterRef("pk"), state__in=queue.PENDING_STATES)
    missing = list(rows.filter(~Exists(in_vault), ~Exists(owed)).order_by("pk").values_list("pk", flat=True)[:MANY])
    for pk in missing:
        # Owed before and dead, or done by a version that kept nothing: its row is used again.
        again = Outbox.objects.filter(dedupe=f"{kind}:{pk}").exclude(state__in=queue.PENDING_STATES)
        if not again.update(state=Outbox.State.OWED, attempts=0, not_before=now, lease_until=None):
            row = {"kind": kind, "subject": pk, "not_before": now, "created_at": now}
            Outbox.objects.get_or_create(dedupe=f"{kind}:{pk}", defaults=row)
    return len(missing)


@queue.register_handler(KIND, outside=True)
def send(attachment_id: int, now: datetime) -> None:
    """Seal a file and hand it over; the row that says so is written when the vault has signed that it has it."""
    _send(Attachment.objects.filter(pk=attachment_id).first(), now)


@queue.register_handler(PAPER, outside=True)
def send_paper(paper_id: int, now: datetime) -> None:
    """The same of a signed document."""
    _send(SignedPaper.objects.filter(pk=paper_id).first(), now)


def _send(file: Attachment | SignedPaper | None, now: datetime) -> None:
    if file is None or KeptFile.objects.filter(sha256=file.sha256).exists():
        return
    content = open_intact(file)
    if content is None:
        raise Lost(f"{file.stored_as} is lost or changed")
    with content, tempfile.TemporaryFile() as sealed:
        seal(content, sealed)
        taken = door.vault().put(f"files/{file.sha256}", sealed)
    KeptFile.objects.get_or_create(
        sha256=file.sha256, defaults={"sealed_as": taken.sha256, "at": now, "signature": taken.signature}
    )


def seal(content: File[bytes] | Any, sealed: Any) -> None:
    """Encrypt for VAULT_RECIPIENT, whose identity neither this host nor the vault's has."""
    pyrage.encrypt_io(content, sealed, [pyrage.x25519.Recipient.from_str(settings.VAULT_RECIPIENT)])
    sealed.seek(0)


def digest(content: Any) -> str:
    """The SHA-256 of what is left of an open file, which is put back to its beginning."""
    digest = hashlib.sha256()
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    content.seek(0)
    return digest.hexdigest()
