"""Many rows that are copies of one, and statistics of every table: a plan is asserted of filled tables only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import connection, models

from transactions.domain import references
from transactions.models import Transaction


def values_of(one: models.Model, *left_out: str) -> dict[str, Any]:
    """The columns of a row, but for its key and those left out."""
    return {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields} | dict.fromkeys(
        ["id", *left_out]
    )


def copies(one: Transaction, many: int, changed: Callable[[int], dict[str, Any]]) -> None:
    """So many requests like this one, each with what `changed` says of it, 0 the first."""
    number = references.parse(one.reference)
    rows = (
        Transaction(**values_of(one) | {"reference": str(replace(number, serial=800_000 + nth))} | changed(nth))
        for nth in range(many)
    )
    Transaction.objects.bulk_create(rows, batch_size=1000)


def gather_statistics() -> None:
    """What PostgreSQL plans by; whether its own worker came by meanwhile is chance."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
