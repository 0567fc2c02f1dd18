"""Requests a second at eight clients, ours over a bare Django view with the same gunicorn, in turn."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import time
from pathlib import Path

import provision
from provision import say

from .server import Server, World, inquiry_form, submission

CLIENTS = 8


class Run:
    """What wrk saw: requests a second, 95 % of answers within `p95_ms`, answers that were no success."""

    def __init__(self, printed: str) -> None:
        found = re.search(r"FIGURES ([\d.]+) ([\d.]+) (\d+)", printed)
        if found is None:
            raise SystemExit(printed)
        self.a_second, self.p95_ms, self.failed = float(found[1]), float(found[2]), int(found[3])


DONE = """
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect
  local a_second, p95_ms = summary.requests / (summary.duration / 1e6), latency:percentile(95) / 1e3
  io.write(string.format("FIGURES %.2f %.2f %d", a_second, p95_ms, failed))
end
"""


def wrk(world: World, server: Server, path: str, script: str = "", seconds: int = 5) -> Run:
    lua = world.var / "wrk.lua"
    lua.write_text(script + DONE)
    program = provision.binary(["wrk"], "wrk")
    command = [program, "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "-s", lua, f"http://127.0.0.1:{server.port}{path}"]
    return Run(subprocess.run(command, capture_output=True, text=True).stdout)


def posts(body: bytes, headers: dict[str, str]) -> str:
    lines = [f'wrk.headers["{name}"] = {json.dumps(value)}' for name, value in headers.items()]
    return "\n".join(['wrk.method = "POST"', f"wrk.body = {json.dumps(body.decode())}", *lines])


def measure(world: World) -> str:
    portal, bare = world.portal(), world.bare()
    sample = world.sample
    by_api = posts(json.dumps(sample).encode(), {"Content-Type": "application/json"})
    by_page = posts(*inquiry_form(portal, sample))
    lines = ["| what | bare, a second | ours, a second | ratio | p95, ms | failed |", "|---|---|---|---|---|---|"]
    for name, path, script in (
        ("inquiry, API", "/api/v1/inquiries/", by_api),
        ("inquiry, page", "/inquiry/", by_page),
    ):
        pairs = []
        for _ in range(world.rounds):
            base = wrk(world, bare, f"/select/{sample['reference']}/")
            pairs.append((base, wrk(world, portal, path, script)))
        lines.append(line(name, pairs))
    lines.append(line("submission, API", submissions(world, bare, portal)))
    return "\n".join(lines)


def line(name: str, pairs: list[tuple[Run, Run]]) -> str:
    base, ours = (statistics.median(pair[side].a_second for pair in pairs) for side in (0, 1))
    ratio = statistics.median(our.a_second / bare.a_second for bare, our in pairs)
    p95, failed = statistics.median(our.p95_ms for _bare, our in pairs), sum(our.failed for _bare, our in pairs)
    return f"| {name} | {base:.0f} | {ours:.0f} | {ratio:.2f} | {p95:.0f} | {failed} |"


def submissions(world: World, bare: Server, portal: Server) -> list[tuple[Run, Run]]:
    """Each request has files of its own, uploaded before; the load lasts as long as they do."""
    seconds, most_a_second = 3, 250
    many = seconds * most_a_second * world.rounds
    token = world.token()
    say(f"uploading the files of {many} submissions")
    bodies = world.var / "bodies"
    bodies.write_text("\n".join(submission(portal, token).decode() for _ in range(many)))
    pairs = []
    for number in range(world.rounds):
        base = wrk(world, bare, "/insert/", 'wrk.method = "POST"', seconds)
        script = feed(bodies, token, first=number * seconds * most_a_second)
        pairs.append((base, wrk(world, portal, "/api/v1/transactions/", script, seconds)))
    return pairs


def feed(bodies: Path, token: str, first: int) -> str:
    """A script that sends the lines of a file one by one, each under a key of its own."""
    return f"""
local bodies = {{}}
for text in io.lines("{bodies}") do bodies[#bodies + 1] = text end
local at = {first}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Token {token}"
request = function()
  at = at + 1
  wrk.headers["Idempotency-Key"] = "load-{time.time_ns()}-" .. at
  return wrk.format(nil, nil, nil, bodies[at])
end
"""
