"""PostgreSQL gone, hung, full, locked, or behind a network that fails: a clear 503 in two seconds, then recovery."""

from __future__ import annotations

import contextlib
import signal
import threading
import urllib.error
import urllib.request

import psycopg2
import pytest

from .proxy import DOWN, FAULTS, UP, FaultProxy
from .run import port_of, through
from .stack import PATIENCE, InvalidRun, answers, until

pytestmark = pytest.mark.stack
SECONDS = 2.0


def refused_in_time(run, many=8) -> None:
    """As many submissions at once as there are threads: each is told in time that nothing was taken."""
    ops = []
    threads = [threading.Thread(target=lambda: ops.append(run.client.submit())) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ops) == many
    for op in ops:
        assert (op.outcome, op.status) == ("failed", 503), (op.status, op.answer)
        assert op.answer["code"] == "unavailable"
        run.within(op, SECONDS)
    assert answers(f"{run.stack.url}/healthz"), "a worker hangs"


def page(run, path) -> tuple[int, str, str]:
    request = urllib.request.Request(f"{run.stack.url}{path}", headers={"Cookie": "language=en"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers.get("Retry-After", "")


def test_postgresql_stopped_is_a_clear_503_on_pages_and_api(run_of_faults):
    run = run_of_faults
    token = run.submitted().answer["token"]
    run.client.stock(10)
    with run.stack.gone(run.stack.database, signal.SIGINT):
        refused_in_time(run)
        status, text, retry = page(run, f"/verify/{token}/")
        assert (status, retry) == (503, "5")
        assert "Nothing was received" in text
    assert page(run, f"/verify/{token}/")[0] == 200


def test_postgresql_hung_holds_nobody(run_of_faults):
    run = run_of_faults
    run.client.stock(10)
    with run.stack.hung(run.stack.database):
        refused_in_time(run)


def test_postgresql_crashed_and_restarted_under_load(run_of_faults):
    run = run_of_faults
    with run.load(threads=3):
        for _ in range(2):
            before = len(run.history.ops)
            until(lambda before=before: len(run.history.ops) > before + 10, PATIENCE, "clients are at work")
            with run.stack.gone(run.stack.database, signal.SIGKILL):
                pass
    if not [op for op in run.history.ops if op.outcome in ("unknown", "failed")]:
        raise InvalidRun("no request was hit")


def test_postgresql_out_of_connections(run_of_faults):
    run = run_of_faults
    run.client.stock(10)
    held = []
    try:
        # Whoever is connected already is cut off, and the harness takes every place.
        until(lambda: _take_all(run, held), PATIENCE, "no place is left")
        refused_in_time(run)
    finally:
        for connection in held:
            connection.close()


def _take_all(run, held) -> bool:
    """True once not one more place could be had and nobody else is left."""
    before = len(held)
    with contextlib.suppress(psycopg2.OperationalError):
        while True:
            held.append(run.stack.connect())
    with held[0].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND NOT pid = ANY(%s)",
            [[connection.get_backend_pid() for connection in held]],
        )
        return cursor.fetchone()[0] == 0 and len(held) == before


@pytest.mark.parametrize(
    ("point", "code"), [("intake, before commit", "unavailable"), ("intake, after commit", "outcome_unknown")]
)
def test_a_503_says_truly_whether_anything_was_taken(run_of_faults, point, code):
    run = run_of_faults
    run.stack.arm(point, "lose")
    op = run.client.submit()
    run.stack.await_strike(point)
    assert (op.status, op.answer["code"]) == (503, code)


@pytest.mark.parametrize("table", ["transactions_serial", "journal_chain", "transactions_intake"])
def test_a_locked_table_is_a_503_and_nothing_else_suffers(run_of_faults, table):
    run = run_of_faults
    known = run.submitted()
    run.client.stock(2)
    lock = run.stack.connect()
    lock.autocommit = False
    try:
        with lock.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            for op in (run.client.submit(), run.client.submit()):
                assert (op.outcome, op.status) == ("failed", 503)
                run.within(op, SECONDS)
            asked = run.client.inquire(known)
            assert asked.outcome == "ok"
            run.within(asked, 0.5)
    finally:
        lock.close()
    run.submitted()


def test_a_network_to_postgresql_that_fails_in_every_way(run_of_faults):
    run = run_of_faults
    proxy = FaultProxy(port_of(run.stack.database_url), seed=7)
    web, url = run.stack.second_web(DATABASE_URL=through(run.stack.database_url, proxy.port))
    client = run.client.at(url)
    for fault in FAULTS:
        for direction in (UP, DOWN):
            run.client.stock(4)
            before = proxy.happened[fault]
            proxy.set(fault, direction, chance=0.1)
            for _ in range(40):
                if proxy.happened[fault] > before:
                    break
                op = client.submit()
                assert op.seconds < SECONDS + 2 + 4 * run.healthy, f"{fault}: a request hung for {op.seconds:.1f} s"
                run.client.stock(2)
            run.wait_for_strike(lambda fault=fault, before=before: proxy.happened[fault] > before, fault)
            proxy.heal()
            until_ok(client)
    proxy.close()
    web.kill()


def until_ok(client) -> None:
    """The same web process works again as soon as the network does."""

    def taken() -> bool:
        client.stock(1)
        return client.submit().outcome == "ok"

    until(taken, PATIENCE, "the web process works again")
