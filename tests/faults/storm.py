"""A longer random storm of the same faults, bounded in time, told by its seed. `bin/storm` starts it."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .inject.points import POINTS
from .proxy import DOWN, FAULTS, UP, FaultProxy
from .run import Run, port_of, through
from .stack import PATIENCE, InvalidRun, Stack, until

Fault = Callable[[Run, random.Random], "contextlib.AbstractContextManager[None]"]
HUNG = 15.0
"""No answer may take this long, in seconds, whatever happens; single limits are held in the tests."""
SEEDS = Path(__file__).with_name("seeds.json")


def momentary(strike: Callable[[Run, random.Random], object]) -> Fault:
    """A fault that is over at once."""

    @contextlib.contextmanager
    def fault(run: Run, chance: random.Random) -> Iterator[None]:
        strike(run, chance)
        yield

    return fault


def a_crash_point(run: Run, chance: random.Random) -> None:
    """Kill whichever process comes to a random point first."""
    point = chance.choice(sorted(POINTS))
    run.stack.arm(point)
    run.stack.await_strike(point, 30)


@contextlib.contextmanager
def a_failing_network(run: Run, chance: random.Random) -> Iterator[None]:
    fault, direction = chance.choice(FAULTS), chance.choice((UP, DOWN))
    proxy = run.proxies[chance.choice(sorted(run.proxies))]
    before = proxy.happened[fault]
    proxy.set(fault, direction, chance=0.2)
    try:
        until(lambda: proxy.happened[fault] > before, 20, f"{fault} happens")
        yield
    finally:
        proxy.heal()


@contextlib.contextmanager
def clocks_apart(run: Run, chance: random.Random) -> Iterator[None]:
    roles = ("web", "worker")
    for role in roles:
        run.stack.bend_clock(role, chance.uniform(-4000, 4000))
    try:
        yield
    finally:
        for role in roles:
            run.stack.bend_clock(role, 0)


@contextlib.contextmanager
def a_locked_table(run: Run, chance: random.Random) -> Iterator[None]:
    lock = run.stack.connect()
    lock.autocommit = False
    table = chance.choice(["transactions_serial", "journal_chain", "transactions_outbox", "transactions_event"])
    with lock.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        lock.close()


def kill_a_celery_child(run: Run, chance: random.Random) -> None:
    until(lambda: bool(run.stack.worker.children()), PATIENCE, "the worker has children")
    run.stack.kill_a_child(run.stack.worker)


def cut_connections(run: Run, chance: random.Random) -> None:
    cut = run.stack.sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    if not cut[0][0]:
        raise InvalidRun("nobody was connected")


FAULT: dict[str, Fault] = {
    "kill a web worker": momentary(lambda run, _: run.stack.kill_a_child(run.stack.web)),
    "kill a Celery child": momentary(kill_a_celery_child),
    "kill the worker": momentary(lambda run, _: run.stack.worker.send_all(signal.SIGKILL)),
    "kill beat": momentary(lambda run, _: run.stack.beat.send_all(signal.SIGKILL)),
    "kill at a named point": momentary(a_crash_point),
    "Redis killed": lambda run, _: run.stack.gone(run.stack.cache, signal.SIGKILL),
    "Redis hung": lambda run, _: run.stack.hung(run.stack.cache),
    "Redis flushed": momentary(lambda run, _: run.stack.redis().flushall()),
    "PostgreSQL crashed": lambda run, _: run.stack.gone(run.stack.database, signal.SIGKILL),
    "PostgreSQL stopped": lambda run, _: run.stack.gone(run.stack.database, signal.SIGINT),
    "PostgreSQL hung": lambda run, _: run.stack.hung(run.stack.database),
    "connections cut": momentary(cut_connections),
    "a table locked": a_locked_table,
    "a failing network": a_failing_network,
    "clocks apart": clocks_apart,
}


@dataclass
class Line:
    """One row of the verdict."""

    at: float
    fault: str
    happened: bool
    asked: int
    ok: int
    slowest: float
    recovered: float


def strike(run: Run, name: str, chance: random.Random, began: float) -> Line:
    """Let one fault happen, then wait until a fresh request is taken again."""
    first, at = len(run.history.ops), time.monotonic() - began
    happened = True
    try:
        with FAULT[name](run, chance):
            time.sleep(chance.uniform(0.3, 3))
    except (InvalidRun, AssertionError) as error:
        happened = False
        print(f"    {name}: {error}", flush=True)
    healed = time.monotonic()
    until(lambda: run.taken_again(first), 60, f"a request is taken again after: {name}")
    recovered = time.monotonic() - healed
    ops = [op for op in run.history.ops[first:] if op.ended]
    slowest = max((op.seconds for op in ops), default=0.0)
    return Line(at, name, happened, len(ops), sum(op.outcome == "ok" for op in ops), slowest, recovered)


def storm(run: Run, seed: int, seconds: float) -> list[Line]:
    """Faults one after another under load, each kind once before any comes again."""
    chance, began, lines = random.Random(seed), time.monotonic(), []
    proxied = {"DATABASE_URL": run.stack.database_url, "REDIS_URL": run.stack.redis_url}
    run.proxies = {name: FaultProxy(port_of(url), seed) for name, url in proxied.items()}
    _web, url = run.stack.second_web(**{name: through(url, run.proxies[name].port) for name, url in proxied.items()})
    turn: list[str] = []
    with run.load(threads=3, seed=seed), run.load(threads=1, seed=seed + 1, url=url):
        while time.monotonic() - began < seconds:
            turn = turn or chance.sample(sorted(FAULT), len(FAULT))
            lines.append(strike(run, turn.pop(), chance, began))
            show(lines[-1])
            time.sleep(chance.uniform(0.2, 1))
    return lines


def show(line: Line) -> None:
    mark = "" if line.happened else "  DID NOT HAPPEN"
    print(
        f"{line.at:6.0f} s  {line.fault:<24} {line.asked:5} asked {line.ok:5} ok   slowest {line.slowest:5.2f} s"
        f"   taken again after {line.recovered:5.2f} s{mark}",
        flush=True,
    )


def weather(seed: int, seconds: float) -> bool:
    """One storm from start to verdict; True when it is green."""
    print(f"storm of {seconds:.0f} s, seed {seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="jeddah-storm-"))
    folder.chmod(0o711)
    with Stack(folder) as stack:
        run = Run(stack)
        run.begin()
        lines = storm(run, seed, seconds)
        problems = []
        try:
            run.finish()
        except AssertionError as error:
            problems = str(error).splitlines()
    ops = run.history.ops
    problems += [f"{op.kind} hung for {op.seconds:.0f} s" for op in ops if op.seconds > HUNG]
    unknown = sum(op.resolved for op in ops)
    taken = len(run.history.of("submit", "ok"))
    print(f"\n{len(ops)} operations, {unknown} of them unknown at first; {taken} requests taken")
    if run.recovered:
        print(f"all quiet {run.recovered[-1]:.1f} s after the last fault")
    for problem in problems:
        print(f"  {problem}")
    missed = [line.fault for line in lines if not line.happened]
    verdict = "RED" if problems else "INVALID" if missed else "GREEN"
    print(f"verdict: {verdict}, seed {seed}{f'; did not happen: {missed}' if missed else ''}", flush=True)
    if problems:
        print(f"logs and the clients' history are left in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return verdict == "GREEN"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, help="the same faults in the same order (the timing is the machine's)")
    parser.add_argument("--regressions", action="store_true", help=f"the seeds of {SEEDS.name}, one after another")
    parser.add_argument("--mutants", action="store_true", help="take out one protection after another; all must be red")
    parser.add_argument("--only", default="", metavar="TEXT", help="of the mutants those whose protection is called so")
    options = parser.parse_args()
    if options.mutants:
        from .mutants import table

        raise SystemExit(0 if table(options.only) else 1)
    seeds = json.loads(SEEDS.read_text())["storm"] if options.regressions else []
    seeds = seeds or [options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)]
    green = [weather(seed, options.seconds) for seed in seeds]
    raise SystemExit(0 if all(green) else 1)


if __name__ == "__main__":
    main()
