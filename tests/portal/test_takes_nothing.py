"""While a restored database waits for its new letter and key: every write is a 503 in words, and asking goes on."""

from __future__ import annotations

import json

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from journal import standing
from journal.models import Restoration
from transactions import tasks
from transactions.domain import pins, service_types
from transactions.inquiry import services as inquiry
from transactions.models import Outbox, Transaction
from transactions.outbox import queue

from ..conftest import ANSWERS, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast, submitted):
    return submitted()


@pytest.fixture
def restored(case, settings):
    """As after `manage.py restore`; asked anew by whoever writes next."""
    Restoration.objects.create(at=timezone.now(), made_at=NOW)
    standing.clear_cache()
    yield case
    standing.clear_cache()


def counted():
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 – names of ours
            found[table] = cursor.fetchone()
    return found


PRESSED = [
    ("transactions:start", ["electricity-connection"], "citizen"),
    ("transactions:answer", ["{reference}"], "citizen"),
    ("transactions:withdraw", ["{reference}"], "citizen"),
    ("transactions:notices_read", [], "citizen"),
    ("accounts:profile", [], "citizen"),
    ("accounts:first", [], None),
    ("account_login", [], None),
    ("staff:login", [], None),
    ("staff:visit", [], "clerk"),
    ("staff:visit_answer", ["{reference}"], "clerk"),
    ("transactions:bring_receipt", [], None),
]


@pytest.mark.parametrize(("name", "arguments", "who"), PRESSED, ids=[name for name, _a, _w in PRESSED])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_whatever_is_sent_to_a_page_is_refused_in_words(name, arguments, who, language, cast, restored, client):
    if who:
        with standing.without_write_check():
            client.force_login(getattr(cast, who))
    client.cookies["language"] = language
    before = counted()
    place = reverse(name, args=[one.format(reference=restored.reference) for one in arguments])
    answer = client.post(place, {"login": cast.citizen.national_id, "password": "a long enough password"})
    assert answer.status_code == 503
    words = {"ar": "أُعيدت البوابة من نسخة سابقة", "en": "The portal is being restored from an earlier copy"}
    assert words[language] in answer.content.decode()
    assert counted() == before


@pytest.mark.parametrize("path", ["transactions/", "attachments/", "transactions/{reference}/moves/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_refuses_with_a_code(path, method, cast, restored, client):
    with standing.without_write_check():
        client.force_login(cast.citizen)
    answer = getattr(client, method)(
        f"/api/v1/{path.format(reference=restored.reference)}",
        json.dumps({"service": "electricity-connection", "answers": ANSWERS["electricity-connection"]}),
        "application/json",
        headers={"idempotency-key": "key"},
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "not_open")
    assert Transaction.objects.count() == 1


def test_services_tasks_and_the_workbench_write_nothing(cast, restored, signed_in):
    owed = list(Outbox.objects.values_list("pk", "state", "attempts"))
    with pytest.raises(standing.Refused):
        tasks.beat_heart()
    for write in (
        lambda: User.objects.create_user("1000000008", None, full_name="X", phone="+966500000099"),
        lambda: Outbox.objects.all().delete(),
        lambda: Transaction.objects.update(status="issued"),
        lambda: queue.enqueue("route", 1, dedupe="x", now=NOW),
        lambda: call_command("createsuperuser", interactive=False, national_id="1000000008", full_name="X",
                             phone="+966500000099"),
        lambda: Session.objects.all().delete(),
    ):  # fmt: skip
        with pytest.raises(standing.Refused), transaction.atomic():
            write()
    assert list(Outbox.objects.values_list("pk", "state", "attempts")) == owed
    with standing.without_write_check():
        clerk = signed_in(cast.registry)
    answer = clerk.post(reverse("staff:transactions_transaction_changelist"), {"action": "x"})
    assert answer.status_code == 503


@pytest.mark.parametrize("sql", [
    "UPDATE transactions_transaction SET status = status",
    "  update transactions_transaction set status = status",
    "DELETE FROM transactions_event",
    "INSERT INTO transactions_heartbeat (name, at) VALUES ('x', '2026-01-01')",
    "WITH v (x) AS (VALUES (1)) UPDATE transactions_transaction SET status = status FROM v",
    "DROP TABLE transactions_event",
    "/* now */ DELETE FROM transactions_event",
])  # fmt: skip
def test_no_statement_that_writes_passes(sql, restored):
    with pytest.raises(standing.Refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_asking_goes_on_and_wrong_tries_are_still_counted(restored, client, cast):
    place, right = reverse("transactions:inquiry"), pins.derive_pin(restored.reference)
    wrong = "1" * 8 if right != "1" * 8 else "2" * 8
    assert client.post(place, {"reference": restored.reference, "pin": right}).status_code == 200
    said = [client.post(place, {"reference": restored.reference, "pin": wrong}).status_code for _ in range(6)]
    assert said == [404] * inquiry.MAX_WRONG_PER_SUBJECT + [429]
    # Nor does the right one help then, as ever.
    assert client.post(place, {"reference": restored.reference, "pin": right}).status_code == 429
    assert client.get(reverse("journal:verify")).status_code == 200
    assert client.get("/").status_code == 200
    with standing.without_write_check():
        client.force_login(cast.citizen)
    assert client.get(reverse("transactions:request", args=[restored.reference])).status_code == 200


def test_readiness_names_it(restored, client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["writes"] is False
    assert answer.json()["checks"]["database"] is True


def test_with_letter_and_key_new_everything_is_taken_again(restored, submitted, settings, tmp_path):
    settings.JOURNAL_INCARNATION = "B"
    settings.JOURNAL_KEY_FILE = str(tmp_path / "next.key")
    again = submitted()
    assert again.reference.startswith("C1B")
    assert again.reference[:7] != restored.reference[:7]
    assert service_types.find(again.service)
