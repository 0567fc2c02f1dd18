"""An installation of its own on SQLite: its folder, its settings, its processes. For tests of what operators do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from .. import tables

ROOT = Path(settings.BASE_DIR)
# What `manage.py prepare` does but for files that are served; the tables are there already on SQLite.
READY = """
from django.core.management import call_command
for command in ("migrate", "createcachetable", "load_reference_data", "load_tariffs"):
    call_command(command)
"""
# What a submission needs besides the tables; prints the token of one citizen.
PEOPLE = """
from datetime import date
from accounts import services as people
from accounts.models import User
from jeddah_portal.demo.names import national_id
from municipality.models import Office
citizen = User.objects.create_user(national_id(1), 'a long enough password', full_name='Citizen', phone='+966500000001')
clerk = User.objects.create_user(national_id(2), 'a long enough password', full_name='Clerk', phone='+966500000002')
people.create_staff_post(clerk, Office.objects.get(code='SHR'), 'registry_clerk', on=date(2020, 1, 1))
"""
# Submits as often as told, has each request routed and registered, and prints references and tokens.
SUBMIT = """
import json, sys, uuid
from django.utils import timezone
from accounts.models import User
from transactions.outbox import queue as outbox
from transactions.domain import service_types
from transactions.models import Movement
from transactions.intake import submit as intake
from transactions.transitions import moves
from transactions.intake.submission import Submission
from tests.answers import answers_today, files_for
code = 'electricity-connection'
service = service_types.get(code)
citizen, clerk = User.objects.order_by('pk')[:2]
for _ in range({many}):
    now = timezone.now()
    answers = answers_today(code)
    sent = Submission(service=service, applicant=citizen, answers=answers,
                      attachments=files_for(service, answers, citizen))
    taken = intake.submit(sent, by=citizen, key=uuid.uuid4().hex, now=now)
    for pk in outbox.due_ids('route', now, 100):
        outbox.process_row(pk, now)
    taken.transaction.refresh_from_db()
    moves.register(taken.transaction, by=clerk, now=now)
    print(taken.transaction.reference, taken.token)
"""


@dataclass
class Installation:
    """`folder` holds database, files and keys; copies of it are made by copying parts of it."""

    folder: Path
    letter: str = "A"
    key: str = "A"
    more: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        keys = self.folder.parent / "keys"
        return {name: value for name, value in os.environ.items() if name != "MEDIA_ROOT"} | {
            "DATABASE_URL": f"sqlite:///{self.folder / 'portal.sqlite3'}",
            "VAR_DIR": str(self.folder),
            "MEDIA_ROOT": str(self.folder / "files"),
            "JOURNAL_INCARNATION": self.letter,
            "JOURNAL_KEY_FILE": str(keys / self.key),
            "RECEIPT_PIN_KEY": "p" * 50,
            "REDIS_URL": "",
            "DEMO": "1",
            "QUOTA_REQUESTS": "0",  # one person sends everything here
            "LOG_LEVEL": "CRITICAL",
            **self.more,
        }

    def manage(self, *arguments: Any, stdin: str | None = None) -> tuple[int, str]:
        """(exit status, what was said) of a management command."""
        command = [sys.executable, ROOT / "manage.py", *map(str, arguments)]
        done = subprocess.run(command, env=self.env, cwd=ROOT, input=stdin, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def run(self, code: str) -> tuple[int, str]:
        return self.manage("shell", "--no-imports", stdin=code)

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if "DATABASE_URL" not in self.more:
            tables.copy_sqlite_file(self.folder / "portal.sqlite3")
        code, said = self.run(READY + PEOPLE)
        assert code == 0, said

    def submit(self, many: int) -> list[str]:
        """The references given; fails when one is refused."""
        code, said = self.run(SUBMIT.replace("{many}", str(many)))
        assert code == 0, said
        return [line.split()[0] for line in said.splitlines() if line.count("-") >= 3]

    def refusal(self) -> str:
        """What is said to whoever submits here; fails when it is taken."""
        code, said = self.run(SUBMIT.replace("{many}", "1"))
        assert code, said
        return said

    def copy(self, folder: Path, *parts: str) -> Installation:
        """Another installation with the same settings and copies of these parts of this one."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in parts:
            source, target = self.folder / part, folder / part
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
        return Installation(folder, self.letter, self.key, dict(self.more))
