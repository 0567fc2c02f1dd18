"""Statements whose SQL is built once a process: for those where building it costs more than running it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

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


Row = TypeVar("Row", bound=Model)


class PreparedInsert(Generic[Row]):
    """Writes one row as `objects.create` would, with SQL built once a process. For models without signals or files."""

    def __init__(self, model: type[Row]) -> None:
        self._model = model
        self._sql = ""

    def _prepare(self) -> None:
        quote, meta = connection.ops.quote_name, self._model._meta
        self._fields = [field for field in meta.concrete_fields if not field.primary_key]
        names = ", ".join(quote(str(field.column)) for field in self._fields)
        marks = ", ".join(["%s"] * len(self._fields))
        into = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608 – names of ours only
        self._sql = f"{into} RETURNING {quote(str(meta.pk.column))}"

    def __call__(self, **values: Any) -> Row:
        """Write a row of these values and return it, with its key."""
        if not self._sql:
            self._prepare()
        row = self._model(**values)
        params = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in self._fields]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            row.pk = cursor.fetchone()[0]
        row._state.adding, row._state.db = False, connection.alias
        return row
