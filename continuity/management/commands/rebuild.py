"""`manage.py rebuild`: the portal out of its vault onto blank disks, proved; it writes nothing until its key is new."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from accounts.restored import Revoked
from continuity import after_loss, rebuilding
from continuity.vault.restoring import CannotRestore, identity_in
from core.cache import SHARED
from journal import check, standing

DONE = """\
rebuilt and proved in {seconds:.1f} s, as of {at}{before}
not here, though the vault was shown it: {missing} entries of the journal{names}
not in a vault:
  the keys: SECRET_KEY, SECOND_FACTOR_KEYS, RECEIPT_PIN_KEY, JOURNAL_KEY (kept apart; without the third no PIN is good)
  Redis, logs, static files, previews: made anew by themselves
  drafts, pieces of uploads and files of drafts: what was not sent was not promised
ended, because nobody knows what was ended since:
{ended}
to do before people are let in (until then nothing can be written here):
  the letter is {letter} from the next start on; give it a new JOURNAL_KEY (or JOURNAL_KEY_FILE){unset}
  manage.py reinstate posts (memberships, authorisations, superusers): list them, and give back those that still hold
  look at the {held} notices under “Background jobs” that may have been sent since, and retry them or leave them
  PostgreSQL runs under pg_ctl; hand it over to your service, and set the vault up anew (manage.py vault_role)"""


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Rebuild database and files from the vault on blank disks, to the end or to a moment before, and prove it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--vault", type=Path, required=True, help="the vault's folder, or an export unpacked")
        parser.add_argument("--identity", type=Path, required=True, help="the file made by bin/vault new-key")
        parser.add_argument("--before", help="ISO moment with its offset: as it was before the malice")
        parser.add_argument("--data", type=Path, help="PostgreSQL's data directory, which must be empty")
        parser.add_argument("--user", default="postgres", help="whose it is to be, when root rebuilds (%(default)s)")

    def handle(self, *args: Any, vault: Path, identity: Path, data: Path | None, user: str, **options: Any) -> None:
        self.began = self.last = time.monotonic()
        before = self._moment(options["before"])
        as_user = user if os.geteuid() == 0 else ""
        with standing.without_write_check():
            try:
                opened = identity_in(identity)
                at = rebuilding.database(vault, opened, data=data, before=before, user=as_user, step=self._step)
                call_command("migrate", verbosity=0)
                wrong = rebuilding.files(vault, opened, self._step)
                settings.JOURNAL_PUBLIC_KEYS = rebuilding.keys_of(vault) | settings.JOURNAL_PUBLIC_KEYS
                wrong += check.book(say=self.stdout.write, whole=False)
                self._step("journal: every hash and signature, and every entry against its rows")
                others, missing = rebuilding.against_the_vault(vault)
                self._step("journal against the vault's own record")
            except (CannotRestore, OSError) as error:
                raise CommandError(str(error)) from error
            ended, held = after_loss.put_away(timezone.now(), at)
            after_loss.all_came_from_the_vault()
            letter = after_loss.take_next_letter()
            SHARED.forget_all()
        self._say(at, before, missing, ended, held, letter)
        if wrong := wrong + others:
            named = "".join(f"\n  {what}" for what in wrong)
            raise CommandError(f"rebuilt, but not everything is as it was; {len(wrong)} faults:{named}")

    def _moment(self, text: str | None) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise CommandError(f"{text} is no moment; write it as 2026-11-24T09:30:00+03:00") from error
        if moment.tzinfo is None:
            raise CommandError(f"{text} has no offset; write it as 2026-11-24T09:30:00+03:00")
        return moment

    def _step(self, text: str) -> None:
        took, self.last = time.monotonic() - self.last, time.monotonic()
        self.stdout.write(f"{took:7.1f} s  {text}")

    def _say(
        self, at: datetime, before: datetime | None, missing: list[Any], ended: Revoked, held: int, letter: str
    ) -> None:
        names = "".join(f"\n  {chain}, entry {body['seq']}: {body['kind']} {body['ref']}" for chain, body in missing)
        unset = ", and take JOURNAL_INCARNATION out of the environment" if os.environ.get("JOURNAL_INCARNATION") else ""
        self.stdout.write(
            DONE.format(
                seconds=time.monotonic() - self.began,
                at=at.isoformat(timespec="seconds"),
                before=f" (before {before.isoformat()})" if before else "",
                missing=len(missing),
                names=names,
                ended=after_loss.ended_words(ended),
                letter=f"{settings.JOURNAL_NODE}{letter}",
                unset=unset,
                held=held,
            )
        )
        connection.close()
