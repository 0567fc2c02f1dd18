"""A backlog of routed requests against the same workers on tasks that do nothing; whether it is fair and repeatable."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import provision
from provision import PYTHON, ROOT, Family, say

from .server import CELERY, World, send, submission, submissions

NOOPS = 10_000
SEEDS = 280
PROBES = 60
RESULT = """SELECT md5(string_agg(concat_ws('|', transaction_id, rule, facts->>'branch', facts->>'centre'), ',' ORDER BY
    transaction_id)) FROM transactions_event WHERE move = 'route'"""
UNEXPLAINED = "SELECT count(*) FROM transactions_event WHERE move = 'route' AND (rule = '' OR facts->>'branch' IS NULL)"
# How far the loads over capacity of the centres of one sub-municipality are apart, in percent of their mean.
SPREAD = """SELECT round(max(apart), 2) FROM (
  SELECT (max(load) - min(load)) / avg(load) * 100 AS apart FROM (
    SELECT c.parent_id, count(t.id)::numeric / c.capacity AS load FROM municipality_office c
    JOIN transactions_transaction t ON t.centre_id = c.id AND t.closed_at IS NULL
    WHERE c.kind = 'service_centre' GROUP BY c.id) AS centres
  GROUP BY parent_id HAVING count(*) > 1) AS branches"""


def measure(world: World, many: int) -> str:
    # First, since its worker would do the backlog as well.
    idle = noops_a_second(world)
    make(world, many)
    lines = ["| run | a second | over no-op tasks | centres apart, % | unexplained |", "|---|---|---|---|---|"]
    results = set()
    for name, processes in (("1 process", 1), ("2 processes", 2)):
        run = apart(world, f"run_{processes}", 1 + processes)
        rate = drain(run, processes)
        results.add(run.sql(RESULT))
        lines.append(f"| {name} | {rate:.0f} | {rate / idle:.1f} | {run.sql(SPREAD)} | {run.sql(UNEXPLAINED)} |")
    same = "the same" if len(results) == 1 else "DIFFERENT"
    lines += [f"\nno-op tasks: {idle:.0f} a second; outcome with 1 and with 2 processes: {same}"]
    lines.append(while_submitting(apart(world, "submitting", 4)))
    return "\n".join(lines)


def make(world: World, many: int) -> None:
    """Some requests through the API, in every district, then copied in the database until there are `many`."""
    portal, token = world.portal(), world.token()
    districts = world.sql("SELECT code FROM municipality_district ORDER BY code").split()
    say(f"submitting {SEEDS} requests and copying them to {many}")
    for number in range(SEEDS):
        body = json.loads(submission(portal, token))
        body["answers"]["district"] = districts[number * 7 % len(districts)]
        status, answer = send(portal, token, json.dumps(body).encode(), f"seed-{number}")
        if status != 201:
            raise SystemExit(f"{status}: {answer[:300]!r}")
    columns = world.sql(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_name = 'transactions_transaction' AND column_name NOT IN ('id', 'reference')"
    )
    copies = many // SEEDS
    world.sql(
        f"INSERT INTO transactions_transaction (reference, {columns}) SELECT t.reference || '-' || k, {columns} "
        f"FROM generate_series(2, {copies}) k CROSS JOIN transactions_transaction t WHERE t.status = 'submitted';"
        "INSERT INTO transactions_event (transaction_id, seq, at, move, actor_id, actor_role, from_status, to_status, "
        "from_stage, to_stage, reason, rule, facts) SELECT id, 1, submitted_at, 'submit', applicant_id, "
        "'applicant', '', 'submitted', '', stage, '', '', '{}' FROM transactions_transaction t "
        "WHERE status = 'submitted' AND NOT EXISTS (SELECT FROM transactions_event e WHERE e.transaction_id = t.id);"
        "INSERT INTO transactions_outbox (kind, subject, dedupe, state, attempts, not_before, created_at, last_error, "
        "request_id) SELECT 'route', id, 'route:' || id, 'owed', 0, submitted_at, submitted_at, '', '' "
        "FROM transactions_transaction t WHERE status = 'submitted' "
        "AND NOT EXISTS (SELECT FROM transactions_outbox o WHERE o.dedupe = 'route:' || t.id);"
        # Messages are not what is measured here: notices are written, and go to nobody's telephone.
        "UPDATE accounts_user SET sms_notices = FALSE, email_notices = FALSE;"
        "UPDATE transactions_outbox SET state = 'done' WHERE kind = 'notify';"
    )
    world.sql("VACUUM ANALYZE")


def apart(world: World, name: str, number: int) -> World:
    """The same world on a copy of the database, in a part of Redis where nothing is yet."""
    redis = world.env["REDIS_URL"].rpartition("/")[0]
    return world.copy(name, REDIS_URL=f"{redis}/{number}")


@contextmanager
def worker(world: World, processes: int) -> Iterator[None]:
    env = world.env | {"PYTHONPATH": str(ROOT / "bin")}
    more = ["worker", "--concurrency", str(processes), "--include", "benching.noop", "--loglevel", "ERROR"]
    alone = Family()
    alone.start("worker", [*CELERY, *more], env=env, log=world.log)
    try:
        yield
    finally:
        alone.end(30)


def celery_shell(world: World, code: str) -> str:
    env = world.env | {"PYTHONPATH": str(ROOT / "bin"), "DJANGO_SETTINGS_MODULE": "jeddah_portal.settings"}
    command = [PYTHON, "-c", f"import django; django.setup()\n{code}"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def rate_of(left: Callable[[], int], patience: float = 600) -> float:
    """Pieces a second, from the first that is done to the last; of few, all done between two looks, as few as that."""
    whole = now = left()
    since = looked = time.monotonic()
    while now == whole:
        looked = time.monotonic()
        if looked - since > patience:
            raise SystemExit(f"nothing is done of {whole} after {patience:.0f} s")
        time.sleep(0.2)
        now = left()
    if not now:
        return whole / (time.monotonic() - looked)
    began, first = time.monotonic(), now
    while now:
        if time.monotonic() - began > patience:
            raise SystemExit(f"{now} left after {patience:.0f} s")
        # Asking takes a tenth of a second of CPU, so not too often.
        time.sleep(1)
        now = left()
    return first / (time.monotonic() - began)


def noops_a_second(world: World) -> float:
    celery_shell(world, f"from benching.noop import noop\nfor _ in range({NOOPS}): noop.apply_async(queue='upkeep')")
    cli, url = provision.binary(["redis-cli"], "redis-tools"), urllib.parse.urlsplit(world.env["REDIS_URL"])
    left = [cli, "-p", str(url.port), "-a", str(url.password), "--no-auth-warning", "llen", "upkeep"]
    with worker(world, 2):
        return rate_of(lambda: int(subprocess.run(left, capture_output=True, text=True).stdout))


def waiting(world: World) -> int:
    return int(
        world.sql("SELECT count(*) FROM transactions_outbox WHERE kind = 'route' AND state IN ('owed', 'claimed')")
    )


def wake_workers(world: World) -> None:
    celery_shell(world, "from transactions.tasks import route\nfor _ in range(4): route.apply_async()")


def drain(world: World, processes: int) -> float:
    wake_workers(world)
    with worker(world, processes):
        return rate_of(lambda: waiting(world))


def while_submitting(world: World) -> str:
    """95 % of submissions, by a single client, without a worker and while the backlog drains."""
    portal = world.portal()
    ready = submissions(world, portal, 2 * PROBES)

    def p95(some: list[tuple[str, bytes]]) -> float:
        waits = []
        for number, (token, body) in enumerate(some):
            began = time.perf_counter()
            status, answer = send(portal, token, body, f"probe-{len(some)}-{number}-{began}")
            waits.append((time.perf_counter() - began) * 1000)
            if status != 201:
                raise SystemExit(f"{status}: {answer[:300]!r}")
        return statistics.quantiles(waits, n=20)[-1]

    alone = p95(ready[:PROBES])
    wake_workers(world)
    before = waiting(world)
    with worker(world, 2):
        while waiting(world) == before:
            time.sleep(0.2)
        busy = p95(ready[PROBES:])
        left = waiting(world)
    note = "" if left else " (the backlog was drained before they ended)"
    figures = f"{alone:.1f} ms alone, {busy:.1f} ms while draining{note}"
    return f"submission, p95 of {PROBES}: {figures}: {busy / alone:.2f} times"
