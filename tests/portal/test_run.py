"""`bin/run` as a newcomer uses it: a first start, a second beside it, a later one, Ctrl-C; on a small city."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from ..conftest import provision
from ..faults.stack import until

pytestmark = pytest.mark.thorough
ROOT = Path(django_settings.BASE_DIR)


class Portal:
    """bin/run with a folder, a port and a small city of its own."""

    def __init__(self, var: Path, *options: str) -> None:
        self.var, self.options, self.port = var, options, provision.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.said, self.begun = var / "said.txt", set[int]()
        self.started: list[subprocess.Popen[bytes]] = []
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        # Compressing the style sheets and scripts is most of a first start, and nothing these tests are about.
        keep["STATIC_STORAGE"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
        self.env = keep | {"VAR_DIR": str(var), "PORT": str(self.port), "DEMO_TRANSACTIONS": "25"}

    def start(self) -> subprocess.Popen[bytes]:
        """Started, and ready for people; a process that ends before that is an error with what it said."""
        with self.said.open("wb") as out:
            process = subprocess.Popen(self.command(), env=self.env, stdout=out, stderr=out, start_new_session=True)
        self.started.append(process)
        until(
            lambda: process.poll() is not None or "Ctrl-C stops it" in self.said.read_text(),
            240,
            "bin/run is ready",
        )
        assert process.poll() is None, self.said.read_text()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        self.begun = {int(pid) for pid in children.split()}
        return process

    def ask(self, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(), env=self.env | env, capture_output=True, text=True, timeout=60)

    def command(self) -> list[str]:
        return [sys.executable, str(ROOT / "bin" / "run"), *self.options]

    def processes(self) -> set[int]:
        """Everything begun with this folder in its environment, whoever its parent is by now; and what bin/run began.

        (Redis writes its title over its environment.)
        """
        mark = f"VAR_DIR={self.var}\0".encode()
        found = set(self.begun)
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (place / "environ").read_bytes() + b"\0":
                    found.add(int(place.name))
        return {pid for pid in found if Path(f"/proc/{pid}/exe").exists()}

    def static_files(self) -> dict[Path, int]:
        """What was collected for the browser, and when each was written."""
        return {path: path.stat().st_mtime_ns for path in (self.var / "static").rglob("*") if path.is_file()}

    def demo(self) -> dict:
        return json.loads((self.var / "demo.json").read_text(encoding="utf-8"))


@pytest.fixture
def portal():
    """Makes portals; whatever of them is left is ended by its id, and its files are taken away."""
    made: list[Portal] = []

    def make(*options: str) -> Portal:
        var = Path(tempfile.mkdtemp(prefix="jeddah-run-")).resolve()
        made.append(Portal(var, *options))
        return made[-1]

    yield make
    for one in made:
        for process in one.started:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)
        for pid in one.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        home = provision.private_home(one.var / "full" / "postgres").parent
        for place in (home, one.var):
            shutil.rmtree(place, ignore_errors=True)


def is_what_the_issue_names(demo, url):
    assert demo["base_url"] == url
    assert all(account["national_id"] and account["password"] for account in demo["accounts"].values())
    assert {"owner", "resident", "engineer", "centre_clerk", "reviewer", "supervisor"} <= set(demo["accounts"])
    assert len(demo["samples"]) == 3
    assert all(sample["reference"] and sample["pin"] for sample in demo["samples"].values())


def answers_and_works(one):
    with urllib.request.urlopen(f"{one.url}/readyz", timeout=5) as answer:
        checks = json.load(answer)["checks"]
    assert set(checks.values()) == {True}
    is_what_the_issue_names(one.demo(), one.url)
    said = one.said.read_text()
    for sample in one.demo()["samples"].values():
        assert f"{sample['reference']}  PIN {sample['pin']}" in said
    return checks


def end(one, process):
    """Ctrl-C, and nothing is left."""
    assert len(one.processes()) > 2
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0, one.said.read_text()
    assert one.processes() == set()


@pytest.mark.embedded
def test_started_twice_and_again_it_is_the_same_city_and_ctrl_c_ends_all_of_it(portal):
    one = portal()
    process = one.start()
    answers_and_works(one)
    city, running, collected = one.demo(), one.processes(), one.static_files()
    assert "25 transactions in" in one.said.read_text()
    assert collected
    assert (one.var / "demo.json").stat().st_mode & 0o077 == 0

    beside = one.ask(PORT=str(provision.free_port()))
    assert (beside.returncode, one.url in beside.stdout) == (0, True), beside.stderr
    assert "running already" in beside.stdout
    assert (one.demo(), one.processes()) == (city, running)
    end(one, process)

    process = one.start()
    answers_and_works(one)
    assert "transactions in" not in one.said.read_text(), "a later start builds no city"
    assert one.static_files() == collected, "nor anything else"
    assert one.demo() == city
    end(one, process)


@pytest.mark.embedded
def test_a_port_that_is_taken_is_said_with_a_way_out(portal):
    one = portal()
    with socket.socket() as other:
        other.bind(("127.0.0.1", one.port))
        other.listen()
        done = one.ask()
    assert done.returncode == 1
    assert f"Port {one.port} on 127.0.0.1 is taken" in done.stderr
    assert "PORT=8001 bin/run" in done.stderr
    assert one.processes() == set()
    assert not (one.var / "demo.json").exists()


@pytest.mark.embedded
def test_each_city_is_entered_with_its_own_passwords_whichever_was_started_last(tmp_path):
    set_aside = runpy.run_path(str(ROOT / "bin" / "run"), run_name="run")["set_aside"]
    shown = tmp_path / "demo.json"

    def start(full, city):
        """What a start does with the file: the first makes it, `--full` copies its own over it."""
        set_aside(tmp_path, full)
        if full or not shown.exists():
            shown.write_text(city, encoding="utf-8")
        return shown.read_text(encoding="utf-8")

    assert start(True, "full") == "full", "there is no other city yet"
    shown.unlink()
    (tmp_path / "portal.sqlite3").touch()
    assert start(False, "sqlite") == "sqlite"
    for _again in range(2):
        assert [start(True, "full"), start(True, "full")] == ["full", "full"]
        assert [start(False, "new"), start(False, "new")] == ["sqlite", "sqlite"]


@pytest.mark.stack
def test_the_full_city_runs_on_servers_of_its_own_and_ctrl_c_ends_those_too(portal):
    one = portal("--full")
    process = one.start()
    assert set(answers_and_works(one)) == {"database", "writes", "worker", "broker"}
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in one.processes()]
    for name in (b"postgres", b"redis-server", b"celery", b"beat", b"gunicorn"):
        assert any(name in command for command in commands), name
    end(one, process)
