"""The boxes as the replay holds them: enrolled at the centre, set up in folders of their own, each a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts import four_eyes
from accounts.models import User
from boxes import enrolment
from boxes.centre import registering
from boxes.models import Box
from journal import witness
from municipality.models import Office

ROOT = Path(settings.BASE_DIR)


@dataclass
class BoxProcess:
    """One machine that signs as a box: the box itself, or a copy of it."""

    folder: Path
    node: str
    drawn: int
    name: str
    number: int
    is_copy: bool = False
    honest: bool = True
    process: subprocess.Popen[str] | None = None

    @property
    def disk(self) -> Path:
        """Its second disk."""
        return self.folder.with_name(f"{self.folder.name} second disk")

    def start(self) -> None:
        """As `bin/office run` has it, without the web pages."""
        box = json.loads((self.folder / "office.json").read_text())
        env = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        env |= json.loads((self.folder / "keys" / "secrets.json").read_text())
        env |= {
            "PORTAL_ROLE": "office",
            "VAR_DIR": str(self.folder),
            "DEMO": "1",
            "DATABASE_URL": f"sqlite:///{self.folder / 'office.sqlite3'}",
            "JOURNAL_NODE": box["node"],
            "JOURNAL_INCARNATION": box["letter"],
            "JOURNAL_KEY_FILE": str(self.folder / "keys" / "journal.key"),
            "NODE_LIST_KEY": box["node_list_key"],
            "PORTAL_URL": box["centre"],
            "MEDIA_ROOT": str(self.folder / "files"),
            "OFFICE_SECOND_MEDIUM": str(self.disk),
            "OUTAGE_DRAWN": str(self.drawn),
        }
        command = [sys.executable, "-c", "import django; django.setup(); from tests.outage.box import main; main()"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, **pipes)

    def tell(self, do: str, at: datetime | None = None, **more: Any) -> None:
        """Begin something there; `answer` waits for what comes of it."""
        assert self.process is not None
        assert self.process.stdin is not None
        asked = {"do": do, **more} | ({"at": at.isoformat()} if at else {})
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """RuntimeError when the process has ended instead."""
        assert self.process is not None
        assert self.process.stdout is not None
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(f"the process of {self.name} ended")
        said: dict[str, Any] = json.loads(line)
        return said

    def ask(self, do: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
        self.tell(do, at, **more)
        return self.answer()

    def stop(self) -> None:
        if self.process is None:
            return
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(120)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def copy(self, name: str, drawn: int) -> BoxProcess:
        """A copy of its disks. On another machine paths and numbers of files would be the same as here; on this one
        they cannot be, so the copy of the witness is told its own.
        """
        other = BoxProcess(
            self.folder.with_name(f"{self.folder.name} copy"), self.node, drawn, name, self.number, is_copy=True
        )
        shutil.copytree(self.folder, other.folder)
        shutil.copytree(self.disk, other.disk)
        place = next((other.folder / "files" / witness.FOLDER).glob(f"{self.node}?"))
        content = place.read_bytes()
        header = json.loads(content[: witness.HEADER])
        database = other.folder / "office.sqlite3"
        header |= {"inode": place.stat().st_ino, "database": f"{database.resolve()}/{database.stat().st_ino}"}
        changed = json.dumps(header, sort_keys=True).encode().ljust(witness.HEADER - 1) + b"\n"
        place.write_bytes(changed + content[witness.HEADER :])
        return other


def enrol(office: Office, administrators: tuple[User, User], now: datetime) -> tuple[str, dict[str, Any]]:
    """A box that two administrators agree on: its node, and what its file holds for whoever has the secret."""
    first, second = administrators
    known = set(Box.objects.values_list("node", flat=True))
    proposal = registering.propose(office, f"Counter of {office.code}", reason="For the bad day", by=first, now=now)
    four_eyes.confirm(proposal, by=second, now=now)
    box = Box.objects.exclude(node__in=known).get()
    sealed, secret = registering.enrol(box, by=second, now=now)
    return box.node, enrolment.unseal(sealed, secret)


def set_up(node: str, content: dict[str, Any], place: Path, number: int, drawn: int) -> BoxProcess:
    """As `bin/office setup` has it, from tables that are made already."""
    made = BoxProcess(place / f"box {number}", node, drawn, f"box {node}", number)
    enrolment.write_folder(content, made.folder)
    made.disk.mkdir()
    shutil.copyfile(place / "tables.sqlite3", made.folder / "office.sqlite3")
    return made
