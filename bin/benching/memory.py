"""Memory of every process of the portal: at rest, and while it is asked and used for an hour."""

from __future__ import annotations

import json
import time
from pathlib import Path

from provision import say

from .server import CELERY, World, children, inquiry_form, send, submission

LOOKS = 6
# As many as the machine does beside other work: memory grows with requests, not with haste.
PAUSE_SECONDS = 0.1
REST_SECONDS = 15


def measure(world: World, minutes: float) -> str:
    began = time.monotonic()
    portal = world.portal()
    portal.ask("GET", "/healthz")
    ready = time.monotonic() - began
    token = world.token()
    started = {"gunicorn": portal.master}
    for name, more in (("worker", ["--concurrency", "2"]), ("beat", [])):
        started[name] = world.family.start(name, [*CELERY, name, *more], env=world.env, log=world.log).pid
    time.sleep(REST_SECONDS)
    form, headers = inquiry_form(portal, world.sample)
    body = json.dumps(world.sample).encode()
    looks, sent = [memory(started)], 0
    for look in range(LOOKS):
        end = time.monotonic() + minutes * 60 / LOOKS
        while time.monotonic() < end:
            portal.ask("POST", "/api/v1/inquiries/", body, {"Content-Type": "application/json"})
            portal.ask("POST", "/inquiry/", form, headers)
            portal.ask("GET", "/")
            send(portal, token, submission(portal, token), f"memory-{sent}")
            sent += 1
            time.sleep(PAUSE_SECONDS)
        looks.append(memory(started))
        say(f"after {(look + 1) * minutes / LOOKS:.0f} minutes and {sent} submissions: {looks[-1]}")
    head = "| MB | at rest | " + " | ".join(f"{(look + 1) * minutes / LOOKS:.0f} min" for look in range(LOOKS)) + " |"
    rows = [f"| {name} | " + " | ".join(f"{look[name]:.0f}" for look in looks) + " |" for name in looks[0]]
    asked = f"{sent} submissions of four files each, and as many inquiries by API, by page, and looks at the home page"
    return "\n".join(
        [head, "|---" * (LOOKS + 2) + "|", *rows, "", f"gunicorn answers {ready:.1f} s after its start", asked]
    )


def memory(started: dict[str, int]) -> dict[str, float]:
    """Megabytes of each process and its children: what is its own, and its part of what it shares."""
    usage = {}
    for name, pid in started.items():
        for at, process in enumerate([pid, *children(pid)]):
            usage[name if at == 0 else f"{name}, child {at}"] = _pss(process)
    return usage


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} tells nothing of its memory")
