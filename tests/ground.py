"""What a test finds in the database: nothing, the seeded city, or the city and its cast, each laid once a process.

City and cast lie in transactions of their own, one inside the other, and the test's own is inside both: what the test
did is rolled back, they stay. Whoever asks for less has them rolled back first; a test whose transactions are real
finds nothing and leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from importlib import import_module
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection, transaction

from journal import standing

from . import cast, seed

APPEND_ONLY = import_module("journal.migrations.0002_append_only")
# What `migrate` fills, the same for every test.
OF_MIGRATE = {"django_content_type", "auth_permission"}
LAYERS: dict[str, Callable[[], Any]] = {"city": seed.plant, "cast": cast.gather}


class Ground:
    def __init__(self) -> None:
        self._laid: dict[str, tuple[transaction.Atomic, Any]] = {}

    def holds(self, name: str) -> bool:
        return name in self._laid

    def made(self, name: str) -> Any:
        """What laying it returned, for one test to change as it likes."""
        return deepcopy(self._laid[name][1])

    def prepare(self, wanted: list[str]) -> None:
        """Lay exactly these."""
        while list(self._laid) != wanted[: len(self._laid)]:
            self._lift()
        for name in wanted[len(self._laid) :]:
            self._lay(name)

    def _lay(self, name: str) -> None:
        block = transaction.atomic()
        block._from_testcase = True  # as those of django.test, it is none that `durable` asks about
        block.__enter__()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # it stays open while tests run that ask nothing
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        self._laid[name] = block, LAYERS[name]()
        connection.run_on_commit = []

    def _lift(self) -> None:
        block, _made = self._laid.popitem()[1]
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


GROUND = Ground()


def wanted_by(request: pytest.FixtureRequest) -> list[str]:
    """The layers a test stands on, by its fixtures and marks."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    if (marker and marker.kwargs.get("transaction")) or names & {"transactional_db", "live_server"}:
        return []
    return list(LAYERS) if "cast" in names else ["city"] if "city" in names else []


def empty(_case: Any = None) -> None:
    """Every row goes, the journal's too, which is append-only for all others."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - OF_MIGRATE
    statements = connection.ops.sql_flush(no_style(), sorted(tables))
    if connection.vendor == "sqlite":
        back = [each.replace("TRIGGER", "TRIGGER IF EXISTS") for each in APPEND_ONLY.SQLITE_BACK]
        again = [each.replace("TRIGGER", "TRIGGER IF NOT EXISTS", 1) for each in APPEND_ONLY.SQLITE]
        statements = [*back, *statements, *again]
    # Its files, and with them the witness of its journal, may be gone already.
    with (
        standing.without_write_check(),
        connection.constraint_checks_disabled(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
