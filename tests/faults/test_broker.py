"""Redis killed, hung, flushed, empty, or behind a network that fails: only latency changes (I17)."""

from __future__ import annotations

import signal

import pytest

from .proxy import DOWN, FAULTS, UP, FaultProxy
from .run import port_of, through
from .stack import PATIENCE, until

pytestmark = pytest.mark.stack
SECONDS = 1.0


def work_as_usual(run, client=None, many=4) -> None:
    """Submissions are answered in a second and inquiries as ever, whatever the broker does."""
    client = client or run.client
    client.stock(many)
    for _ in range(many):
        op = client.submit()
        assert op.outcome == "ok", (op.status, op.answer)
        run.within(op, SECONDS)
        asked = client.inquire(op)
        assert asked.outcome == "ok"
        run.within(asked, 0.5)


def test_redis_killed_and_started_again(run_of_faults):
    run = run_of_faults
    with run.stack.gone(run.stack.cache, signal.SIGKILL):
        with pytest.raises(Exception, match="refused"):
            run.stack.redis().ping()
        work_as_usual(run)
        assert run.stack.unfinished() > 0, "somebody rang although there was no broker"


def test_redis_hung_but_not_dead(run_of_faults):
    run = run_of_faults
    with run.stack.hung(run.stack.cache):
        with pytest.raises(Exception, match=r"[Tt]imeout"):
            run.stack.redis().ping()
        work_as_usual(run, many=6)


def test_redis_flushed_with_messages_waiting(run_of_faults):
    run = run_of_faults
    with run.stack.hung(run.stack.worker):
        broker = run.stack.redis()

        def waiting() -> int:
            return sum(int(broker.llen(queue)) for queue in ("routing", "notifications", "upkeep"))

        # Whoever sends messages rests a while after a failure, of the test before for instance.
        until(lambda: work_as_usual(run, many=1) or waiting(), PATIENCE, "a message is waiting")
        broker.flushall()


def test_redis_back_with_an_empty_disk(run_of_faults):
    run = run_of_faults
    with run.stack.gone(run.stack.cache, signal.SIGKILL):
        run.stack.empty_cache_disk()
        work_as_usual(run)
    assert not list((run.stack.folder / "redis").glob("dump*"))


def test_a_network_to_redis_that_fails_in_every_way(run_of_faults):
    run = run_of_faults
    proxy = FaultProxy(port_of(run.stack.redis_url), seed=4)
    web, url = run.stack.second_web(REDIS_URL=through(run.stack.redis_url, proxy.port))
    client = run.client.at(url)
    work_as_usual(run, client, many=1)
    for fault in FAULTS:
        proxy.set(fault, DOWN if fault == "one-way loss" else UP)
        until(lambda fault=fault: work_as_usual(run, client, many=1) or proxy.happened[fault], 12, f"{fault} happened")
        proxy.heal()
    proxy.close()
    web.kill()
