"""CPU and time of one request, by a single client, against a bare Django view."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

from .server import Server, World, inquiry_form, send, submissions

Attempt = Callable[[int], tuple[int, bytes]]


def round_of(server: Server, attempt: Attempt, requests: int, expected: int) -> tuple[float, float]:
    """(CPU ms a request, median ms a single client waits)."""
    waits, before = [], server.cpu()
    for number in range(requests):
        began = time.perf_counter()
        status, content = attempt(number)
        waits.append((time.perf_counter() - began) * 1000)
        if status != expected:
            raise SystemExit(f"{status} instead of {expected}: {content[:400]!r}")
    # Never nothing: the system counts in hundredths of a second.
    return max(server.cpu() - before, 0.001) * 1000 / requests, statistics.median(waits)


def compare(
    name: str, bare: tuple[Server, Attempt, int], ours: tuple[Server, Attempt, int], rounds: int, many: int
) -> str:
    """Run both in turn; a line of the table."""
    for server, attempt, expected in (bare, ours):
        round_of(server, attempt, 20, expected)
    taken: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for _ in range(rounds):
        taken.append((round_of(*bare[:2], many, bare[2]), round_of(*ours[:2], many, ours[2])))
    cost = statistics.median(our[0] / base[0] for base, our in taken)
    wait = statistics.median(our[1] / base[1] for base, our in taken)
    base, our = (statistics.median(pair[side][0] for pair in taken) for side in (0, 1))
    return f"| {name} | {base:.2f} | {our:.2f} | {cost:.2f} | {wait:.2f} |"


def measure(world: World, requests: int) -> str:
    portal, bare = world.portal(), world.bare()
    lines = [*inquiries(bare, portal, world.sample, world.rounds, requests)]
    lines.append(of_submissions(world, bare, portal, requests))
    head = "| what | bare, CPU ms | ours, CPU ms | cost, ratio | time, ratio |\n|---|---|---|---|---|\n"
    return head + "\n".join(lines)


def inquiries(bare: Server, portal: Server, sample: dict[str, str], rounds: int, requests: int) -> list[str]:
    """The public inquiry, through the API and as a page, against one indexed SELECT."""
    select = (bare, lambda _n: bare.ask("GET", f"/select/{sample['reference']}/"), 200)
    body = json.dumps(sample).encode()
    kind = {"Content-Type": "application/json"}
    by_api = (portal, lambda _n: portal.ask("POST", "/api/v1/inquiries/", body, kind), 200)
    form, headers = inquiry_form(portal, sample)
    by_page = (portal, lambda _n: portal.ask("POST", "/inquiry/", form, headers), 200)
    return [
        compare("inquiry, API", select, by_api, rounds, requests),
        compare("inquiry, page", select, by_page, rounds, requests),
    ]


def of_submissions(world: World, bare: Server, portal: Server, requests: int) -> str:
    """A whole submission (checks, row, event, journal, signature, outbox, receipt) against one INSERT and COMMIT."""
    many = max(20, requests // 3)
    ready = submissions(world, portal, many * world.rounds + 20)
    insert = (bare, lambda _n: bare.ask("POST", "/insert/"), 201)

    def submit(_number: int) -> tuple[int, bytes]:
        token, body = ready.pop()
        return send(portal, token, body, f"bench-{len(ready)}")

    return compare("submission, API", insert, (portal, submit, 201), world.rounds, many)
