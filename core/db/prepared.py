"""Statements whose SQL is built once a process: for those where building it costs more than running it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, connections, router
from django.db.models import JSONField, Model, QuerySet

# Stand-ins by kind, unlike anything a row could hold; found again among the parameters of the built SQL.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    str: lambda n: f"\ue000stand-in {n}",
    int: lambda n: 2**31 - 1 - n,
    datetime: lambda n: datetime(1900, 1, 1, tzinfo=UTC) + timedelta(days=n),
    UUID: lambda n: UUID(int=n),
}
# Values that fields of every kind but JSON hand to the database as they are.
_PLAIN = frozenset({str, int, type(None)})


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
        rows = self._build(*stand_ins)
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        self._model = rows.model
        places = {self._adapt(value): n for n, value in enumerate(stand_ins)}
        self._fixed = [None if value in places else value for value in params]
        self._places = [(at, places[value]) for at, value in enumerate(params) if value in places]
        self._compiler = compiler
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        self._sql = sql

    @staticmethod
    def _adapt(value: Any) -> Any:
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
            return value.hex
        return value

    def rows(self, *values: Any, before: str = "") -> list[Any]:
        """Ask the database that the routers name, with these values.

        `before` is a statement that goes along in the same round trip (PostgreSQL only).
        """
        if not self._sql:
            self._prepare()
        params = list(self._fixed)
        for at, which in self._places:
            params[at] = self._adapt(values[which])
        with connections[router.db_for_read(self._model)].cursor() as cursor:
            cursor.execute(before + self._sql, params)
            rows = cursor.fetchall()
        return list(self._compiler.apply_converters(rows, self._converters)) if self._converters else rows


@cache
def _insert(model: type[Model]) -> tuple[str, list[Any]]:
    """The statement that writes a row of this model under the key it has, and the fields whose values it takes."""
    quote, meta = connection.ops.quote_name, model._meta
    names = ", ".join(quote(str(field.column)) for field in meta.concrete_fields)
    marks = ", ".join(["%s"] * len(meta.concrete_fields))
    sql = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608 – names of ours only
    return sql, list(meta.concrete_fields)


class Batch:
    """Statements that go out together: on PostgreSQL in one round trip, so that locks are held as short as can be.

    `models` name the rows to come, one key each, drawn now, so that rows can name each other before they are there.
    Nothing is written until `send`. Make and send it inside one transaction; on SQLite that is what guards the keys.
    For models without signals or files.
    """

    def __init__(self, *models: type[Model]) -> None:
        self._keys = _draw_keys(models)
        self._statements: list[tuple[str, Sequence[Any]]] = []

    def key(self, row: Model) -> None:
        """Give a row the key drawn for its model, so that others can name it before it is complete."""
        row.pk = self._keys.pop(type(row))

    def insert(self, row: Model) -> None:
        """Write a row as it is now, under its key or the one drawn for its model."""
        if row.pk is None:
            self.key(row)
        sql, fields = _insert(type(row))
        self.execute(sql, [_param(field, row) for field in fields])
        row._state.adding, row._state.db = False, connection.alias

    def execute(self, sql: str, params: Sequence[Any]) -> None:
        self._statements.append((sql, params))

    def send(self) -> int:
        """Run the statements in order; returns how many rows the last one changed."""
        statements, self._statements = self._statements, []
        if connection.vendor == "postgresql":
            together = "; ".join(sql for sql, _params in statements)
            statements = [(together, [value for _sql, params in statements for value in params])]
        with connection.cursor() as cursor:
            for sql, params in statements:
                cursor.execute(sql, params)
            return cursor.rowcount


def _draw_keys(models: Sequence[type[Model]]) -> dict[type[Model], int]:
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            draws = ", ".join(["nextval(%s)"] * len(tables))
            cursor.execute(f"SELECT {draws}", [_sequence(table) for table in tables])
            drawn = cursor.fetchone()
        else:
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            last = dict(cursor.fetchall())
            drawn = [last.get(table, 0) + 1 for table in tables]
    return dict(zip(models, drawn, strict=True))


@cache
def _sequence(table: str) -> str:
    """PostgreSQL's name of what numbers the rows of a table; asking for it takes longer than drawing a number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        return str(cursor.fetchone()[0])


Row = TypeVar("Row", bound=Model)


class PreparedUpdate(Generic[Row]):
    """Writes these columns of many rows, each row its own values, in one statement."""

    def __init__(self, model: type[Row], names: str) -> None:
        self._model, self._names = model, columns(model, names)

    def many(self, rows: Sequence[Row]) -> None:
        quote, meta = connection.ops.quote_name, self._model._meta
        fields = [field for field in meta.concrete_fields if field.attname in self._names]
        written = [*fields, meta.pk]
        table = quote(meta.db_table)
        names = ", ".join(quote(str(field.column)) for field in written)
        marks = f"({', '.join(['%s'] * len(written))})"
        sets = ", ".join(f"{quote(str(f.column))} = {_typed(f, 'v.' + quote(str(f.column)))}" for f in fields)
        key = quote(str(meta.pk.column))
        for some in _in_pieces(rows, len(written)):
            values = ", ".join([marks] * len(some))
            update = f"UPDATE {table} SET {sets} FROM v WHERE {table}.{key} = v.{key}"  # noqa: S608 – names of ours
            params = [_param(field, row) for row in some for field in written]
            with connection.cursor() as cursor:
                cursor.execute(f"WITH v ({names}) AS (VALUES {values}) {update}", params)


def _param(field: Any, row: Model) -> Any:
    value = row.__dict__[field.attname]
    if type(value) in _PLAIN and not isinstance(field, JSONField):
        return value
    return field.get_db_prep_save(value, connection)


def _typed(field: Any, value: str) -> str:
    """PostgreSQL takes the type of a column of VALUES from its values, and NULL has none. SQLite needs no telling."""
    if connection.vendor == "sqlite":
        return value
    return f"{value}::{field.rel_db_type(connection) if field.is_relation else field.db_type(connection)}"


def _in_pieces(rows: Sequence[Any], params: int) -> Iterator[Sequence[Any]]:
    most = max(1, (connection.features.max_query_params or 60_000) // params)
    for first in range(0, len(rows), most):
        yield rows[first : first + most]
