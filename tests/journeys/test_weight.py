"""What the pages weigh on the wire, from a clean cache, served as in production: gunicorn, whitenoise, compressed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..conftest import provision
from ..faults.stack import PATIENCE, answers, until
from .conftest import ROOT, database_url
from .pages import LISTS, OTHERS, PUBLIC, every_move, show
from .weigh import WATCH, weigh
from .world import build

pytestmark = pytest.mark.embedded
HOME, MOST, REQUESTS = 120_000, 250_000, 15
WITH_VIEWER = 25  # a document beside the form: what draws it, and the first tiles of the sheet
SHIFT = 0.01  # of a page behind the sign-in; the public ones do not move at all
ONE_IN = 3  # of Django's own lists and forms, which are alike; bin/test --screens weighs them all
APART = {"design"}  # every component many times over; no page of the portal
# Each with something that a script shows, or a row of the frame that a wider typeface could break.
COME_LATE = {
    "home", "checklist-building-permit", "receipt",
    "staff-queue", "staff-printed-list", "counter-day", "collected", "staff-supervision",
}  # fmt: skip


def files_of(tmp_path_factory) -> Path:
    """Where the server looks for files and the witness of the journal; each test links it to its own."""
    return tmp_path_factory.getbasetemp() / "weighed-files"


@pytest.fixture
def world(cast, submitted, settings, tmp_path_factory) -> dict[str, str]:
    """All there is to see, with its files where the server looks for them."""
    own, link = Path(settings.MEDIA_ROOT), files_of(tmp_path_factory)
    own.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(own)
    return build(cast, submitted)


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory):
    """A real gunicorn on the test database, with collected and compressed static files."""
    port = provision.free_port()
    env = os.environ | {
        "DATABASE_URL": database_url(), "REDIS_URL": "", "LOG_LEVEL": "CRITICAL",
        "STATIC_ROOT": str(tmp_path_factory.mktemp("static")), "MEDIA_ROOT": str(files_of(tmp_path_factory)),
    }  # fmt: skip
    # Compressing takes its time: what no page measured here needs is left out.
    left_out = ["mfa", "vendor"]
    collect = ["collectstatic", "--noinput", "-v0", *(part for name in left_out for part in ("-i", name))]
    subprocess.run([sys.executable, ROOT / "manage.py", *collect], env=env, check=True)
    gunicorn = [sys.executable, "-m", "gunicorn", "jeddah_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    process = subprocess.Popen([*gunicorn, "--no-control-socket"], env=env, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(f"{url}/healthz"), PATIENCE, "gunicorn answers")
        yield url
    finally:
        process.terminate()
        process.wait(60)


def test_every_page_is_light_and_does_not_jump(server, browser, cast, world):
    """Django's own lists and forms among them, which by themselves make up to 33 requests."""
    wrong = []
    alike = set(LISTS) - set(LISTS[::ONE_IN])
    for shown in (*PUBLIC, *OTHERS):
        if shown.name in APART or shown in alike:
            continue
        weight = weigh(browser, server, shown, world, cast)
        most = HOME if shown.name == "home" else MOST
        requests = WITH_VIEWER if weight.viewer else REQUESTS
        # What the test itself opened moves what is below it.
        still = shown.then is every_move or weight.shift <= (0 if shown in PUBLIC else SHIFT)
        if not still or weight.bytes > most or weight.requests > requests or len(weight.hosts) != 1:
            wrong.append(f"{shown.name}: {weight}")
        assert weight.bytes > 2_000, shown
    assert wrong == [], "\n".join(wrong)


def late_shift(browser, server, shown, world, cast, late: dict[str, int]) -> float:
    """How far a page moves while these files (by pattern) come so many milliseconds late."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, base_url=server)
    if shown.who:
        session = shown.session(getattr(cast, shown.who))
        context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    context.add_init_script(WATCH)
    page = context.new_page()
    for files, late_ms in late.items():
        page.route(files, lambda route, _, late_ms=late_ms: (time.sleep(late_ms / 1000), route.continue_()))
    show(page, shown, world)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)
    shift = float(page.evaluate("window.shift"))
    context.close()
    return shift


def test_nothing_jumps_when_typeface_and_scripts_come_late(server, browser, cast, world):
    """On a loaded machine they come after the first picture: what a script shows has its place before that."""
    pages = [shown for shown in (*PUBLIC, *OTHERS) if shown.name in COME_LATE]
    assert {shown.name for shown in pages} == COME_LATE
    wrong = []
    for typeface_ms, script_ms in ((20, 60), (60, 150), (120, 400), (1000, 0)):
        late = {"**/*.woff2": typeface_ms, "**/*.js": script_ms}
        for shown in pages:
            shift = late_shift(browser, server, shown, world, cast, late)
            if shift > (0 if shown in PUBLIC else SHIFT):
                wrong.append(f"{shown.name} {late}: {shift:.4f}")
    assert wrong == [], "\n".join(wrong)
