"""The vault's receiver on a real PostgreSQL: healthy, dead, hung, back, lying. Nobody waits longer than a second."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.db import connection

from continuity import asking, keeping
from continuity.classes import of_receipt
from continuity.models import Reached
from continuity.worth import Worth
from journal.models import Chain
from transactions.models import Outbox
from transactions.outbox import heartbeat, queue

from ..conftest import NOW, provision
from ..faults.stack import PATIENCE, until
from ..journeys.conftest import database_url
from .conftest import hand_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]
PASSWORD = "a long enough password"
TIMES = pytest.mark.parametrize("name", ["someone_else", asking.ROLE])


class Receiver:
    """pg_receivewal as Barman starts it, in a folder and as a user of its own."""

    def __init__(self, folder: Path, role: str) -> None:
        place = urlsplit(database_url())
        self.folder, user = folder, provision.postgres_user()
        folder.mkdir()
        if user:
            for parent in (folder.parent, folder):
                parent.chmod(0o711)
            os.chown(folder, *_ids(user))
        said = f"host={place.hostname} port={place.port} user={role} password='{PASSWORD}' "
        said += f"application_name={asking.RECEIVER}"
        command = [provision.postgres_program("pg_receivewal"), "-D", folder, "--synchronous", "--no-loop", "-d", said]
        self.process = subprocess.Popen(
            [str(part) for part in command], user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


def _ids(user: str) -> tuple[int, int]:
    import pwd

    known = pwd.getpwnam(user)
    return known.pw_uid, known.pw_gid


@pytest.fixture
def roles():
    """The vault's role, and another that may replicate as well."""
    names = (asking.ROLE, "someone_else")
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP ROLE IF EXISTS {name}")
            cursor.execute(f"CREATE ROLE {name} LOGIN REPLICATION PASSWORD '{PASSWORD}'")
    yield
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP ROLE {name}")


@pytest.fixture
def receive(roles, vault):
    """Start a receiver; all are ended afterwards."""
    begun = []
    with tempfile.TemporaryDirectory(prefix="jeddah-receivers-", dir="/var/tmp") as home:

        def start(role=asking.ROLE):
            begun.append(Receiver(Path(home) / str(len(begun)), role))
            until(lambda: _senders() >= 1 or begun[-1].process.poll() is not None, PATIENCE, "the receiver streams")
            return begun[-1]

        yield start
        for receiver in begun:
            receiver.end()
        until(lambda: _senders() == 0, PATIENCE, "the receivers are gone")


def _senders() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
        return cursor.fetchone()[0]


def taken(submitted, *, files=True):
    """A request taken, its files in the vault."""
    case = submitted()
    if files:
        for pk in queue.due_ids("vault_file", NOW, 100):
            queue.process_row(pk, NOW)
    return case


def timed(case):
    began = time.monotonic()
    return of_receipt(case), time.monotonic() - began


def test_with_a_healthy_vault_a_receipt_is_confirmed_at_once(receive, submitted):
    receive()
    asked = [timed(taken(submitted)) for _each in range(5)]
    assert {found for found, _waited in asked} == {Worth.CONFIRMED}
    assert max(waited for _found, waited in asked) < asking.PATIENCE
    assert Reached.objects.get().seq == Chain.objects.get().length == 5


def test_with_no_vault_there_nobody_waits(vault, roles, submitted):
    found, waited = timed(taken(submitted))
    assert found is Worth.PROVISIONAL
    assert waited < 0.5


def test_a_file_that_is_not_there_leaves_it_provisional(receive, submitted):
    receive()
    case = taken(submitted, files=False)
    assert of_receipt(case) is Worth.PROVISIONAL
    hand_over()
    assert of_receipt(case) is Worth.CONFIRMED


def test_a_hung_vault_holds_up_one_receipt_for_a_second_and_no_other(receive, submitted):
    receiver = receive()
    cases = [taken(submitted) for _each in range(4)]
    assert of_receipt(cases[0]) is Worth.CONFIRMED
    receiver.process.send_signal(signal.SIGSTOP)
    later = [taken(submitted) for _each in range(4)]
    asked = [timed(case) for case in later]
    assert {found for found, _waited in asked} == {Worth.PROVISIONAL}
    assert asked[0][1] < asking.PATIENCE + 0.5
    assert max(waited for _found, waited in asked[1:]) < 0.5
    assert of_receipt(cases[0]) is Worth.CONFIRMED  # once confirmed it stays so
    assert keeping.waits(NOW)["rests"] == 1
    receiver.process.send_signal(signal.SIGCONT)
    until(lambda: _confirmed(later), PATIENCE, "all are confirmed by themselves")
    assert keeping.waits(NOW)["rests"] == 0
    found, waited = timed(taken(submitted))
    assert (found, waited < 0.5) == (Worth.CONFIRMED, True)


def _confirmed(cases):
    heartbeat.beat(NOW)
    return all(of_receipt(case) is Worth.CONFIRMED for case in cases)


def test_a_dead_vault_is_missed_at_once_and_comes_back(receive, submitted):
    receiver = receive()
    taken(submitted)
    receiver.end()
    until(lambda: _senders() == 0, PATIENCE, "the server has noticed")
    found, waited = timed(case := taken(submitted))
    assert (found, waited < 0.5) == (Worth.PROVISIONAL, True)
    assert keeping.streams() is False
    receive()
    until(lambda: _confirmed([case]), PATIENCE, "confirmed by itself")
    assert keeping.streams() is True


def test_a_receiver_of_somebody_else_confirms_nothing(receive, submitted):
    """It has the vault's name for itself, and may replicate; it is not the vault's role."""
    receive("someone_else")
    found, waited = timed(taken(submitted))
    assert (found, waited < 0.5) == (Worth.PROVISIONAL, True)


def test_an_acknowledgement_of_what_was_never_written_is_not_believed(receive, submitted):
    """A receiver of our own making says at once that it has everything there will ever be."""
    taken(submitted)
    stop = threading.Event()
    thread = threading.Thread(target=_lie, args=[stop])
    thread.start()
    try:
        until(lambda: _flushed_ahead(), PATIENCE, "it lies")
        assert of_receipt(taken(submitted)) is Worth.PROVISIONAL
    finally:
        stop.set()
        thread.join()


def _lie(stop):
    from psycopg2.extras import PhysicalReplicationConnection

    place = urlsplit(database_url())
    liar = psycopg2.connect(
        host=place.hostname,
        port=place.port,
        user=asking.ROLE,
        password=PASSWORD,
        application_name=asking.RECEIVER,
        connection_factory=PhysicalReplicationConnection,
    )
    with contextlib.closing(liar), liar.cursor() as cursor:
        cursor.execute("IDENTIFY_SYSTEM")
        start = cursor.fetchone()[2]
        cursor.start_replication(start_lsn=start, decode=False)
        while not stop.is_set():
            cursor.read_message()
            cursor.send_feedback(write_lsn=2**62, flush_lsn=2**62, force=True)
            stop.wait(0.02)


def _flushed_ahead():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_replication WHERE flush_lsn > pg_current_wal_flush_lsn()")
        return cursor.fetchone()[0] == 1


def test_no_commit_of_any_session_waits_for_the_vault(db):
    """With a standby that is named and dead a waiting commit hangs everybody."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("local",)
        cursor.execute("SELECT setconfig FROM pg_db_role_setting")
        others = [one for (settings,) in cursor.fetchall() for one in settings if one.startswith("synchronous_commit=")]
    assert set(others) <= {"synchronous_commit=local"}


def test_inside_a_transaction_the_vault_is_not_asked(receive, submitted):
    """What is not committed is nowhere yet, whatever the vault has of what was written before."""
    from django.db import transaction

    receive()
    with transaction.atomic():
        case = submitted()
        Outbox.objects.filter(kind="vault_file").update(not_before=NOW)
        assert asking.ask(Chain.objects.get().pk, 1).streams is None
        assert of_receipt(case) is Worth.PROVISIONAL
