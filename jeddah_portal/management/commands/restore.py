"""`manage.py restore`: rebuild an empty installation from a backup, prove that it adds up, and say what is missing."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.timezone import now

from accounts.restored import Revoked
from continuity import after_loss
from core.cache import SHARED
from jeddah_portal import backup
from journal import check, standing
from transactions.attachments import services as attachments
from transactions.models import STORED

NOT_COVERED = """\
not in a backup:
  what came after {at} ({age} ago): whoever brings a receipt of then is taken in at /verify/; compare with the exports
  the keys: SECRET_KEY, RECEIPT_PIN_KEY, JOURNAL_KEY, PAPER_SIGNING_FILE (kept apart; without RECEIPT_PIN_KEY
    printed PINs are useless)
  Redis, logs, static files, previews: made anew by themselves
  PINs of receipts that were renewed since: the ones before are in force again; their owners renew them once more
  certificates of documents that were ended or declared stolen since: they count again, and nothing here says so
ended, because some of it was ended after the backup and nobody knows which:
{ended}
to do before people are let in (until then nothing can be written here):
  set JOURNAL_INCARNATION to a letter after {letter} and JOURNAL_KEY to a new key, so that no number is given twice
  manage.py reinstate posts (memberships, authorisations, superusers): list them, and give back those that still hold
  end again each certificate that was stolen or retired since (“Signing certificates”; docs/operations.md)
  look at the {held} notices under “Background jobs” that may have been sent since, and retry them or leave them"""


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Load a backup into an empty database and an empty place for files, and verify it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path)
        parser.add_argument("--identity", type=Path, required=True, help="the file made by backup --new-key")

    def handle(self, *args: Any, identity: Path, **options: Any) -> None:
        self.began = self.last = time.monotonic()
        self.wrong: list[str] = []
        with standing.without_write_check():
            try:
                with options["backup"].open("rb") as source:
                    manifest = backup.restore(source, identity.read_text().strip(), self._step)
            except (backup.BackupError, OSError) as error:
                raise CommandError(str(error)) from error
            self._counts(manifest)
            call_command("migrate", verbosity=0)
            self._verify(manifest)
            ended, held = after_loss.put_away(now(), datetime.fromisoformat(manifest["at"]))
            SHARED.forget_all()
        self._say(manifest, ended, held)
        if self.wrong:
            named = "".join(f"\n  {what}" for what in self.wrong)
            raise CommandError(f"restored, but not everything is as it was; {len(self.wrong)} faults:{named}")

    def _step(self, text: str) -> None:
        took, self.last = time.monotonic() - self.last, time.monotonic()
        self.stdout.write(f"{took:7.1f} s  {text}")

    def _counts(self, manifest: backup.Manifest) -> None:
        counts = backup.counts()
        tables = sorted(set(counts) | set(manifest["counts"]))
        differ = [table for table in tables if counts.get(table) != manifest["counts"].get(table)]
        self.wrong += [f"{table}: {manifest['counts'].get(table)} rows, here {counts.get(table)}" for table in differ]
        self._step(
            f"counts agree in all {len(counts)} tables" if not differ else f"counts differ in {len(differ)} tables"
        )

    def _verify(self, manifest: backup.Manifest) -> None:
        """Everything is looked at, whatever was found before; what does not fit is kept in `wrong`."""
        if backup.heads() != manifest["heads"]:
            self.wrong.append("the journal does not end where the backup says")
        bad = check.book(say=self.stdout.write, whole=False)
        self.wrong += bad
        if not bad:
            self._step("journal verified: every hash and signature, and where each chain ends")
        self._files(manifest)

    def _files(self, manifest: backup.Manifest) -> None:
        intact = many = 0
        known = manifest.get("wrong", {})
        for file in chain.from_iterable(
            kind._default_manager.order_by("pk").only("pk", "stored_as", "sha256", "size").iterator() for kind in STORED
        ):
            many += 1
            try:
                stored = attachments.open_intact(file)
            except OSError:
                stored = None
            if stored is None:
                was = known.get(file.stored_as)
                since = f"{was} when the backup was made" if was else "missing or not what was uploaded"
                self.wrong.append(f"the file {file.stored_as}: {since}")
                continue
            stored.close()
            intact += 1
        self._step(f"files intact: {intact} of {many}")
        connection.close()

    def _say(self, manifest: backup.Manifest, ended: Revoked, held: int) -> None:
        self.stdout.write(f"restored in {time.monotonic() - self.began:.1f} s")
        age = str(now() - datetime.fromisoformat(manifest["at"])).partition(".")[0]
        letters = sorted(name[2] for name in manifest["heads"] if name.startswith(settings.JOURNAL_NODE))
        listed = after_loss.ended_words(ended)
        letter = (letters or [settings.JOURNAL_INCARNATION])[-1]
        self.stdout.write(NOT_COVERED.format(at=manifest["at"], age=age, letter=letter, held=held, ended=listed))
