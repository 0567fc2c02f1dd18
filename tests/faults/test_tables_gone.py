"""Tables that are gone are a database that is away, and no mistake of ours: pages and API answer it with a 503 that
says in words what happened, what became of what was sent and what to do, and say it soon.
"""

from __future__ import annotations

import json
import time
from html import unescape

import pytest
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

from core import db as database
from jeddah_portal import views
from journal import receipts
from journal.models import Entry
from transactions.domain import pins
from transactions.models import Heartbeat

from ..conftest import NOW
from ..pace import within

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 2
"""Seconds within which every page answers."""
LOST = "lost_while_this_test_runs"
# What happened, what became of it when that is certain and when it is not, what to do in either case.
WORDS = {
    "ar": (
        "لا نستطيع الرد الآن. الخلل ليس في اتصالك.",
        ("لم يُستلم شيء.", "حاول بعد دقائق. وإن كان الأمر عاجلًا فراجع مركز خدمات."),
        (
            "لا يمكننا الجزم بأن هذا استُلم. والإيصال الذي لديك يثبت بذاته ما استلمناه من قبل.",
            "انظر في «طلباتي» أولًا؛ وإن أعدت إرسال النموذج نفسه فلن يُسجَّل مرتين.",
        ),
    ),
    "en": (
        "We cannot answer just now. It is not your connection.",
        (
            "Nothing was received.",
            "Try again in a few minutes. If it is urgent, ask at a service centre.",
        ),
        (
            "We cannot tell whether this was received. A receipt you already have proves by itself what was "
            "received before.",
            "Look under “My requests” first; the same form sent again is not received twice.",
        ),
    ),
}
TITLE = {"ar": "الخدمة متوقفة لحظات", "en": "The service is paused for a moment"}

# What an operator, a tool or a thief does to them, and how it is undone here.
LOSSES = {
    "everything": (f"ALTER SCHEMA public RENAME TO {LOST}", f"ALTER SCHEMA {LOST} RENAME TO public"),
    "everything, and an empty one in its place": (
        f"ALTER SCHEMA public RENAME TO {LOST}; CREATE SCHEMA public",
        f"DROP SCHEMA public; ALTER SCHEMA {LOST} RENAME TO public",
    ),
}


def run(sql):
    with connection.cursor() as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement)


def rename(*tables):
    """(away, back) for these tables, on either engine."""
    return tuple(
        ";".join(f"ALTER TABLE {table}{old} RENAME TO {table}{new}" for table in tables)
        for old, new in (("", "_lost"), ("_lost", ""))
    )


def said(answer, language, certain=True):
    """The answer is a 503 that says everything it should; `certain`: whether nothing was taken."""
    page = unescape(answer.content.decode())
    assert answer.status_code == 503, page[:300]
    happened, *became = WORDS[language]
    for words in (TITLE[language], happened, *became[0 if certain else 1]):
        assert words in page
    assert int(answer["Retry-After"]) > 0


@pytest.fixture
def case(cast, submitted):
    return submitted()


@pytest.fixture
def lose():
    """Takes tables away; they are back for the tests after this one."""
    back = []

    def take(away, undo):
        run(away)
        back.append(undo)

    yield take
    for undo in back:
        run(undo)


@pytest.mark.stack
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("language", ["ar", "en"])
def test_without_its_tables_every_page_is_a_503_in_words(loss, language, case, cast, signed_in, client, lose):
    reader, clerk = signed_in(cast.citizen), signed_in(cast.registry)
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    for one in (client, reader, clerk):
        one.cookies["language"] = language
        one.raise_request_exception = False
    token = receipts.encode_token(Entry.objects.get(kind="received"))
    request, service = [case.reference], ["electricity-connection"]
    asking = [
        (client, "post", reverse("transactions:inquiry"), asked),
        (client, "post", reverse("transactions:inquiry"), asked | {"pin": "00000000"}),
        (client, "get", reverse("journal:verify_token", args=[token]), {}),
        (client, "post", reverse("account_login"), {"login": cast.citizen.national_id, "password": "a long password"}),
        (reader, "get", reverse("transactions:requests"), {}),
        (reader, "get", reverse("transactions:request", args=request), {}),
        (reader, "post", reverse("transactions:withdraw", args=request), {}),
        (reader, "post", reverse("transactions:start", args=service), {}),
        (clerk, "get", reverse("staff:index"), {}),
    ]
    lose(*LOSSES[loss])
    for one, method, path, data in asking:
        began = time.monotonic()
        said(getattr(one, method)(path, data), language)
        assert within(SOON, time.monotonic() - began), path


@pytest.mark.stack
@pytest.mark.parametrize("loss", LOSSES)
def test_without_its_tables_the_api_says_unavailable(loss, case, cast, signed_in, client, lose):
    reader = signed_in(cast.citizen)
    client.raise_request_exception = reader.raise_request_exception = False
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    lose(*LOSSES[loss])
    for one, method, path in (
        (client, "post", "inquiries/"),
        (reader, "get", "transactions/"),
        (reader, "get", f"transactions/{case.reference}/"),
        (reader, "post", "transactions/"),
    ):
        began = time.monotonic()
        body = json.dumps(asked) if method == "post" else ""
        answer = one.generic(
            method.upper(), f"/api/v1/{path}", body, "application/json", headers={"idempotency-key": "key"}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), path
        assert within(SOON, time.monotonic() - began), path
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, False)


@pytest.mark.parametrize("table", ["transactions_transaction", "transactions_movement", "transactions_try"])
def test_one_table_that_is_gone_is_told_to_whoever_asks_for_what_was_in_it(table, case, client, lose):
    client.raise_request_exception = False
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    lose(*rename(table))
    # Tries are looked up between BEGIN and COMMIT on SQLite, and after a COMMIT nobody is certain.
    certain = connection.vendor == "postgresql" or table != "transactions_movement"
    said(client.post(reverse("transactions:inquiry"), asked), "ar", certain)
    answer = client.post("/api/v1/inquiries/", json.dumps(asked), "application/json")
    assert (answer.status_code, answer.json()["code"]) == (
        503,
        "unavailable" if certain else "outcome_unknown",
    )


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("committed", [False, True])
def test_what_became_of_it_is_said_as_far_as_it_is_known(language, committed):
    """Before the first COMMIT nothing was taken; after it nobody here can say."""
    database.begin_request()
    if committed:
        with transaction.atomic():
            Heartbeat.objects.create(name="x", at=NOW)
    for method, certain in (("post", not committed), ("get", True)):
        request = getattr(RequestFactory(), method)("/requests/")
        request.LANGUAGE_CODE = language
        with translation.override(language):
            try:
                raise OperationalError("away")
            except OperationalError:
                answer = views.server_error(request)
        said(answer, language, certain)
    database.end_request()


@pytest.mark.parametrize("sql", ["SELECT * FROM nobody_made_this", "UPDATE nobody_made_this SET x = 1"])
def test_a_table_that_is_not_there_is_a_database_that_is_away(sql):
    with pytest.raises(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
