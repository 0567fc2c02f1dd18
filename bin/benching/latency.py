"""From the receipt to the moment a reader sees it routed, by a real worker with nothing else to do."""

from __future__ import annotations

import json
import statistics
import time

import provision
from provision import say

from .server import CELERY, Server, World, send, submission

PROBES = 25
LEFT = """SELECT kind, state, last_error, count(*) FROM transactions_outbox WHERE state IN ('owed', 'claimed')
    GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 5"""


def measure(world: World) -> str:
    portal, token = world.portal(), world.token()
    for name, more in (("worker", ["--concurrency", "2"]), ("beat", [])):
        world.family.start(name, [*CELERY, name, *more], env=world.env, log=world.log)
    provision.wait_for(f"http://127.0.0.1:{portal.port}/readyz", world.family)
    say("waiting for the worker to finish what it found")
    settle(world)
    routed(portal, token, "warm-up", patience=60)
    waits = [routed(portal, token, f"route-{number}", patience=60) for number in range(PROBES)]
    worst = sorted(waits)[-2]
    median = statistics.median(waits)
    return f"submitted to routed, worker idle: median {median:.2f} s, last but one of {PROBES} {worst:.2f} s"


def settle(world: World, patience: float = 600) -> None:
    """Wait until no work is owed; what is left after `patience` seconds is said."""
    end = time.monotonic() + patience
    while left := world.sql(LEFT):
        if time.monotonic() > end:
            raise SystemExit(f"still owed after {patience:.0f} s:\n{left}")
        time.sleep(1)


def routed(portal: Server, token: str, key: str, patience: float) -> float:
    """Submit once more; seconds until a reader sees that it reached an office."""
    headers = {"Authorization": f"Token {token}"}
    reference = json.loads(send(portal, token, submission(portal, token), key)[1])["reference"]
    began = time.perf_counter()
    while time.perf_counter() - began < patience:
        seen = portal.ask("GET", f"/api/v1/transactions/{reference}/", headers=headers)[1]
        if json.loads(seen)["status"] != "submitted":
            return time.perf_counter() - began
        time.sleep(0.01)
    raise SystemExit(f"{reference} is not routed after {patience:.0f} s")
