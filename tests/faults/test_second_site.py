"""The centre is killed, its tables are dropped, its rows deleted: the second site answers inquiries all along, and the
late copy stays at the last good state.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from continuity import second_site

from ..conftest import provision
from ..pace import within
from .stack import until
from .test_replica import Centre, ask, timed

pytestmark = [pytest.mark.stack]
MINUTES_LATE = 0.25
WIPES = {
    "tables dropped": "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
    "rows deleted": "SET session_replication_role = replica; DELETE FROM transactions_transaction",
}
# As a worker of the centre does every few seconds. A late copy applies the locks of a DROP as soon as it has them and
# keeps back commits alone: what holds it before them is an earlier commit whose time has not come.
BEAT = """
    INSERT INTO transactions_heartbeat (name, at) VALUES ('worker', now())
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


class SecondSite:
    """A hot copy, a late one, web processes and the guard beside them."""

    def __init__(self, centre: Centre, run, web) -> None:
        log, family = centre.home / "site.log", centre.family
        late = provision.start_replica(
            family, centre.home / "late", centre.env["DATABASE_URL"], log=log, minutes_late=MINUTES_LATE
        )
        self.env = centre.env | {
            "SECOND_SITE": "1",
            "DATABASE_URL": late,
            "REPLICA_DATABASE_URL": centre.env["REPLICA_DATABASE_URL"],
        }
        self.late = late
        self.said = centre.home / "guard.log"
        self.url = web(**self.env)
        run("manage.py", "guard_copy", log=self.said, **self.env)

    def refusal(self) -> str:
        """What whoever writes here is told."""
        code = "from transactions.models import Incident; Incident.objects.create(declared_at='2026-11-24T00:00Z')"
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
        env = provision.environment(**self.env)
        return subprocess.run(command, cwd=provision.ROOT, env=env, capture_output=True, text=True).stderr

    def paused(self, centre: Centre) -> bool:
        return centre.execute(self.late, "SELECT pg_is_wal_replay_paused()") == [(True,)]


class Probe:
    """Asks every 100 ms; knows how long nobody answered right, and what was answered wrong."""

    def __init__(self, url: str, sample: dict) -> None:
        self.silence, self.wrong, self.answers = 0.0, [], 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(url, sample))

    def _run(self, url: str, sample: dict) -> None:
        last = time.monotonic()
        while not self._over.wait(0.1):
            with contextlib.suppress(OSError):
                status, said = ask(url, **sample)
                if status == 200 and said["reference"] == sample["reference"]:
                    self.answers += 1
                    last = time.monotonic()
                else:
                    self.wrong.append((status, said))
            self.silence = max(self.silence, time.monotonic() - last)

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def centre() -> Iterator[Centre]:
    family = provision.Family()
    try:
        yield Centre(family, transactions=6)
    finally:
        family.end()


def says_what_it_is(url: str, sample: dict) -> None:
    with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok"}
    for path in ("/", "/inquiry/", "/help/", "/verify/", "/services/building-permit/", "/status/", "/accounts/login/"):
        assert "هذا هو الموقع الثاني للبوابة" in timed(f"{url}{path}", "sessionid=anything")[1], path
    _status, said = ask(url, **sample)
    assert datetime.fromisoformat(said["as_of"]) < datetime.now(UTC)


@pytest.mark.parametrize("wipe", WIPES)
def test_inquiries_are_answered_all_along_whatever_happens_to_the_centre(centre, run, web, wipe):
    site = SecondSite(centre, run, web)
    sample, *_rest = centre.samples.values()
    until(lambda: ask(site.url, **sample)[0] == 200, 60)
    says_what_it_is(site.url, sample)
    assert "This is the second site, which takes nothing" in site.refusal()
    with Probe(site.url, sample) as probe:
        time.sleep(5)  # the guard has counted
        centre.in_centre(BEAT)
        centre.in_centre(WIPES[wipe])
        until(lambda: site.paused(centre), 20, "the late copy stops")
        with centre.away():
            time.sleep(MINUTES_LATE * 60)  # the wipe would have reached the late copy by now
    assert probe.answers > 20
    assert probe.wrong == []
    assert within(1, probe.silence)
    assert "stopped at" in site.said.read_text()


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        ({"a": 5, "b": 7}, ""),
        ({"a": 9, "b": 7}, ""),
        ({"a": 4, "b": 7}, "a: 4 rows, 5 before"),
        ({"a": 9, "b": 0}, "b: 0 rows, 7 before"),
    ],
)
def test_fewer_rows_of_what_is_only_added_to_are_a_loss(now, lost):
    assert second_site.what_was_lost({"a": 5, "b": 7}, now) == lost
