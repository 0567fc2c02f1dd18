"""The desk of an office with ten thousand open files: its pages, and five hundred requests registered at once.

One request that waits to be registered and one under study are copied in the database until the office of the demo's
staff has so many. Pages are asked by a single client; what is registered, by a real Celery worker.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

from provision import say

from . import growth
from .backlog import celery_shell, worker
from .growth import session
from .server import Server, World

OPEN, AT_ONCE = 10_000, 500
COPY = """
from django.utils import timezone
from municipality.models import Office
from transactions.domain.references import Reference
from transactions.models import Transaction
office = Office.objects.get(code="SHR")
first = Transaction.objects.filter(service="electricity-connection").first()
values = {{field.attname: getattr(first, field.attname) for field in Transaction._meta.concrete_fields}}
ended = ("paused_at", "closed_at", "halted_at", "approved_at", "rejected_at", "issued_at", "withdrawn_at", "filed_at")
fresh = {{"id": None, "held_by_id": office.pk, "branch_id": office.pk, "assignee_id": None, "decision_reason": ""}}
now = dict.fromkeys(("submitted_at", "stage_started_at", "due_at", "stage_due_at"), timezone.now())
fresh |= dict.fromkeys(ended) | now
service = first.service_type
stages = {{"incoming": (service.stages[0], {at_once}), "under_study": (service.first_study(), {many})}}
serial = 500_000
for status, (stage, many) in stages.items():
    rows = []
    for serial in range(serial, serial + many):
        own = {{"status": status, "stage": stage.code, "reference": str(Reference("C9", "A", 1448, serial))}}
        rows.append(Transaction(**values | fresh | own))
    Transaction.objects.bulk_create(rows, batch_size=1000)
    serial += 1
print(rows[-1].reference)
"""
LOOK = """
import json, time
from accounts.models import User
from transactions.queues import queue_of
from transactions.transitions import bulk
user = User.objects.get(national_id={who!r})
began = time.perf_counter()
cases = list(queue_of(user).filter(status="incoming").for_pages()[:{many}])
job = bulk.look(cases, "register", by=user)
looked = time.perf_counter() - began
bulk.start(job)
print(json.dumps([job.pk, looked, job.items.filter(state="waiting").count()]))
"""


def measure(world: World, many: int = OPEN, at_once: int = AT_ONCE) -> str:
    """Pages, then the same office's requests registered at once."""
    world.sql("UPDATE accounts_user SET sms_notices = FALSE, email_notices = FALSE")
    case = world.shell(COPY.format(at_once=at_once, many=many)).split()[-1]
    world.sql("VACUUM ANALYZE")
    say(f"an office with {many:,} open files")
    return "\n".join([*pages(world, case), "", register(world, at_once)])


def pages(world: World, case: str) -> list[str]:
    portal = world.portal()
    accounts = world.demo["accounts"]
    reviewer, supervisor = (session(world, accounts[role]) for role in ("reviewer", "supervisor"))
    asked = {
        "queue": (reviewer, "/staff/"),
        "queue, by applicant": (reviewer, "/staff/?sort=applicant"),
        "queue, page 100": (reviewer, "/staff/?page=100"),
        "case": (reviewer, f"/staff/cases/{case}/"),
        "supervision": (supervisor, "/staff/supervision/?show=everything"),
    }
    rows = ["| page | p95, ms |", "|---|---|"]
    for name, (cookie, path) in asked.items():
        rows.append(f"| {name} | {p95(portal, cookie, path):.1f} |")
    return rows


def p95(portal: Server, cookie: str, path: str) -> float:
    waits = []
    for _ in range(growth.EACH):
        began = time.perf_counter()
        status, content = portal.ask("GET", path, headers={"Cookie": cookie})
        waits.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise SystemExit(f"{path}: {status} {content[:300]!r}")
    return statistics.quantiles(waits[len(waits) // 20 :], n=20)[-1]


def register(world: World, many: int) -> str:
    """From the press to the last number, and whether any number was given twice."""
    with worker(world, 1):
        who = world.demo["accounts"]["registry_clerk"]["national_id"]
        job, looked, waiting = json.loads(world.shell(LOOK.format(who=who, many=many)).splitlines()[-1])
        # The shell ended before its own thread had told anybody.
        celery_shell(world, "from transactions.tasks import other\nother.apply_async(kwargs={'kind': 'bulk'})")
        wait(lambda: world.sql(f"SELECT state FROM transactions_bulkjob WHERE id = {job}").strip() == "done")
    took = world.sql(f"SELECT extract(epoch FROM finished_at - started_at) FROM transactions_bulkjob WHERE id = {job}")
    done = world.sql(f"SELECT count(*) FROM transactions_bulkitem WHERE job_id = {job} AND state = 'done'")
    twice = world.sql(
        "SELECT count(*) FROM (SELECT 1 FROM transactions_movement GROUP BY office_id, direction, hijri_year, number "
        "HAVING count(*) > 1) n"
    )
    return (
        f"{waiting} looked at in {looked:.1f} s; {done.strip()} registered in {float(took):.1f} s by one worker; "
        f"numbers given twice: {twice.strip()}"
    )


def wait(true: Callable[[], bool], patience: float = 300) -> None:
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise SystemExit("it was not done in time")
        time.sleep(0.5)
