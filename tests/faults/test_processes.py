"""Real processes, really killed."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from django.utils import timezone
from knox.models import AuthToken

from transactions.domain import service_types
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Event, Heartbeat, Outbox, Transaction

from ..conftest import ANSWERS, files_for
from ..pace import within
from ..portal.test_log_privacy import PERSON, nothing_of_them_in
from .stack import PATIENCE, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
MANY = 25


def backlog(cast, many=MANY):
    """Requests taken in while nobody worked."""
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    for number in range(many):
        sent = Submission(service, cast.citizen, answers, files_for(service, answers, cast.citizen))
        submit(sent, by=cast.citizen, key=f"backlog-{number}")


def waiting() -> int:
    return Transaction.objects.filter(status="submitted").count()


def expire_leases() -> None:
    """What twenty seconds of waiting would do."""
    Outbox.objects.filter(state="claimed").update(lease_until=timezone.now() - timedelta(seconds=1))


def everything_done_once(many=MANY) -> None:
    assert waiting() == 0
    assert Event.objects.filter(move="route").count() == many
    assert set(Outbox.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.parametrize("point", ["route, after effect", "notify, after claim", "notify, after effect"])
def test_a_worker_killed_on_its_way_is_followed_by_another(cast, run, tmp_path, point):
    for folder in ("armed", "hit"):
        (tmp_path / folder).mkdir()
    (tmp_path / "armed" / point).write_text("kill")
    faulty = {"DJANGO_SETTINGS_MODULE": "tests.faults.inject.settings", "FAULTS_DIR": str(tmp_path)}
    backlog(cast)
    first = run("manage.py", "work", **faulty)
    assert first.wait(60) == -signal.SIGKILL, "the fault did not happen"
    assert Outbox.objects.exclude(state="done").exists()
    expire_leases()
    run("manage.py", "work", **faulty)
    until(lambda: not Outbox.objects.exclude(state="done").exists(), 60)
    everything_done_once()


def test_two_workers_at_once_do_each_piece_once(cast, run):
    backlog(cast)
    for _ in range(2):
        run("manage.py", "work")
    until(lambda: not Outbox.objects.exclude(state="done").exists(), 60)
    everything_done_once()


def test_a_worker_says_that_it_lives(cast, run):
    run("manage.py", "work")
    until(lambda: Heartbeat.objects.filter(name="worker").exists(), PATIENCE)


def post(url, body, token, **headers):
    request = urllib.request.Request(
        url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Token {token}", **headers},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def body_for(cast):
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    keys = files_for(service, answers, cast.citizen)
    return {
        "service": service.code,
        "answers": answers,
        "attachments": {code: [str(key) for key in found] for code, found in keys.items()},
    }


def test_submission_works_while_the_broker_is_gone_and_the_outbox_catches_up(cast, web, run):
    url = web(REDIS_URL="redis://127.0.0.1:1/0")
    token = AuthToken.objects.create(cast.citizen)[1]
    took, receipts = [], []
    for number in range(4):
        began = time.monotonic()
        receipts.append(post(f"{url}/api/v1/transactions/", body_for(cast), token, **{"Idempotency-Key": f"{number}"}))
        took.append(time.monotonic() - began)
    # The first has the web process come into its stride, and the machine may have something else to do for a while.
    assert within(2, min(took))
    assert set(Outbox.objects.filter(kind="route").values_list("state", flat=True)) == {"owed"}
    run("manage.py", "work", "--once").wait(60)
    told = [receipt["reference"] for receipt in receipts]
    assert set(Transaction.objects.filter(reference__in=told).values_list("status", flat=True)) == {"incoming"}


@pytest.mark.stack
def test_a_request_is_routed_by_a_real_celery_worker(cast, web, run, redis_url):
    run("-m", "celery", "-A", "jeddah_portal", "worker", "--concurrency", "1", REDIS_URL=redis_url)
    url = web(REDIS_URL=redis_url)
    until(lambda: Heartbeat.objects.exists(), 60)
    token = AuthToken.objects.create(cast.citizen)[1]
    for number in range(3):
        reference = post(
            f"{url}/api/v1/transactions/", body_for(cast), token, **{"Idempotency-Key": f"celery-{number}"}
        )["reference"]
        until(lambda reference=reference: Transaction.objects.get(reference=reference).status == "incoming", PATIENCE)
    assert Event.objects.filter(move="route").count() == 3


@pytest.mark.stack
def test_ready_means_database_broker_and_worker(cast, web, run, redis_url):
    url = web(REDIS_URL=redis_url)

    def checks():
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                return json.load(answer)["checks"]
        except urllib.error.HTTPError as error:
            return json.load(error)["checks"]

    well = dict.fromkeys(("database", "writes", "broker", "worker"), True)
    assert checks() == well | {"worker": False}
    run("-m", "celery", "-A", "jeddah_portal", "worker", "--concurrency", "1", REDIS_URL=redis_url)
    until(lambda: checks() == well, PATIENCE, "the worker is seen")


@pytest.mark.stack
def test_one_id_follows_a_request_through_web_outbox_and_celery(cast, web, run, redis_url, tmp_path):
    logs = {name: tmp_path / f"{name}.log" for name in ("web", "worker")}
    noted = {"REDIS_URL": redis_url, "LOG_LEVEL": "INFO"}
    worker = ("-m", "celery", "-A", "jeddah_portal", "worker", "--concurrency", "1", "--loglevel", "INFO")
    run(*worker, log=logs["worker"], **noted)
    url = web(log=logs["web"], **noted)
    until(lambda: Heartbeat.objects.exists(), 60)
    trace, token = "celery-trace-0123456789", AuthToken.objects.create(cast.citizen)[1]
    post(f"{url}/api/v1/transactions/", body_for(cast), token, **{"Idempotency-Key": "traced", "X-Request-ID": trace})
    until(lambda: not Outbox.objects.exclude(state="done").exists(), PATIENCE)

    def kinds(name, message):
        said = [json.loads(line) for line in logs[name].read_text().splitlines() if line.startswith("{")]
        return {line["kind"] for line in said if line["message"] == message
                and trace in (line["request_id"], *line.get("request_ids", ()))}  # fmt: skip

    owed = set(Outbox.objects.filter(request_id=trace).values_list("kind", flat=True))
    assert owed == {"route", "notify"}
    assert "route" in kinds("web", "job enqueued")
    until(lambda: kinds("worker", "job done") == owed, PATIENCE, "the worker's log has the id of the request")
    for log in logs.values():
        assert cast.citizen.national_id not in log.read_text()


def test_a_request_that_the_server_itself_cannot_read_is_not_quoted_in_its_log(web, tmp_path, transactional_db):
    log = tmp_path / "web.log"
    host, port = web(LOG_LEVEL="INFO", log=log).removeprefix("http://").split(":")
    for text in PERSON.values():
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(f"GET / HTTP/1.1\r\nHost: portal\r\n{text} of: {text}\r\n\r\n".encode())
            assert b"400 Bad Request" in line.recv(200)
    nothing_of_them_in(log.read_text())
