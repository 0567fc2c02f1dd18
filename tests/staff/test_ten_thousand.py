"""An office with ten thousand open cases: its lists ask as often as with one, and PostgreSQL goes over them once."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from .. import crowd
from ..conftest import drive

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
MANY, REMEMBERED = 10_000, 4
PAGES = {
    "reviewer": ("/staff/", "/staff/?sort=applicant", "/staff/?page=200", "/staff/?show=free", "/staff/?show=late"),
    "supervisor": ("/staff/supervision/?show=everything", "/staff/supervision/?show=free"),
}


def loops(plan: dict[str, Any]) -> list[tuple[str, int]]:
    """Every node of a plan with how often it was begun."""
    found = [(f"{plan['Node Type']} {plan.get('Relation Name', '')}".strip(), plan["Actual Loops"])]
    for part in plan.get("Plans", ()):
        found += loops(part)
    return found


def explained(sql: str) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        (plan,) = cursor.fetchone()[0]
    assert "JIT" not in plan, (plan["JIT"], plan["Execution Time"])
    return loops(plan["Plan"])


def test_the_lists_of_ten_thousand_ask_as_often_as_those_of_one(cast, submitted, signed_in):
    one = drive(submitted(), cast, "under_study")
    pages = [(signed_in(getattr(cast, who)), path) for who, paths in PAGES.items() for path in paths]

    def asked() -> list[list[str]]:
        found = []
        for client, path in pages:
            client.get(path)  # what is remembered between requests is there
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path, follow=True).status_code == 200
            found.append([query["sql"] for query in queries.captured_queries])
        return found

    with_one = asked()
    owners = [cast.reviewer.pk, cast.second_reviewer.pk, None, cast.other_reviewer.pk]
    crowd.copies(one, MANY, lambda nth: {"assignee_id": owners[nth % len(owners)]})
    crowd.gather_statistics()
    with_many = asked()
    for (_client, path), few, many in zip(pages, with_one, with_many, strict=True):
        # What is remembered for some seconds may be asked for again meanwhile.
        assert len(many) <= len(few) + REMEMBERED, path
    if connection.vendor != "postgresql":
        return
    for (_client, path), many in zip(pages, with_many, strict=True):
        for sql in many:
            if sql.startswith("SELECT"):
                often = [node for node in explained(sql) if node[1] > 2 * MANY]
                assert not often, (path, often, sql)


def test_postgresql_compiles_no_query_of_the_portal():
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",), settings.DATABASE_SESSION
    assert timezone.now()
