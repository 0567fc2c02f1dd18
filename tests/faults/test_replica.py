"""A copy of the database answers inquiries, and goes on answering while the centre is away."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from .conftest import wait_until
from .test_scale_out import family as family
from .test_scale_out import provision

pytestmark = pytest.mark.stack
METRICS = "m" * 40


@pytest.fixture
def centre(family):
    """A PostgreSQL of its own with a small city and a streaming replica of it: (its process, settings, home)."""
    home = Path(tempfile.mkdtemp(prefix="jeddah-replica-", dir=os.environ["VAR_DIR"]))
    home.chmod(0o711)
    log = home / "servers.log"
    url = provision.start_postgres(family, home / "centre", log=log, durable=False)
    process = family.members[-1][1]
    env = provision.environment(VAR_DIR=str(home), DEMO="1", DATABASE_URL=url, REDIS_URL="")
    provision.manage("prepare", env=env)
    provision.manage("seed_demo", "--transactions", "40", env=env)
    copy = provision.start_replica(family, home / "copy", url, log=log)
    return (
        process,
        {
            "DATABASE_URL": url,
            "REPLICA_DATABASE_URL": copy,
            "VAR_DIR": str(home),
            "DEMO": "1",
            "METRICS_TOKEN": METRICS,
        },
        home,
    )


def ask(url: str, reference: str, pin: str) -> tuple[int, dict]:
    asked = urllib.request.Request(
        f"{url}/api/v1/inquiries/",
        json.dumps({"reference": reference, "pin": pin}).encode(),
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


def behind(url: str) -> float:
    asked = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return float(re.search(r"^portal_replica_behind_seconds (\S+)", answer.read().decode(), re.MULTILINE)[1])


def test_a_copy_answers_inquiries_alone_while_the_centre_is_away(centre, web, family):
    process, env, home = centre
    # Patient, because what is asked here is not how long a busy machine takes.
    url = web(**env, DATABASE_PATIENCE="8")
    demo = json.loads((home / "demo.json").read_text())
    sample, other = demo["samples"]["under_study"], demo["samples"]["returned"]

    def caught_up() -> bool:
        status, answer = ask(url, **sample)
        return status == 200 and bool(answer["timeline"])

    wait_until(caught_up, 30)
    _status, before = ask(url, **sample)
    assert ask(url, sample["reference"], "00000000")[0] == 404
    assert "من نسخة عن النظام المركزي" in ask_page(url, **sample)
    assert 0 <= behind(url) < 300

    family.members = [member for member in family.members if member[1] is not process]
    process.kill()
    process.wait()
    gone = time.time()

    status, after = ask(url, **sample)
    assert status == 200
    assert (after["timeline"], after["movements"]) == (before["timeline"], before["movements"])
    # What is told is not dated later than the centre lived.
    assert datetime.fromisoformat(after["as_of"]).timestamp() <= gone
    assert sample["reference"] in ask_page(url, **sample)
    # Guessing is bounded without the centre too, for one that was tried before and for one that was not.
    wrong = [ask(url, other["reference"], f"0000000{n}")[0] for n in range(8)]
    assert wrong == [404] * 5 + [429] * 3
    assert ask(url, **other)[0] == 429
    # Nothing else pretends to work.
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/", timeout=10)
    assert refused.value.code == 503
