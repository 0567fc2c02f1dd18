"""Faults that come from within: a full disk, poison, the same task twice, clocks that jump."""

from __future__ import annotations

import json
import os
import resource
import threading

import pytest

from .client import ANSWERS, PDF
from .stack import RECOVERY, InvalidRun, until

pytestmark = pytest.mark.stack


def test_a_full_disk_refuses_uploads_in_words_and_keeps_no_half_file(run_of_faults):
    """The limit on file size is set from outside on the running web workers: writing fails as on a full disk."""
    run = run_of_faults
    media = run.stack.folder / "files"
    before = set(media.rglob("*"))
    workers = run.stack.web.children()
    for pid in workers:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    try:
        for padding in (250_000, 2_000_000):
            op = run.client.upload("citizen0", "id_copy", PDF + b"%" * padding)
            assert (op.outcome, op.status, op.answer["code"]) == ("failed", 503, "no_room"), op.answer
        assert {path for path in media.rglob("*") if path.is_file()} <= before
        small = run.client.upload("citizen0", "id_copy")
        assert small.outcome == "ok"
    finally:
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert run.client.upload("citizen0", "id_copy", PDF + b"%" * 250_000).outcome == "ok"


def owed(run, kind: str, subject: int) -> int:
    return run.stack.sql(
        "INSERT INTO transactions_outbox (kind, subject, dedupe, state, attempts, not_before, created_at, last_error,"
        " request_id) VALUES (%s, %s, %s, 'owed', 0, now(), now(), '', '') RETURNING id",
        kind, subject, f"poison:{kind}",
    )[0][0]  # fmt: skip


def fails(run, row: int, task: str, end: str) -> None:
    """The row is tried, is dead or owed as before, and says why; healthy work goes on meanwhile."""

    def stands() -> tuple[str, int, str]:
        return tuple(run.stack.sql("SELECT state, attempts, last_error FROM transactions_outbox WHERE id = %s", row)[0])

    run.stack.wake_workers(task)
    until(lambda: stands()[0] == end and stands()[1] > 0, RECOVERY, f"the row is tried and {end}")
    op = run.submitted()
    until(lambda: status(run, op) == "incoming", RECOVERY, "a healthy request is routed meanwhile")
    assert stands()[2]


@pytest.mark.parametrize(("kind", "task"), [("notify", "notify"), ("a-kind-of-tomorrow", "sweep")])
def test_a_poison_row_ends_dead_and_seen_and_holds_nobody_up(run_of_faults, kind, task):
    run = run_of_faults
    poison = owed(run, kind, 987654321)
    run.dead.add(poison)
    fails(run, poison, task, "dead")


def test_a_request_that_cannot_be_routed_spoils_nobody_elses_batch(run_of_faults):
    """And once its cause is mended it can be tried again."""
    run = run_of_faults
    with run.stack.hung(run.stack.worker):
        ops = [run.submitted() for _ in range(5)]
        rows = {op.answer["reference"]: op for op in ops}
        reference = ops[2].answer["reference"]
        change = "UPDATE transactions_transaction SET service = %s, answers = %s WHERE reference = %s RETURNING id"
        # Answers that no form leaves, of a service whose rules ask for one.
        case = run.stack.sql(change, "building-permit", "[]", reference)[0][0]
    query = "SELECT id FROM transactions_outbox WHERE kind = 'route' AND subject = %s"
    row = run.stack.sql(query, case)[0][0]
    # Our own work is never given up.
    fails(run, row, "route", "owed")
    assert {name: status(run, op) for name, op in rows.items() if name != reference} == dict.fromkeys(
        set(rows) - {reference}, "incoming"
    )
    run.stack.sql(change, "electricity-connection", json.dumps(ANSWERS), reference)
    run.stack.sql("UPDATE transactions_outbox SET state = 'owed', attempts = 0, not_before = now() WHERE id = %s", row)
    until(lambda: status(run, ops[2]) == "incoming", RECOVERY, "it is routed after all")


def status(run, op) -> str:
    reference = op.answer["reference"]
    return run.stack.sql("SELECT status FROM transactions_transaction WHERE reference = %s", reference)[0][0]


def test_a_task_run_twice_at_the_same_moment_does_each_piece_once(run_of_faults):
    """One worker is held with the first notice of its list; meanwhile another does the rest of the same list."""
    run = run_of_faults
    last = run.stack.sql("SELECT max(id) FROM transactions_outbox")[0][0]
    with run.stack.hung(run.stack.worker):
        run.stack.arm("notify, after claim", "hold 15")  # less than the lease: nobody takes it over
        for _ in range(8):
            run.submitted()
    run.stack.await_strike("notify, after claim")
    for _ in range(3):
        run.stack.wake_workers("notify")
    until(lambda: run.stack.unfinished() == 1, 12, "another worker does the rest while the first is held")
    run.stack.release("notify, after claim")
    run.stack.settle()
    query = "SELECT attempts, count(*) FROM transactions_outbox WHERE id > %s AND kind = 'notify' GROUP BY attempts"
    assert run.stack.sql(query, last) == [(1, 8)]


def test_the_same_form_sent_by_many_at_once_is_one_request(run_of_faults):
    run = run_of_faults
    first = run.client.submit()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(run.client.again(first).answer)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [first.answer] * 6


@pytest.mark.parametrize(("web", "worker"), [(0, 3600), (3600, 0), (0, -3600), (-3600, 3600)])
def test_a_clock_that_jumps_delays_nothing_and_repeats_nothing(run_of_faults, web, worker):
    run = run_of_faults
    run.stack.arm("notify, after claim", "hold 1")
    before = run.submitted()
    run.stack.await_strike("notify, after claim")
    run.stack.bend_clock("web", web)
    run.stack.bend_clock("worker", worker)
    try:
        after = [run.submitted() for _ in range(3)]
        for op in [before, *after]:
            until(lambda op=op: status(run, op) == "incoming", RECOVERY, "it is routed")
        run.stack.settle()
    finally:
        run.stack.bend_clock("web", 0)
        run.stack.bend_clock("worker", 0)


def test_a_lease_of_the_future_is_no_lease(run_of_faults):
    """The clock was put back after a worker had claimed a row and died."""
    run = run_of_faults
    run.stack.bend_clock("worker", 7200)
    run.stack.arm("notify, after claim")
    run.submitted()
    run.stack.await_strike("notify, after claim")
    run.stack.bend_clock("worker", 0)
    leases = run.stack.sql(
        "SELECT count(*) FROM transactions_outbox WHERE state = 'claimed' AND lease_until > now() + interval '1 h'"
    )
    if not leases[0][0]:
        raise InvalidRun("no lease of the future was left")
    run.stack.settle()


def test_the_harness_notices_a_point_nobody_reaches(run_of_faults):
    run_of_faults.stack.arm("move, before commit")
    with pytest.raises(InvalidRun):
        run_of_faults.stack.await_strike("move, before commit", seconds=0.2)
    assert os.listdir(run_of_faults.stack.faults / "armed") == []
