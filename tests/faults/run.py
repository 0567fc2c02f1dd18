"""One run: a stack, its clients, their history, and the comparison at the end."""

from __future__ import annotations

import contextlib
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from . import checker
from .client import Client, History, Op
from .proxy import FaultProxy
from .stack import RECOVERY, InvalidRun, Stack, answers, until

WARM = 6


class Run:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.history = History()
        self.client = Client(stack.url, stack.tokens, self.history)
        self.dead: set[int] = set()
        self.healthy = 0.0
        self.recovered: list[float] = []
        self.proxies: dict[str, FaultProxy] = {}

    def begin(self) -> None:
        """Wait until all is well and measure what a submission takes then, on this machine, now."""
        until(lambda: answers(f"{self.stack.url}/readyz"), 60, "the portal is ready")
        self.client.stock(WARM)
        taken = [self.submitted().seconds for _ in range(WARM // 2)]
        self.healthy = statistics.median(taken)
        self.client.stock(2 * WARM)

    def submitted(self) -> Op:
        op = self.client.submit()
        assert op.outcome == "ok", (op.status, op.answer)
        return op

    def within(self, op: Op, seconds: float) -> None:
        """It was answered in time; a machine that is slow when all is well gets as much more as that is."""
        limit = seconds + 4 * self.healthy
        assert op.seconds <= limit, f"{op.kind} took {op.seconds:.2f} s, limit {limit:.2f} s ({op.outcome} {op.status})"

    def finish(self, seconds: float = RECOVERY) -> None:
        """Recover without hands, make sure of everything unknown, compare."""
        stack = self.stack
        left = [path.name for path in (stack.faults / "armed").iterdir()]
        began = time.monotonic()
        try:
            until(lambda: self._well(), seconds, "a fresh request is taken and reaches its office")
            stack.settle(max(1.0, seconds - (time.monotonic() - began)))
            self.recovered.append(time.monotonic() - began)
            self.client.resolve()
            stack.settle(seconds)
            problems = self.problems()
        finally:
            checker.dump(self.history, stack.folder / "history.jsonl")
        if left:
            raise InvalidRun(f"never reached: {left}")
        assert problems == [], "\n".join(problems)

    @staticmethod
    def wait_for_strike(struck: Callable[[], bool], fault: str, seconds: float = 12) -> None:
        """The fault has to happen, or nothing was shown."""
        try:
            until(struck, seconds)
        except AssertionError:
            raise InvalidRun(f"{fault} did not happen") from None

    def problems(self) -> list[str]:
        stack = self.stack
        return checker.outside(
            stack.picture(),
            self.history,
            sms=stack.sms(),
            dead=self.dead,
            media=stack.folder / "files",
        )

    def taken_again(self, since: int) -> bool:
        """Was a submission sent after this operation acknowledged, in the last second?"""
        now = time.monotonic()
        return any(op.outcome == "ok" and now - op.ended < 1 for op in self.history.of("submit", since=since))

    def _well(self) -> bool:
        if not answers(f"{self.stack.url}/readyz"):
            return False
        with contextlib.suppress(AssertionError):
            self.client.stock(1)
            return self.client.submit().outcome == "ok"
        return False

    @contextlib.contextmanager
    def load(self, threads: int = 2, seed: int = 1, url: str = "") -> Iterator[Load]:
        load = Load(self.client.at(url) if url else self.client, threads, seed)
        try:
            yield load
        finally:
            load.stop()


class Load:
    """People at work: each thread submits, looks up, and brings some cases to their end, whatever fails."""

    def __init__(self, client: Client, threads: int, seed: int) -> None:
        self.client, self._stopping = client, threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(f"{seed}/{n}"),), daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(90)
            assert not thread.is_alive(), "a client hangs"

    def _work(self, chance: random.Random) -> None:
        taken: list[Op] = []
        while not self._stopping.is_set():
            with contextlib.suppress(AssertionError, KeyError):  # a file could not be uploaded just now
                self.client.stock(1)
                op = self.client.submit()
                if op.outcome == "ok":
                    taken.append(op)
            if taken:
                self.client.inquire(chance.choice(taken))
            if taken and chance.random() < 0.5:
                with contextlib.suppress(AssertionError):
                    self.client.drive(
                        taken.pop(0), returned=chance.random() < 0.3, rejected=chance.random() < 0.2, seconds=1
                    )
            self._stopping.wait(0.01)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def through(url: str, port: int) -> str:
    """The same database or broker, by way of a proxy on `port`.

    PostgreSQL over TLS: its bare protocol cannot tell a piece that came twice from the next answer (docs/faults.md).
    """
    tls = "?sslmode=require" if url.startswith("postgresql:") else ""
    return url.replace(f":{port_of(url)}/", f":{port}/") + tls
