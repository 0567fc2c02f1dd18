"""Real processes beside the test's database: web, worker, beat. Ended by their ids."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from ..conftest import provision
from ..journeys.conftest import database_url
from .run import Run
from .stack import PATIENCE, UNLIMITED, Stack, answers, until

ROOT = Path(django_settings.BASE_DIR)
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
"""Style sheets are found where they are written: nobody has collected them for a test."""


@pytest.fixture
def redis_url(worker_id: str) -> str:
    """A Redis database of this test process alone, emptied."""
    import redis

    url = os.environ["REDIS_URL"]
    number = 1 + int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 1
    url = f"{url.rpartition('/')[0]}/{number}"
    redis.Redis.from_url(url).flushdb()
    return url


@pytest.fixture
def run() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process of the portal (`log`: where it writes); whatever is left is ended afterwards."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*command: str, log: str | Path = os.devnull, **env: str) -> subprocess.Popen[bytes]:
        quiet = {"DATABASE_URL": database_url(), "REDIS_URL": "", "LOG_LEVEL": "CRITICAL", "STATIC_STORAGE": PLAIN}
        with open(log, "ab") as out:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=os.environ | UNLIMITED | quiet | env,
                stderr=out,
                stdout=out,
                start_new_session=True,
            )
        begun.append(process)
        return process

    start.begun = begun  # type: ignore[attr-defined]
    yield start
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def web(run) -> Callable[..., str]:
    """Serve the portal with gunicorn; returns its base URL once it answers."""

    def start(**more: str | Path) -> str:
        port = provision.free_port()
        run("-m", "gunicorn", "jeddah_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4",
            "--no-control-socket", **more)  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{url}/healthz"), PATIENCE, "gunicorn answers")
        return url

    return start


@pytest.fixture(scope="session")
def whole_stack() -> Iterator[Run]:
    """The portal as processes of its own, one set for all these tests, since what fails must also recover."""
    folder = Path(tempfile.mkdtemp(prefix="jeddah-faults-"))
    folder.chmod(0o711)
    try:
        with Stack(folder) as stack:
            yield Run(stack)
    finally:
        # FAULTS_KEEP=1 leaves the logs and the clients' history for whoever has to find out.
        if not os.environ.get("FAULTS_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run_of_faults(whole_stack: Run) -> Iterator[Run]:
    """The run, well before the test; afterwards everything any client was ever told is compared with what is there."""
    whole_stack.begin()
    yield whole_stack
    whole_stack.finish()
