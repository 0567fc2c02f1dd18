"""Somebody emptied the database: every page says so in words, and quickly."""

from __future__ import annotations

import json
import time

import pytest
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from transactions import pins

pytestmark = pytest.mark.django_db(transaction=True)
GONE = "gone_while_this_test_runs"


@pytest.fixture
def gone(cast, submitted, signed_in):
    """A request, a signed-in reader, and no table left; they come back for the tests after this one."""
    case, reader = submitted(), signed_in(cast.citizen)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA public RENAME TO {GONE}")
    yield case, reader
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {GONE} RENAME TO public")


@pytest.mark.stack
@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_pages_and_api_are_a_503_in_words(who, gone, client):
    case, reader = gone
    asks = client if who == "stranger" else reader
    asks.raise_request_exception = False
    began = time.monotonic()
    asked = {"reference": case.reference, "pin": pins.of(case.reference)}
    answers = [
        asks.post(reverse("transactions:inquiry"), asked),
        asks.get(reverse("journal:verify"), {"code": case.reference}),
        asks.get("/requests/") if who == "reader" else asks.get("/services/building-permit/"),
        asks.get("/staff/") if who == "reader" else asks.post("/accounts/login/", {"login": "1", "password": "x"}),
    ]
    for answer in answers:
        assert answer.status_code == 503, answer.request["PATH_INFO"]
        assert "الخدمة متوقفة لحظات" in answer.content.decode()
    answer = asks.post("/api/v1/inquiries/", json.dumps(asked), "application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert client.get("/readyz").json()["checks"]["database"] is False
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("sql", ["SELECT * FROM nobody_made_this", "UPDATE nobody_made_this SET x = 1"])
def test_a_table_that_is_not_there_is_a_database_that_is_away(sql, db):
    with pytest.raises(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
