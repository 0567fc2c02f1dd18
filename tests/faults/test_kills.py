"""kill -9 at named points of intake, decision and routing: nothing lost, nothing twice."""

from __future__ import annotations

import signal

import pytest

from .stack import PATIENCE, RECOVERY, InvalidRun, until

pytestmark = pytest.mark.stack


def taken(run, op) -> int:
    return run.stack.sql("SELECT count(*) FROM transactions_intake WHERE key = %s", f"api:{op.facts['key']}")[0][0]


@pytest.mark.parametrize("point", ["journal, before append", "journal, after append", "intake, before commit"])
def test_a_web_worker_killed_before_the_commit_has_taken_nothing(run_of_faults, point):
    run = run_of_faults
    run.stack.arm(point)
    op = run.client.submit()
    run.stack.await_strike(point)
    assert op.outcome == "unknown"
    assert taken(run, op) == 0


def test_a_web_worker_killed_before_its_answer_has_taken_the_request_once(run_of_faults):
    run = run_of_faults
    run.stack.arm("intake, after commit")
    op = run.client.submit()
    run.stack.await_strike("intake, after commit")
    assert op.outcome == "unknown"
    assert taken(run, op) == 1
    first, second = run.client.again(op), run.client.again(op)
    assert (first.outcome, first.answer) == ("ok", second.answer)
    run.client.resolve()
    assert op.answer == first.answer


@pytest.mark.parametrize(("point", "made"), [("move, before commit", False), ("move, after commit", True)])
def test_a_decision_killed_on_its_way_is_made_once_or_not_at_all(run_of_faults, point, made):
    run = run_of_faults
    case = run.submitted().answer["reference"]
    until(lambda: status(run, case) == "incoming", RECOVERY)
    assert run.client.move("registry_clerk", case, 2, "register").outcome == "ok"
    assert run.client.move("reviewer", case, 3, "recommend").outcome == "ok"
    run.stack.arm(point)
    op = run.client.move("supervisor", case, 4, "approve")
    run.stack.await_strike(point)
    assert op.outcome == "unknown"
    assert (status(run, case) == "approved") is made
    run.client.resolve()
    assert status(run, case) == "approved"


def status(run, reference) -> str:
    return run.stack.sql("SELECT status FROM transactions_transaction WHERE reference = %s", reference)[0][0]


def test_web_workers_killed_at_any_moment_under_load(run_of_faults):
    run = run_of_faults
    killed = set()
    with run.load(threads=3):
        for _ in range(4):
            until(lambda: len(run.stack.web.children()) == 2, PATIENCE, "gunicorn has its two workers")
            before = len(run.history.ops)
            until(lambda before=before: len(run.history.ops) > before + 10, PATIENCE, "clients are at work")
            killed.add(run.stack.kill_a_child(run.stack.web))
    if len(killed) != 4 or not [op for op in run.history.ops if op.outcome == "unknown"]:
        raise InvalidRun("no request was hit")


def test_celery_children_killed_at_every_point_of_their_work(run_of_faults):
    """The same worker goes on with fresh children; what they held is done by others when its lease is over."""
    run = run_of_faults
    points = ["route, after claim", "route, after effect", "notify, after claim", "notify, after effect",
              "task, after done"]  # fmt: skip
    for point in points:
        run.stack.arm(point)
        for _ in range(2):
            run.submitted()
        run.stack.await_strike(point)
    run.stack.forget_leases()


def test_worker_and_beat_killed_whole_are_started_again_and_catch_up(run_of_faults):
    run = run_of_faults
    before = run.stack.worker.pid, run.stack.beat.pid
    run.stack.arm("notify, after claim", "hold 10")
    ops = [run.submitted() for _ in range(4)]
    run.stack.await_strike("notify, after claim")
    run.stack.beat.send_all(signal.SIGKILL)
    run.stack.worker.send_all(signal.SIGKILL)
    until(
        lambda: not {run.stack.worker.pid, run.stack.beat.pid} & set(before),
        PATIENCE,
        "the supervisor starts them again",
    )
    run.finish()
    assert {status(run, op.answer["reference"]) for op in ops} == {"incoming"}
