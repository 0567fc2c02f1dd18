"""Take away files that no request wants: uploads cut off between store and database, pieces never finished, and what
was removed, or sent in and never used, a week ago.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from transactions.models import STORED, Attachment, BulkJob, Slip

from ... import previews

UNUSED = timedelta(days=7)
# Stored files, pieces, and what a crash left half-written; nothing else in the place is ours to delete.
AT_ONCE = 500
OURS = re.compile(r"[0-9a-f]{2}|up|unfinished")


class Command(BaseCommand):
    help = "Forget attachments a week old that belong to no request; delete stored files a day old of no attachment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=int, default=86_400, help="seconds (default: one day)")

    def handle(self, *args: Any, older_than: int, **options: Any) -> None:
        now = timezone.now()
        before = now - timedelta(seconds=older_than)
        removed = 0
        for folder, names in _folders_of_ours():
            stored = {f"{folder}/{name}" for name in names}
            for kind in (*STORED, BulkJob):
                rows = kind._default_manager.filter(stored_as__startswith=f"{folder}/")
                stored.difference_update(rows.values_list("stored_as", flat=True).iterator())
            for name in stored:
                # A piece may be joined into its file meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    if default_storage.get_modified_time(name) < before:
                        default_storage.delete(name)
                        removed += 1
        removed += _forget_pictures(before)
        # Last, so that their files stay until the next run: a backup that has listed them is still reading.
        self.stdout.write(f"{removed} files removed, {_forget(now - UNUSED)} attachments forgotten")


def _forget_pictures(before: datetime) -> int:
    """Pictures of files that were removed or forgotten, and those an older version of ours kept in another form."""
    deleted = 0
    keys = previews.files_with_previews()
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        living = Attachment.objects.filter(key__in=some, removed_at=None).values_list("key", flat=True)
        deleted += sum(previews.delete_previews(key, before) for key in set(some).difference(living))
    return deleted + previews.delete_strays(before)


@transaction.atomic
def _forget(before: datetime) -> int:
    """Locked first, so that no request takes one meanwhile."""
    unused = Q(draft=None, delegation=None, uploaded_at__lt=before) | Q(removed_at__lt=before)
    scans = Slip.objects.filter(scan__isnull=False).values("scan")
    files = Attachment.objects.select_for_update(skip_locked=True).filter(unused, transaction=None)
    files = files.exclude(pk__in=scans)
    return Attachment.objects.filter(pk__in=[file.pk for file in files]).delete()[0]


def _folders_of_ours() -> Iterator[tuple[str, list[str]]]:
    for folder in filter(OURS.fullmatch, default_storage.listdir("")[0]):
        people, names = default_storage.listdir(folder)
        yield folder, names
        for person in people:
            yield f"{folder}/{person}", default_storage.listdir(f"{folder}/{person}")[1]
