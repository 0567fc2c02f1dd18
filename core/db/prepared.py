"""Statements whose SQL is built once a process: for those where building it costs more than running it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, Protocol, TypeVar
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
            found = cursor.fetchall()
        return list(self._compiler.apply_converters(found, self._converters)) if self._converters else found


Row = TypeVar("Row", bound=Model)


class PreparedInsert(Generic[Row]):
    """Writes rows as `objects.create` would, with SQL built once a process. For models without signals or files."""

    def __init__(self, model: type[Row]) -> None:
        self.model = model
        self._sql = ""

    def _prepare(self) -> None:
        quote, meta = connection.ops.quote_name, self.model._meta
        self._fields = [field for field in meta.concrete_fields if not field.primary_key]
        names = [quote(str(field.column)) for field in self._fields]
        marks = ["%s"] * len(names)
        key = quote(str(meta.pk.column))
        table = quote(meta.db_table)
        self._marks = f"({', '.join(marks)})"
        self._sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608 – names of ours only
        self._returning = f" RETURNING {key}"
        self._keyed = f"INSERT INTO {table} ({', '.join([*names, key])}) VALUES ({', '.join([*marks, '%s'])})"  # noqa: S608

    def _params(self, row: Row) -> list[Any]:
        return [_param(field, row) for field in self._fields]

    def __call__(self, **values: Any) -> Row:
        """Write a row of these values and return it, with its key."""
        if not self._sql:
            self._prepare()
        row = self.model(**values)
        with connection.cursor() as cursor:
            cursor.execute(self._sql + self._marks + self._returning, self._params(row))
            row.pk = cursor.fetchone()[0]
        _is_there(row)
        return row

    def statement(self, row: Row) -> tuple[str, list[Any]]:
        """The statement that writes a row under the key it has, and its parameters."""
        if not self._sql:
            self._prepare()
        return self._keyed, [*self._params(row), row.pk]

    def many(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write many rows, in as few statements as the engine's limit on parameters allows."""
        if not self._sql:
            self._prepare()
        for some in _in_pieces(rows, len(self._fields)):
            params = [value for values in some for value in self._params(self.model(**values))]
            with connection.cursor() as cursor:
                cursor.execute(self._sql + ", ".join([self._marks] * len(some)), params)


class Writer(Protocol):
    """Where a service puts what it writes: into the database now (AT_ONCE) or into a Batch."""

    def insert(self, prepared: PreparedInsert[Row], **values: Any) -> Row: ...


class _AtOnce:
    def insert(self, prepared: PreparedInsert[Row], **values: Any) -> Row:
        return prepared(**values)


AT_ONCE: Writer = _AtOnce()


class Batch:
    """Statements that go out together: on PostgreSQL in one round trip, so that locks are held as short as can be.

    `models` name the rows to come, one key each, drawn now, so that rows can name each other before they are there.
    Nothing is written until `send`. Make and send it inside one transaction; on SQLite that is what guards the keys.
    """

    def __init__(self, models: Sequence[type[Model]]) -> None:
        self._keys = _draw_keys(models)
        self._statements: list[tuple[str, Sequence[Any]]] = []

    def key_of(self, model: type[Model]) -> int:
        """The next of the keys drawn for this model."""
        return self._keys[model].pop(0)

    def insert(self, prepared: PreparedInsert[Row], **values: Any) -> Row:
        row = prepared.model(pk=self.key_of(prepared.model), **values)
        self.add(prepared, row)
        return row

    def add(self, prepared: PreparedInsert[Row], row: Row) -> None:
        """A row as it is now, under the key it has been given."""
        self.execute(*prepared.statement(row))
        _is_there(row)

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


def _draw_keys(models: Sequence[type[Model]]) -> dict[type[Model], list[int]]:
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            draws = ", ".join(["nextval(%s)"] * len(tables))
            cursor.execute(f"SELECT {draws}", [_sequence(table) for table in tables])
            drawn = list(cursor.fetchone())
        else:
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            last = dict(cursor.fetchall())
            drawn = [last.get(table, 0) + 1 + tables[:at].count(table) for at, table in enumerate(tables)]
    keys: dict[type[Model], list[int]] = {}
    for model, key in zip(models, drawn, strict=True):
        keys.setdefault(model, []).append(key)
    return keys


@cache
def _sequence(table: str) -> str:
    """PostgreSQL's name of what numbers the rows of a table; asking for it takes longer than drawing a number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        return str(cursor.fetchone()[0])


def _is_there(row: Model) -> None:
    row._state.adding, row._state.db = False, connection.alias


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
