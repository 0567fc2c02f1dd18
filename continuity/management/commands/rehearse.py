"""`manage.py rehearse`: rebuild from the vault into a scratch place, prove it, delete it, and note that it went well.

It runs where the identity may be (REHEARSAL_IDENTITY), which is neither the vault nor, best, the centre: any host with
this version, the vault's folder or an export of it, and the centre's database to note the result in.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from continuity.rebuilding import control
from continuity.vault.restoring import CannotRestore
from continuity.watch import REHEARSAL
from transactions.maintenance import schedule

MAX_SECONDS = 3 * 3600


class Command(BaseCommand):
    help = "Rebuild into a scratch place and prove it; the operations page says when this last went well."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--vault", type=Path, default=settings.REHEARSAL_VAULT or None)
        parser.add_argument("--identity", type=Path, default=settings.REHEARSAL_IDENTITY or None)
        parser.add_argument("--scratch", type=Path, help="where there is room (default: the system's temporary folder)")
        parser.add_argument("--user", default="postgres", help="whose PostgreSQL's files are, as root (%(default)s)")

    def handle(self, *args: Any, vault: Path | None, identity: Path | None, user: str, **options: Any) -> None:
        if not (vault and identity):
            raise CommandError("say --vault and --identity, or set REHEARSAL_VAULT and REHEARSAL_IDENTITY")
        began = time.monotonic()
        scratch = Path(tempfile.mkdtemp(prefix="portal-rehearsal-", dir=options["scratch"]))
        scratch.chmod(0o711)
        data = scratch / "data"
        try:
            arguments = ["--vault", vault, "--identity", identity, "--data", data, "--user", user]
            command = [sys.executable, Path(settings.BASE_DIR) / "manage.py", "rebuild", *arguments]
            done = subprocess.run(  # noqa: S603 – ours
                [str(part) for part in command],
                env=self._environment(scratch),
                capture_output=True,
                text=True,
                timeout=MAX_SECONDS,
            )
        finally:
            if (data / "postmaster.pid").exists():
                self._stop(data, user if os.geteuid() == 0 else "")
            shutil.rmtree(scratch, ignore_errors=True)
        if done.returncode:
            raise CommandError(f"the rehearsal failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        schedule.mark_done(REHEARSAL, timezone.now())
        self.stdout.write(f"{done.stdout}rehearsed in {time.monotonic() - began:.1f} s")

    def _environment(self, scratch: Path) -> dict[str, str]:
        """The settings of here, with a database, files and keys of the scratch place; the centre's are not touched."""
        place = connection.settings_dict
        url = f"sqlite:///{scratch / 'portal.sqlite3'}"
        if connection.vendor == "postgresql":
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            secret = quote(str(place["PASSWORD"]), safe="")
            url = f"postgresql://{quote(str(place['USER']), safe='')}:{secret}@127.0.0.1:{port}/{place['NAME']}"
        key = scratch / "journal.key"
        unset = ("REPLICA_DATABASE_URL", "REDIS_URL", "VAULT_URL", "ATTACHMENTS_URL", "REHEARSAL_VAULT")
        apart = {"DATABASE_URL": url} | dict.fromkeys(unset, "")
        here = {"VAR_DIR": str(scratch), "MEDIA_ROOT": str(scratch / "files"), "JOURNAL_KEY_FILE": str(key)}
        environment = {
            name: value for name, value in os.environ.items() if name not in ("JOURNAL_KEY", "JOURNAL_INCARNATION")
        }
        key.touch(mode=0o600)
        key.write_text(b64encode(secrets.token_bytes(32)).decode())
        return environment | apart | here

    def _stop(self, data: Path, user: str) -> None:
        try:
            control(data, user, "stop", "-m", "immediate")
        except CannotRestore as error:
            self.stderr.write(str(error))
