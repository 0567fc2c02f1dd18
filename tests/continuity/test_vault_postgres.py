"""A vault as bin/vault sets it up: Barman streams from a real PostgreSQL as another user, and the portal comes back out
of it after kill -9 and rm -rf of everything at the centre.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings as django_settings

from continuity.vault.record import Record
from continuity.vault.restoring import bases

from ..conftest import provision
from ..faults.stack import PATIENCE, until
from ..portal.installation import Installation
from .test_rebuild_sqlite import REFERENCES, said, unset

pytestmark = [pytest.mark.stack, pytest.mark.thorough]
ROOT = Path(django_settings.BASE_DIR)
PASSWORD = "a long enough: pass\\word"
# The vault is another user, who must reach the interpreter.
SYSTEM = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(sys.executable)
CLASSES = """
from continuity.classes import of_receipt
from transactions.models import Transaction
for case in Transaction.objects.all():
    print(case.reference, of_receipt(case))
"""
KEEP = """
import time
from django.utils import timezone
from continuity import keeping
from transactions.outbox import queue
for _turn in range(3):
    keeping.keep(timezone.now())
    for kind in ("vault_file", "vault_heads"):
        for pk in queue.due_ids(kind, timezone.now(), 1000):
            assert queue.process_row(pk), kind
"""


class Places:
    """Centre and vault, each in a folder of its own."""

    def __init__(self, family: provision.Family, home: Path) -> None:
        self.family, self.home, self.vault = family, home, home / "vault"
        self.url = provision.start_postgres(family, home / "postgres", log=home / "postgres.log")
        self.server = family.members[-1][1]
        self.identity = home / "identity.txt"
        self.centre = Installation(home / "centre", more={"DATABASE_URL": self.url})
        self.centre.prepare()
        self.centre.more["VAULT_DATABASE_PASSWORD"] = PASSWORD
        status, out = self.centre.manage("vault_role")
        assert status == 0, out
        self.recipient = self.run("new-key", self.identity).strip().partition("=")[2]
        place = urlsplit(self.url)
        words = f"host={place.hostname} port={place.port} user=portal_vault dbname=postgres"
        quoted = PASSWORD.replace("\\", "\\\\")
        setup = ["setup", self.vault, "--recipient", self.recipient, "--listen", f"127.0.0.1:{provision.free_port()}"]
        setup += ["--database", f"{words} password='{quoted}'"]
        setup += ["--user", "nobody"] if os.geteuid() == 0 else []
        printed = self.run(*setup)
        self.centre.more |= dict(line.split("=", 1) for line in printed.splitlines() if line.startswith("VAULT_"))
        command = [SYSTEM, ROOT / "bin" / "vault", "run", self.vault]
        self.keeper = family.start("vault", command, env=self.env, log=home / "vault.log")

    @property
    def env(self) -> dict[str, str]:
        """With an environment made by SYSTEM: the clone's own may be of an interpreter the vault cannot reach."""
        return provision.environment(PYTHONDONTWRITEBYTECODE="1", VAULT_VENV=str(ROOT / ".venv-vault-system"))

    def run(self, *arguments: object) -> str:
        command = [SYSTEM, ROOT / "bin" / "vault", *map(str, arguments)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("·"))

    def ready(self) -> bool:
        with contextlib.closing(psycopg2.connect(self.url)) as asked, asked.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'barman_receive_wal'")
            return cursor.fetchone()[0] == 1 and bool(bases(self.vault))

    def lose_the_centre(self, *processes: subprocess.Popen) -> None:
        """kill -9 of PostgreSQL and of the portal's `processes`, rm -rf of all that was there."""
        os.killpg(self.server.pid, signal.SIGKILL)
        for process in processes:
            process.kill()
        for process in (self.server, *processes):
            process.wait()
        self.family.members = [member for member in self.family.members if member[1] is not self.server]
        shutil.rmtree(self.home / "postgres")
        shutil.rmtree(self.centre.folder)

    def rebuild(self, *more: object) -> tuple[Installation, int, str]:
        place = urlsplit(self.url)
        port = provision.free_port()
        url = place._replace(netloc=f"{place.username}:{place.password}@127.0.0.1:{port}").geturl()
        blank = Installation(self.home / f"rebuilt-{port}", letter="", key="B", more={"DATABASE_URL": url})
        self.data = self.home / f"data-{port}"
        user = provision.postgres_user() or "nobody"
        arguments = ("--vault", self.vault, "--identity", self.identity, "--data", self.data, "--user", user)
        return blank, *blank.manage("rebuild", *arguments, *more)

    def stop_rebuilt(self) -> None:
        control = provision.postgres_program("pg_ctl")
        with contextlib.suppress(SystemExit):
            provision.run_as(provision.postgres_user(), [control, "-D", self.data, "-m", "immediate", "stop"])


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    home = Path(tempfile.mkdtemp(prefix="jeddah-places-", dir="/var/tmp"))
    home.chmod(0o711)
    family = provision.Family()
    try:
        made = Places(family, home)
        until(made.ready, 2 * PATIENCE, "the vault streams and has a base backup")
        yield made
    finally:
        family.end()
        if not os.environ.get("FAULTS_KEEP"):
            shutil.rmtree(home, ignore_errors=True)


def test_the_centre_is_lost_and_comes_back(places, tmp_path):
    """In one story, since a vault takes its time to be set up."""
    # Confirmed, in the API's words and by the vault's own record.
    before = places.centre.submit(3)
    said(places.centre, KEEP)
    classes = dict(line.split() for line in said(places.centre, CLASSES).splitlines())
    assert classes == dict.fromkeys(before, "confirmed")
    assert Record(places.vault).heads()["C1A"].seq == 3

    # What lies there is another user's, and in clear only what is being received.
    if os.geteuid() == 0:
        assert places.vault.stat().st_uid != 0
        assert places.vault.stat().st_mode & 0o077 == 0
    clear = [path for path in places.vault.rglob("*") if path.is_file() and b"Citizen" in path.read_bytes()]
    assert all("streaming" in path.parts or "wals" in path.parts for path in clear)
    password = re.escape(PASSWORD.encode())
    listed = subprocess.run(["ps", "axww"], capture_output=True).stdout
    assert not re.search(password, listed)
    assert "good" in places.run("verify", places.vault)

    # A rebuild is rehearsed into a scratch place, and the centre knows when that went well.
    user = ("--user", provision.postgres_user() or "nobody")
    at = ("--vault", places.vault, "--identity", places.identity, "--scratch", places.home)
    status, out = places.centre.manage("rehearse", *at, *user)
    assert status == 0, out
    assert "5 of 5" in out or "are there, each with its hash" in out
    assert (
        said(
            places.centre,
            "from continuity import watch\nfrom django.utils import timezone\n"
            "print(watch.rehearsed(timezone.now()).total_seconds() < 60)",
        ).strip()
        == "True"
    )

    # The malice: a wipe is in the WAL too.
    time.sleep(1)
    moment = datetime.now(UTC)
    time.sleep(1)
    with contextlib.closing(psycopg2.connect(places.url)) as attacker, attacker.cursor() as cursor:
        attacker.autocommit = True
        cursor.execute("DROP SCHEMA public CASCADE")
    places.lose_the_centre()

    blank, status, out = places.rebuild("--before", moment.isoformat())
    try:
        assert status == 0, out
        assert "0 entries of the journal" in out
        assert sorted(said(blank, REFERENCES).split()) == before
        assert Installation(blank.folder, "A", "A", blank.more).refusal()
        unset(blank)
        after = blank.submit(2)
        assert not set(after) & set(before)
        assert all(reference.startswith("C1B") for reference in after)
        status, out = blank.manage("verify_journal")
        assert status == 0, out
    finally:
        places.stop_rebuilt()
