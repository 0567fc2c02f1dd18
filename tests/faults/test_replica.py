"""A copy of the database answers inquiries, and goes on answering while the centre is away."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from http.cookiejar import CookieJar
from pathlib import Path

import psycopg2
import pytest

from ..conftest import provision
from ..pace import within
from .stack import PATIENCE, until

pytestmark = pytest.mark.stack
METRICS = "m" * 40


class Centre:
    """A PostgreSQL of its own with a small city, and a streaming replica of it."""

    def __init__(self, family: provision.Family, transactions: int = 40) -> None:
        self.family = family
        self.home = Path(tempfile.mkdtemp(prefix="jeddah-replica-", dir=os.environ["VAR_DIR"]))
        self.home.chmod(0o711)
        self._log = self.home / "servers.log"
        url = provision.start_postgres(family, self.home / "centre", log=self._log, durable=False)
        self._process = family.members[-1][1]
        self.env = {
            "DATABASE_URL": url,
            "REDIS_URL": "",
            "VAR_DIR": str(self.home),
            "MEDIA_ROOT": str(self.home / "files"),  # one for all tests here: its witness belongs to the database
            "DEMO": "1",
            "METRICS_TOKEN": METRICS,
            "STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
        }
        env = provision.environment(**self.env)
        provision.manage("prepare", env=env)
        provision.manage("seed_demo", "--transactions", str(transactions), "--today", "2026-11-24", env=env)
        self.env["REPLICA_DATABASE_URL"] = provision.start_replica(family, self.home / "copy", url, log=self._log)
        self.samples = json.loads((self.home / "demo.json").read_text())["samples"]

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Killed, and started again as it was."""
        gone = self._process
        gone.kill()
        gone.wait()
        self.family.members = [member for member in self.family.members if member[1] is not gone]
        try:
            yield
        finally:
            until(lambda: self._start_again(gone.args), PATIENCE, "PostgreSQL starts again")

    def _start_again(self, command: list[str]) -> bool:
        """It refuses to start while a process of the one that was killed is still ending."""
        user, stop = provision.postgres_user(), provision.signal.SIGINT
        self._process = self.family.start("PostgreSQL", command, user=user, log=self._log, stop=stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
            self.family.members.pop()
            return False
        return True

    def shell(self, code: str) -> str:
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
        env = provision.environment(**self.env)
        done = subprocess.run(command, cwd=provision.ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True)
        return done.stdout

    def in_copy(self, sql: str) -> list[tuple]:
        return self.execute(self.env["REPLICA_DATABASE_URL"], sql)

    def in_centre(self, sql: str) -> list[tuple]:
        return self.execute(self.env["DATABASE_URL"], sql)

    def execute(self, url: str, sql: str) -> list[tuple]:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        found = cursor.fetchall() if cursor.description else []
        connection.close()
        return found


@pytest.fixture(scope="module")
def centre() -> Iterator[Centre]:
    family = provision.Family()
    try:
        yield Centre(family)
    finally:
        family.end()


def ask(url: str, **secret: str) -> tuple[int, dict]:
    asked = urllib.request.Request(
        f"{url}/api/v1/inquiries/",
        json.dumps(secret).encode(),
        {"Content-Type": "application/json", "Accept-Language": "en"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def ask_page(url: str, reference: str, pin: str) -> str:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = opener.open(f"{url}/inquiry/", timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    form = urllib.parse.urlencode({"reference": reference, "pin": pin, "csrfmiddlewaretoken": token}).encode()
    asked = urllib.request.Request(f"{url}/inquiry/", form, {"Referer": url})
    return opener.open(asked, timeout=10).read().decode()


PUBLIC = ("/", "/services/building-permit/", "/inquiry/", "/help/", "/privacy/", "/accessibility/", "/verify/")
# The slowest machine this runs on draws a page that much slower than it should.
SLOW = 3
SIGNED_IN = """
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
from journal import receipts
from journal.models import Entry
user = User.objects.filter(is_staff=False).first()
session = SessionStore()
session.update({"_auth_user_id": str(user.pk), "_auth_user_hash": user.get_session_auth_hash(),
                "_auth_user_backend": "django.contrib.auth.backends.ModelBackend"})
session.create()
print(session.session_key); print(user.full_name); print(receipts.encode_token(Entry.objects.first()))
"""


def timed(url: str, cookie: str = "", status: int = 200) -> tuple[float, str]:
    """(seconds, page) of an answer with this status."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie}), timeout=10) as answer:
            got, page = answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        got, page = refused.code, refused.read().decode()
    assert got == status, (url, cookie, got)
    return time.monotonic() - began, page


def behind(url: str) -> float:
    asked = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return float(re.search(r"^portal_replica_behind_seconds (\S+)", answer.read().decode(), re.MULTILINE)[1])


def test_a_copy_answers_inquiries_alone_while_the_centre_is_away(centre, web):
    # Patient, because what is asked here is not how long a busy machine takes.
    url = web(**centre.env, DATABASE_PATIENCE="8")
    sample, other, *_ = centre.samples.values()

    def caught_up() -> bool:
        status, answer = ask(url, **sample)
        return status == 200 and bool(answer["timeline"])

    until(caught_up, PATIENCE)
    session, owner, token = centre.shell(SIGNED_IN).splitlines()[-3:]
    assert owner in timed(f"{url}/requests/", f"sessionid={session}")[1]
    for path in (*PUBLIC, f"/verify/{token}/"):
        timed(f"{url}{path}", f"sessionid={session}")
    _status, before = ask(url, **sample)
    assert ask(url, reference=sample["reference"], pin="00000000")[0] == 404
    assert "من نسخة عن النظام المركزي" in ask_page(url, **sample)
    assert 0 <= behind(url) < 300

    with centre.away():
        gone = time.time()
        status, after = ask(url, **sample)
        assert status == 200
        assert (after["timeline"], after["movements"]) == (before["timeline"], before["movements"])
        # What is told is not dated later than the centre lived.
        assert datetime.fromisoformat(after["as_of"]).timestamp() <= gone
        assert sample["reference"] in ask_page(url, **sample)
        assert "هذه وثيقة صحيحة من أمانة محافظة جدة" in timed(f"{url}/verify/{token}/", f"sessionid={session}")[1]
        # Guessing is bounded without the centre too, for one that was tried before and for one that was not.
        wrong = [ask(url, reference=other["reference"], pin=f"0000000{n}")[0] for n in range(8)]
        assert wrong == [404] * 5 + [429] * 3
        assert ask(url, **other)[0] == 429
        # What needs no person asks for none, whoever the browser says it is.
        for cookie in ("", f"sessionid={session}", "sessionid=" + "a" * 32, "sessionid=forged; messages=x"):
            for path in PUBLIC:
                seconds, page = timed(f"{url}{path}", cookie)
                assert seconds < 0.3 * SLOW, (path, cookie, seconds)
                assert owner not in page
        assert timed(f"{url}/nothing/here/", f"sessionid={session}", 404)[0] < 0.3 * SLOW
        # Nothing else pretends to work.
        timed(f"{url}/requests/", f"sessionid={session}", 503)

    def answers() -> bool:
        with contextlib.suppress(urllib.error.HTTPError):
            asked = urllib.request.Request(f"{url}/requests/", headers={"Cookie": f"sessionid={session}"})
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status == 200
        return False

    until(answers, PATIENCE)


REFER = """
import json
from accounts.models import StaffPost
from transactions.domain import pins
from transactions.models import Transaction
from transactions.transitions import moves
from transactions.domain.workflow import STUDY

supervisors = {post.office_id: post.user for post in StaffPost.objects.filter(role="supervisor")}
case = Transaction.objects.filter(status__in=STUDY, held_by__in=supervisors).first()
before = {"status": case.status, "movements": case.movements.count()}
clerks = StaffPost.objects.filter(role="registry_clerk", office__kind="sub_municipality")
clerk = clerks.exclude(office=case.held_by).first()
case = moves.refer(case, to=clerk.office, reason="x", by=supervisors[case.held_by_id])
case = moves.register(case, by=clerk.user)
line = case.movements.get(direction="in", office=clerk.office)
number = {"office": line.office.code, "number": str(line.number), "hijri_year": str(line.hijri_year)}
secret = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
print(json.dumps([number | {"last_four": case.applicant.national_id[-4:]}, secret, before]))
"""


def test_a_copy_that_lags_says_so_and_a_number_it_does_not_know_is_looked_up_in_the_centre(centre, web):
    url = web(**centre.env, DATABASE_PATIENCE="8")
    centre.in_copy("SELECT pg_wal_replay_pause()")
    began = time.time()
    number, secret, before = json.loads(centre.shell(REFER).splitlines()[-1])

    # Registers are the centre's: whoever holds the paper with the number is told what it says.
    status, by_number = ask(url, **number)
    assert (status, by_number["reference"]) == (200, secret["reference"])
    assert datetime.fromisoformat(by_number["as_of"]).timestamp() > began
    assert len(by_number["movements"]) == before["movements"] + 2
    # The reference is looked up in the copy, which tells the older state as such.
    status, by_pin = ask(url, **secret)
    assert (status, by_pin["status"], len(by_pin["movements"])) == (200, before["status"], before["movements"])
    assert datetime.fromisoformat(by_pin["as_of"]).timestamp() < began
    assert behind(url) >= time.time() - began

    centre.in_copy("SELECT pg_wal_replay_resume()")
    until(lambda: ask(url, **secret)[1]["movements"] == by_number["movements"], PATIENCE)
    assert ask(url, **secret)[1]["status"] == by_number["status"]


def test_tables_that_are_dropped_are_gone_in_the_copy_too_and_every_answer_says_so_in_words(centre, web):
    url = web(**centre.env)
    sample, *_ = centre.samples.values()
    until(lambda: ask(url, **sample)[0] == 200, PATIENCE)
    session, _owner, token = centre.shell(SIGNED_IN).splitlines()[-3:]

    centre.in_centre("ALTER SCHEMA public RENAME TO lost")
    try:
        until(lambda: centre.in_copy("SELECT to_regclass('public.transactions_transaction')") == [(None,)], PATIENCE)
        for path in ("/requests/", f"/verify/{token}/", "/staff/", f"/requests/{sample['reference']}/"):
            seconds, page = timed(f"{url}{path}", f"sessionid={session}", 503)
            assert "لا نستطيع الرد الآن. الخلل ليس في اتصالك." in page, path
            assert within(2, seconds), path
        for _again in range(3):
            began = time.monotonic()
            status, said = ask(url, **sample)
            assert (status, said["code"]) == (503, "unavailable")
            assert within(2, time.monotonic() - began)
        # What needs no table may be shown; nothing is called a mistake of ours.
        for path in PUBLIC:
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"{url}{path}", timeout=10).close()
                continue
            assert "لا نستطيع الرد الآن" in timed(f"{url}{path}", status=503)[1]
    finally:
        centre.in_centre("ALTER SCHEMA lost RENAME TO public")
    until(lambda: ask(url, **sample)[0] == 200, PATIENCE)
