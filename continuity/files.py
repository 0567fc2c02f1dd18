"""Attachments go to the vault as soon as they arrive: sealed, by their hash, once."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime
from typing import Any

import pyrage
from django.conf import settings
from django.core.files import File
from django.db.models import Exists, OuterRef

from transactions.attachments.stored import open_intact
from transactions.models import Attachment, Outbox
from transactions.outbox import queue

from . import door
from .models import KeptFile

KIND = "vault_file"
MANY = 500


class Lost(Exception):
    """The file is not what was uploaded, so there is nothing to keep."""


def owe_after_upload(*, file: Attachment, now: datetime, **_signal: Any) -> None:
    """In the transaction that writes the file's row."""
    if settings.VAULT_URL:
        queue.enqueue(KIND, file.pk, dedupe=f"{KIND}:{file.pk}", now=now)


def owe_what_is_missing(now: datetime) -> int:
    """For files older than the vault: some at each turn of a worker, until all are owed. Returns how many."""
    in_vault = KeptFile.objects.filter(sha256=OuterRef("sha256"))
    owed = Outbox.objects.filter(kind=KIND, subject=OuterRef("pk"), state__in=queue.PENDING_STATES)
    missing = Attachment.objects.filter(~Exists(in_vault), ~Exists(owed), removed_at=None).exclude(transaction=None)
    digest = list(missing.order_by("pk").values_list("pk", flat=True)[:MANY])
    for pk in digest:
        # Owed before and dead, or done by a version that kept nothing: its row is used again.
        again = Outbox.objects.filter(dedupe=f"{KIND}:{pk}").exclude(state__in=queue.PENDING_STATES)
        if not again.update(state=Outbox.State.OWED, attempts=0, not_before=now, lease_until=None):
            _owe_once(pk, now)
    return len(digest)


def _owe_once(pk: int, now: datetime) -> None:
    row = {"kind": KIND, "subject": pk, "not_before": now, "created_at": now}
    Outbox.objects.get_or_create(dedupe=f"{KIND}:{pk}", defaults=row)


@queue.register_handler(KIND, outside=True)
def send(attachment_id: int, now: datetime) -> None:
    """Seal a file and hand it over; the row that says so is written when the vault has signed that it has it."""
    file = Attachment.objects.filter(pk=attachment_id).first()
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
