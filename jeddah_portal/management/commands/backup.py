"""`manage.py backup`: database and attachments into one encrypted file."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import UTC
from pathlib import Path
from typing import Any

import pyrage
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jeddah_portal import backup
from journal.standing import Refused
from transactions.maintenance import schedule


def lost(manifest: backup.Manifest) -> int:
    """How many files are not in it."""
    return sum(what != "changed" for what in manifest["wrong"].values())


class Command(BaseCommand):
    # A database that may not be written can be backed up all the same.
    requires_system_checks: list[str] = []
    help = "Write the database and all attachments into one file, encrypted for BACKUP_RECIPIENT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="the file to write (default: a new one in BACKUP_DIR)")
        parser.add_argument("--new-key", type=Path, metavar="FILE", help="make an identity and print its recipient")

    def handle(self, *args: Any, to: Path | None, new_key: Path | None, **options: Any) -> None:
        if new_key:
            return self._new_key(new_key)
        began = time.monotonic()
        stamp = timezone.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        target = to or Path(settings.BACKUP_DIR) / f"portal-{stamp}.tar.age"
        unfinished = target.with_suffix(".unfinished")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                manifest = backup.write(out, settings.BACKUP_RECIPIENT)
                out.flush()
                os.fsync(out.fileno())
            unfinished.rename(target)
        except (backup.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink()
        if to is None:
            self._forget_old(target.parent)
        self._note(not manifest["wrong"])
        self.stdout.write(
            f"{target}: {target.stat().st_size:,} bytes, {sum(manifest['counts'].values())} rows, "
            f"{manifest['files'] - lost(manifest)} files, {time.monotonic() - began:.1f} s"
        )
        if wrong := manifest["wrong"]:
            named = "".join(f"\n  {stored_as}: {what}" for stored_as, what in wrong.items())
            raise CommandError(f"the backup was made, but {len(wrong)} files are not as they were uploaded:{named}")

    def _note(self, whole: bool) -> None:
        """What the operations page and /metrics go by; a database that may not be written cannot be told."""
        with contextlib.suppress(Refused):
            schedule.mark_backup(timezone.now(), whole)

    def _forget_old(self, folder: Path) -> None:
        """As many as BACKUP_KEEP says stay here; they are to be copied elsewhere before."""
        made = sorted(folder.glob("portal-*.tar.age"))
        for old in made[: -settings.BACKUP_KEEP]:
            old.unlink()

    def _new_key(self, file: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise CommandError(f"{file} exists; an identity is never written over") from error
        with os.fdopen(handle, "w") as out:
            out.write(f"{identity}\n")
        self.stdout.write(f"BACKUP_RECIPIENT={identity.to_public()}")
        self.stderr.write(f"Keep {file} away from this server: it opens every backup, and nothing else does.")
