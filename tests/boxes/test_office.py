"""A real box: `bin/office` set up from the file that two administrators had made, its counter, the centre over
loopback, then alone, then by stick.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import provision
import pytest
import requests
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from accounts import four_eyes
from accounts import services as people
from accounts.models import User
from boxes.centre import registering
from boxes.models import Box, Delivered
from journal import receipts
from municipality.models import Office
from transactions.models import Transaction
from transactions.outbox import queue

from .. import pace
from ..conftest import NOW, PASSWORD, answers_today, national_id, pdf, picture
from ..tables import copy_sqlite_file

ROOT = Path(django_settings.BASE_DIR)
# One database of a file for the centre's server and ours: the box has its own.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
SERVICE = "electricity-connection"


class Line:
    """The line between office and centre, which can be pulled."""

    def __init__(self, target: int) -> None:
        self.target, self.is_up = target, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            if not self.is_up:
                client.close()
                continue
            centre = socket.create_connection(("127.0.0.1", self.target))
            for one, other in ((client, centre), (centre, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := one.recv(65536):
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)


class Clerk:
    """Somebody at the counter of the box, by its pages alone."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()
        self.session.cookies.set("language", "en")

    def get(self, path: str, status: int = 200) -> str:
        answer = self.session.get(self.url + path, timeout=30)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text

    def post(self, path: str, data: dict[str, Any], files: Any = None, status: int = 200) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        assert token
        answer = self.session.post(
            self.url + path, data={**data, "csrfmiddlewaretoken": token[1]}, files=files, timeout=60
        )
        assert answer.status_code == status, (path, answer.status_code, answer.text[:3000])
        return answer

    def post_file(self, page: str, path: str, file: Any) -> None:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page))
        assert token
        sent = {"csrfmiddlewaretoken": token[1]}
        assert self.session.post(self.url + path, data=sent, files={"file": file}, timeout=30).status_code == 200

    def sign_in(self, person: User) -> None:
        answer = self.post("/accounts/login/", {"login": person.national_id, "password": PASSWORD})
        assert "/accounts/login/" not in answer.url, answer.text

    def take(self, person: int, status: int = 200) -> str:
        """A walk-in from the first question to the receipt; returns the page of the receipt, or of its refusal."""
        visitor = {"national_id": national_id(person), "full_name": "محمد سالم العتيبي", "phone": "0500000500"}
        centre = re.search(r'name="centre" value="(\d+)"', self.get("/staff/counter/"))
        assert centre
        begun = self.post("/staff/counter/", {**visitor, "seen": "on", "service": SERVICE, "centre": centre[1]})
        typed = {name: "on" if value is True else value for name, value in answers_today(SERVICE).items()}
        files = [(name, (f"{name}.pdf", pdf(), "application/pdf")) for name in ("ownership_doc", "id_copy", "croquis")]
        files += [("facade_photo", (f"{which}.jpg", picture("JPEG"), "image/jpeg")) for which in ("a", "b")]
        path = begun.url.removeprefix(self.url)
        looked = self.post(path, typed, files)
        assert looked.url.endswith("/check/"), looked.text
        version = re.search(r'name="version_seen" value="([^"]*)"', looked.text)
        assert version
        return self.post(looked.url.removeprefix(self.url), {"version_seen": version[1]}, status=status).text


def number_on(page: str) -> str:
    found = re.search(r"B0A-1448-\d{9}-[0-9A-Z]", page)
    assert found, page
    return found[0]


def until(true: Callable[[], Any], seconds: float = 30) -> float:
    """How long it took until this was true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds * pace.slowness(), "it did not come true"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def clerk(cast, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    cast.clerk.set_password(PASSWORD)
    cast.clerk.language = "en"
    cast.clerk.save()
    return cast.clerk


@pytest.fixture
def enrolled(cast, clerk, settings, tmp_path, live_server):
    """A box that two administrators agreed on: (its file, its secret, the line to the centre)."""
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    line = Line(int(live_server.url.rpartition(":")[2]))
    settings.PORTAL_URL = line.url
    second = User.objects.create_user(national_id(90), PASSWORD, full_name="second", phone="+966500000090")
    people.create_staff_post(second, Office.objects.get(code="CTR"), "administrator", on=NOW.date())
    office, now = Office.objects.get(code="SC01"), timezone.now()
    proposal = registering.propose(office, "Counter 2", reason="The line fails", by=cast.administrator, now=now)
    assert not Box.objects.exists()
    four_eyes.confirm(proposal, by=second, now=now)
    sealed, secret = registering.enrol(Box.objects.get(), by=second, now=now)
    file = tmp_path / "box.enrolment"
    file.write_bytes(sealed)
    yield file, secret, line
    line.listener.close()


@pytest.fixture
def environment(tmp_path):
    disk = tmp_path / "second disk"
    disk.mkdir()
    own = {"OFFICE_DIR": str(tmp_path / "office"), "OFFICE_SECOND_MEDIUM": str(disk), "LOG_LEVEL": "WARNING"}
    own |= {"STATIC_ROOT": str(tmp_path / "static"), "STATIC_STORAGE": PLAIN, "PORT": str(provision.free_port())}
    return {**os.environ, **own}


PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"


def office(*arguments: Any, env: dict[str, str], **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bin" / "office"), *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, **more)


def at_the_centre(number: str) -> Transaction | None:
    queue.process_kind("box_entry")
    return Transaction.objects.filter(reference=number).first()


def test_a_box_takes_delivers_goes_on_alone_and_comes_home_by_stick(enrolled, environment, clerk, tmp_path):
    file, secret, line = enrolled
    (tmp_path / "office").mkdir()
    assert office("setup", file, env=environment, input="BBBBB-BBBBB\n").returncode
    copy_sqlite_file(tmp_path / "office" / "office.sqlite3")  # the tables, which take `migrate` long
    done = office("setup", file, env=environment, input=f"{secret.lower().replace('-', ' ')}\n")
    assert not done.returncode, done.stderr + done.stdout
    url = f"http://127.0.0.1:{environment['PORT']}"
    with (tmp_path / "run.log").open("wb") as log:
        box = subprocess.Popen(
            [sys.executable, ROOT / "bin" / "office", "run"], env=environment, stdout=log, stderr=log
        )
    try:
        until(lambda: _answers(f"{url}/readyz"), 60)
        _one_day(Clerk(url), line, environment, clerk, tmp_path)
    finally:
        box.terminate()
        box.wait(30)
        for path in (tmp_path / "office" / "logs").glob("*.log"):
            sys.stderr.write(path.read_text())


def _one_day(at_counter: Clerk, line: Line, env: dict[str, str], clerk: User, tmp_path: Path) -> None:
    at_counter.sign_in(clerk)
    for away in ("/staff/supervision/", "/staff/quarantine/", "/api/v1/services/", "/services/", "/requests/"):
        at_counter.get(away, 404)
    first = at_counter.take(500)
    number = number_on(first)
    assert "Provisional" in first
    assert line.url in unescape(first)  # the paper leads to the portal, not into the office
    took = until(lambda: at_the_centre(number))
    assert pace.within(5, took), took
    case = Transaction.objects.get(reference=number)
    assert case.taken_by == clerk
    assert case.attachments.count() == 5
    assert receipts.check_token(case.intake.token).in_journal
    until(lambda: "Confirmed" in at_counter.get(f"/requests/{number}/receipt/?desk=1"))
    line.is_up = False
    alone = number_on(at_counter.take(501))
    assert "Provisional" in at_counter.get(f"/requests/{alone}/receipt/?desk=1")
    disk = Path(env["OFFICE_SECOND_MEDIUM"])
    assert len(list((disk / "entries").iterdir())) == 2  # signed and sealed, before the receipt was shown
    disk.rename(disk.with_name("pulled"))
    assert "The second disk" in at_counter.take(502, status=409)
    disk.with_name("pulled").rename(disk)
    stick = tmp_path / "stick"
    stick.mkdir()
    written = office("stick", stick, env=env)
    assert not written.returncode, written.stderr
    brought = next(stick.iterdir())
    call_command("take_deliveries", str(brought), "--word", str(stick / "word"), stdout=io.StringIO())
    assert at_the_centre(alone) is not None
    assert Delivered.objects.get(reference=alone).by_stick
    with (stick / "word").open("rb") as word:
        at_counter.post_file("/staff/", "/staff/news/", word)
    assert "Confirmed" in at_counter.get(f"/requests/{alone}/receipt/?desk=1")


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=5).status_code == 200
    return False
