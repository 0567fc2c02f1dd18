"""What operators rely on: one id through web, outbox and task; a new key; alarms that have a page in the run-book."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.management import call_command

from journal import export
from journal.models import Chain, Entry
from journal.verify import verify
from transactions.domain import references, service_types
from transactions.models import Outbox

from ..conftest import ANSWERS, files_for
from ..journeys.conftest import database_url

ROOT = Path(django_settings.BASE_DIR)
TRACE = "trace-me-0123456789"


@pytest.mark.django_db(transaction=True)
def test_one_id_follows_a_request_through_web_outbox_and_task(cast, signed_in, lines):
    service = "electricity-connection"
    keys = files_for(service_types.get(service), ANSWERS[service], cast.citizen)
    body = {"service": service, "answers": ANSWERS[service],
            "attachments": {code: [str(key) for key in found] for code, found in keys.items()}}  # fmt: skip
    answer = signed_in(cast.citizen).post(
        "/api/v1/transactions/", json.dumps(body), "application/json",
        headers={"idempotency-key": "traced", "x-request-id": TRACE},
    )  # fmt: skip
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (201, TRACE)
    row = Outbox.objects.get(kind="route")
    assert row.request_id == TRACE
    web = [line for line in lines() if line["request_id"] == TRACE]
    assert ("job enqueued", row.pk) in [(line["message"], line.get("outbox_id")) for line in web]

    env = os.environ | {"DATABASE_URL": database_url(), "REDIS_URL": "", "LOG_LEVEL": "INFO"}
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "work", "--once"], env=env, capture_output=True, text=True
    )
    task = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    kinds = {
        line["kind"] for line in task
        if line["message"] == "job done" and (line["request_id"] == TRACE or TRACE in line.get("request_ids", ()))
    }  # fmt: skip
    assert kinds == set(Outbox.objects.filter(request_id=TRACE).values_list("kind", flat=True))
    assert "route" in kinds
    assert {datetime.fromisoformat(line["timestamp"]).utcoffset() for line in [*web, *task]} == {timedelta(0)}
    assert cast.citizen.national_id not in done.stderr


@pytest.mark.django_db
def test_a_new_key_is_a_new_incarnation_and_the_old_book_stays_good(cast, submitted, settings, tmp_path):
    old = submitted(routed=False)
    settings.JOURNAL_KEY_FILE = str(tmp_path / "next.key")
    with pytest.raises(ValueError, match="new incarnation"):
        submitted(routed=False)
    settings.JOURNAL_INCARNATION = "B"
    new = submitted()
    assert references.parse(new.reference).incarnation == "B"
    assert references.parse(new.reference).lot == ""
    assert references.parse(new.reference).serial == 1
    assert {str(chain): chain.length for chain in Chain.objects.all()}["C1B"] >= 1
    assert Entry.objects.get(subject=old.reference, kind="received").chain.incarnation == "A"
    heads, bad = verify(export.lines())
    assert bad is None
    assert len(heads) == 2
    call_command("verify_journal", stdout=io.StringIO())


def test_every_alarm_has_its_page_in_the_run_book_and_asks_for_figures_that_exist(db, settings, client):
    settings.METRICS_TOKEN = "t" * 40
    book = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    told = client.get("/metrics", headers={"authorization": "Bearer " + "t" * 40}).content.decode()
    known = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
    known |= {"portal_worker_heartbeat_age_seconds", "portal_replica_behind_seconds"}  # once there are such things
    rules = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text())["groups"][0]["rules"]
    assert len(rules) >= 8
    for rule in rules:
        assert f"### {rule['alert']}" in book, rule["alert"]
        asked = {re.sub(r"_(count|sum|bucket)$", "", name) for name in re.findall(r"portal_\w+", rule["expr"])}
        assert asked <= known, rule["alert"]
