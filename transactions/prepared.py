"""Queries whose SQL is built once a process: for the few where building it costs more than asking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

# Stand-ins by kind, unlike anything a row could hold; found again among the parameters of the built SQL.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    str: lambda n: f"\ue000stand-in {n}",
    int: lambda n: 2**31 - 1 - n,
    datetime: lambda n: datetime(1900, 1, 1, tzinfo=UTC) + timedelta(days=n),
}


def columns(model: type[Model], names: str) -> tuple[str, ...]:
    """These columns in the model's own order, which `from_db` relies on."""
    wanted = set(names.split())
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname in wanted)


class Prepared:
    """`build` takes one value for each of `kinds` and returns a values_list; `rows` asks it with other values.

    What comes back is what the QuerySet would give: tuples, converted as the database's backend converts.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._sql = ""

    def _prepare(self) -> None:
        stand_ins = [_STAND_INS[kind](n) for n, kind in enumerate(self._kinds)]
        compiler = self._build(*stand_ins).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        places = {self._adapt(value): n for n, value in enumerate(stand_ins)}
        self._fixed = [None if value in places else value for value in params]
        self._places = [(at, places[value]) for at, value in enumerate(params) if value in places]
        self._compiler = compiler
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        self._sql = sql

    @staticmethod
    def _adapt(value: Any) -> Any:
        return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value

    def rows(self, *values: Any, before: str = "") -> list[Any]:
        """Ask with these values. `before` is a statement that goes along in the same round trip (PostgreSQL only)."""
        if not self._sql:
            self._prepare()
        params = list(self._fixed)
        for at, which in self._places:
            params[at] = self._adapt(values[which])
        with connection.cursor() as cursor:
            cursor.execute(before + self._sql, params)
            found = cursor.fetchall()
        return list(self._compiler.apply_converters(found, self._converters)) if self._converters else found
