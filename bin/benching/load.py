"""Requests a second at eight clients, ours over a bare Django view with the same gunicorn, in turn."""

from __future__ import annotations

import json
import re
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

import provision
from provision import Family

from .server import Server, World, inquiry_form
from .server import submissions as prepared

CLIENTS = 8
SECONDS = 3
MAX_A_SECOND = 500
"""Submissions that are made ready for each second."""


@dataclass
class Run:
    """What one wrk saw, and what it cost: requests a second, 95 % of answers within `p95_ms`, CPU ms a request of the
    server and of wrk itself; `failed` counts answers that were no success.
    """

    a_second: float
    p95_ms: float
    failed: int
    server_ms: float
    wrk_ms: float


# As nginx asks by default. Kept ones stay with the worker that took them, and eight are seldom shared out evenly.
CLOSE = """
wrk.headers["Connection"] = "close"
"""
DONE = """
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect
  local a_second, p95_ms = summary.requests / (summary.duration / 1e6), latency:percentile(95) / 1e3
  io.write(string.format("FIGURES %.2f %.2f %d %d", a_second, p95_ms, failed, summary.requests))
end
"""


def wrk(world: World, server: Server, path: str, script: str = "", seconds: int = SECONDS) -> Run:
    lua = world.var / "wrk.lua"
    lua.write_text(script + CLOSE + DONE)
    program = provision.binary(["wrk"], "wrk")
    command = [program, "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "-s", lua, f"http://127.0.0.1:{server.port}{path}"]
    before = server.cpu(), _children_cpu()
    printed = subprocess.run(command, capture_output=True, text=True).stdout
    match = re.search(r"FIGURES ([\d.]+) ([\d.]+) (\d+) (\d+)", printed)
    if match is None:
        raise SystemExit(printed)
    ms = 1000 / max(1, int(match[4]))
    return Run(
        a_second=float(match[1]),
        p95_ms=float(match[2]),
        failed=int(match[3]),
        server_ms=(server.cpu() - before[0]) * ms,
        wrk_ms=(_children_cpu() - before[1]) * ms,
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def posts(body: bytes, headers: dict[str, str]) -> str:
    lines = [f'wrk.headers["{name}"] = {json.dumps(value)}' for name, value in headers.items()]
    return "\n".join(['wrk.method = "POST"', f"wrk.body = {json.dumps(body.decode())}", *lines])


def measure(world: World) -> str:
    portal, bare = world.portal(), world.bare()
    sample = world.sample
    select = f"/select/{sample['reference']}/"
    by_api = posts(json.dumps(sample).encode(), {"Content-Type": "application/json"})
    by_page = posts(*inquiry_form(portal, sample))
    lines = [HEAD]
    for name, path, script in (
        ("inquiry, API", "/api/v1/inquiries/", by_api),
        ("inquiry, page", "/inquiry/", by_page),
    ):
        # A worker's first requests load and build what the others find.
        wrk(world, bare, select)
        wrk(world, portal, path, script)
        lines.append(
            line(name, [(wrk(world, bare, select), wrk(world, portal, path, script)) for _ in range(world.rounds)])
        )
    lines.append(line("submission, API", submissions(world, bare, portal)))
    lines += strangers(world, bare)
    return "\n".join(lines)


def strangers(world: World, bare: Server) -> list[str]:
    """Everybody asks after a request of their own, which no process has told anybody of since it began."""
    code = "from transactions.models import Transaction; from transactions.domain import pins\n"
    code += "for reference in Transaction.objects.order_by('mark_salt').values_list('reference', flat=True): "
    secrets = [row.split() for row in world.shell(f"{code}print(reference, pins.derive_pin(reference))").splitlines()]
    lines = []
    for name, path in (("API", "/api/v1/inquiries/"), ("page", "/inquiry/")):
        pairs = []
        for _ in range(world.rounds):
            alone = Family()
            portal = replace(world, family=alone).portal()
            if name == "API":
                headers = {"Content-Type": "application/json"}
                bodies = [json.dumps({"reference": reference, "pin": pin}) for reference, pin in secrets]
            else:
                form, headers = inquiry_form(portal, {})
                bodies = [f"{form.decode()}&reference={reference}&pin={pin}" for reference, pin in secrets]
            # What a worker loads and builds once is built for the last one; the others suffice for a second.
            wrk(world, portal, path, posts(bodies[-1].encode(), headers), 1)
            selects = [(f"/select/{reference}/", "") for reference, _pin in secrets]
            base = wrk(world, bare, "/", in_turn(world, selects, {}), 1)
            pairs.append(
                (base, wrk(world, portal, path, in_turn(world, [(path, body) for body in bodies], headers), 1))
            )
            alone.end()
        lines.append(line(f"inquiry nobody made before, {name}", pairs))
    return lines


def in_turn(world: World, asked: list[tuple[str, str]], headers: dict[str, str]) -> str:
    """A script that asks one (path, body) after the other, by POST where there is a body."""
    turns = world.var / "turns"
    turns.write_text("\n".join(f"{path}\t{body}" for path, body in asked))
    return (
        "\n".join(f'wrk.headers["{name}"] = {json.dumps(value)}' for name, value in headers.items())
        + f"""
local turns, at = {{}}, 0
for text in io.lines("{turns}") do turns[#turns + 1] = text end
request = function()
  at = at % #turns + 1
  local path, body = turns[at]:match("^([^\\t]*)\\t(.*)$")
  return wrk.format(body == "" and "GET" or "POST", path, nil, body)
end
"""
    )


HEAD = """\
| what | bare, a second | ours, a second | ratio | p95, ms | server CPU, ms: bare, ours | wrk CPU, ms | failed |
|---|---|---|---|---|---|---|---|"""


def line(name: str, pairs: list[tuple[Run, Run]]) -> str:
    def median(figure: str, side: int) -> float:
        return statistics.median(getattr(pair[side], figure) for pair in pairs)

    ratio = statistics.median(our.a_second / bare.a_second for bare, our in pairs)
    figures = [
        f"{median('a_second', 0):.0f}",
        f"{median('a_second', 1):.0f}",
        f"{ratio:.2f}",
        f"{median('p95_ms', 1):.0f}",
    ]
    figures += [f"{median(figure, 0):.2f}, {median(figure, 1):.2f}" for figure in ("server_ms", "wrk_ms")]
    return f"| {name} | {' | '.join(figures)} | {sum(our.failed for _bare, our in pairs)} |"


def submissions(world: World, bare: Server, portal: Server) -> list[tuple[Run, Run]]:
    """Each request has files of its own, uploaded before; the load lasts as long as they do."""
    seconds, most_a_second = SECONDS, MAX_A_SECOND
    many = seconds * most_a_second * (world.rounds + 1)
    bodies = world.var / "bodies"
    ready = prepared(world, portal, many)
    bodies.write_text("\n".join(f"{token}\t{body.decode()}" for token, body in ready))
    pairs = []
    for number in range(world.rounds + 1):
        base = wrk(world, bare, "/insert/", 'wrk.method = "POST"', seconds)
        script = feed(bodies, first=number * seconds * most_a_second)
        pairs.append((base, wrk(world, portal, "/api/v1/transactions/", script, seconds)))
    return pairs[1:]  # the first was to get warm


def feed(bodies: Path, first: int) -> str:
    """A script that sends the lines of a file one by one, each under a key of its own."""
    return f"""
local bodies = {{}}
for text in io.lines("{bodies}") do bodies[#bodies + 1] = text end
local at = {first}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  at = at + 1
  local token, body = (bodies[at] or "none\\t"):match("^([^\\t]*)\\t(.*)$")
  wrk.headers["Authorization"] = "Token " .. token
  wrk.headers["Idempotency-Key"] = "load-{time.time_ns()}-" .. at
  return wrk.format(nil, nil, nil, body)
end
"""
