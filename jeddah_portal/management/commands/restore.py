"""`manage.py restore`: rebuild an empty installation from a backup, prove that it adds up, and say what is missing."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.timezone import now

from jeddah_portal import backup
from transactions.models import Attachment, Outbox
from transactions.outbox import WAITING
from transactions.services import attachments

NOT_COVERED = """\
not in a backup:
  what came after {at} ({age} ago): compare with the last journal export and the receipts people bring
  the keys: SECRET_KEY, RECEIPT_PIN_KEY, JOURNAL_KEY (kept apart; without RECEIPT_PIN_KEY printed PINs are useless)
  sessions and counts of wrong tries: everyone signs in anew
  Redis, logs, static files, previews: made anew by themselves
to do before people are let in:
  set JOURNAL_INCARNATION to the letter after {incarnation} with a new JOURNAL_KEY, so that no number is issued twice
  manage.py migrate, when this version is newer than the backup
  look at the {held} notices under work owed that may have been sent since, and revive or leave them"""


class Command(BaseCommand):
    help = "Load a backup into an empty database and an empty place for files, and verify it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path)
        parser.add_argument("--identity", type=Path, required=True, help="the file made by backup --new-key")

    def handle(self, *args: Any, identity: Path, **options: Any) -> None:
        self.began = self.last = time.monotonic()
        try:
            with options["backup"].open("rb") as source:
                manifest = backup.restore(source, identity.read_text().strip(), self._step)
            self._verify(manifest)
        except (backup.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        held = self._hold_what_may_have_been_sent()
        Session.objects.all().delete()
        cache.clear()
        self.stdout.write(f"restored in {time.monotonic() - self.began:.1f} s")
        age = str(now() - datetime.fromisoformat(manifest["at"])).partition(".")[0]
        letters = sorted(chain[-1] for chain in manifest["heads"] if chain.startswith(settings.JOURNAL_NODE))
        self.stdout.write(
            NOT_COVERED.format(at=manifest["at"], age=age, incarnation=(letters or ["none"])[-1], held=held)
        )

    def _step(self, said: str) -> None:
        took, self.last = time.monotonic() - self.last, time.monotonic()
        self.stdout.write(f"{took:7.1f} s  {said}")

    def _verify(self, manifest: backup.Manifest) -> None:
        found = backup.counts()
        wrong = {
            table: (many, found.get(table)) for table, many in manifest["counts"].items() if found.get(table) != many
        }
        if wrong or set(found) != set(manifest["counts"]):
            raise backup.BackupError(f"tables do not add up (backup, here): {wrong}")
        self._step(f"counts agree in all {len(found)} tables")
        if backup.heads() != manifest["heads"]:
            raise backup.BackupError("the journal does not end where the backup says")
        call_command("verify_journal", stdout=self.stdout)
        self._step("journal verified: every hash and signature, and where each chain ends")
        files = Attachment.objects.order_by("pk")
        for file in files.iterator():
            stored = attachments.open_intact(file)
            if stored is None:
                raise backup.BackupError(f"the file {file.stored_as} is missing or not what was uploaded")
            stored.close()
        self._step(f"files intact: {files.count()}")
        connection.close()

    def _hold_what_may_have_been_sent(self) -> int:
        """Notices that waited may have gone out between the backup and the loss: nobody is told twice unasked."""
        waiting = Outbox.objects.filter(kind__in=("notify", "warn", "warn_name"), state__in=WAITING)
        return waiting.update(
            state=Outbox.State.DEAD, lease_until=None, last_error="restored from a backup; may have been sent already"
        )
