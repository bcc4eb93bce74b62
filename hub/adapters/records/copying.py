"""Copies the records whole, row by row, out of one database and into another of either kind.

The tables are read from the database itself and not from `tables.py`: a backup made before an
upgrade has the old schema, and is restored at that schema before it is upgraded.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Date,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from hub.adapters.records import numbering, schema
from hub.errors import InvalidInputError, MisconfiguredError, RefusedError

Plain = str | int | float | bool | None
PlainRow = tuple[str, Sequence[Plain]]
"""(table, values in the order of its columns), as JSON holds them."""

_AT_ONCE: Final = 500
STEP_S: Final = 60.0
"""How long one step of a copy may take."""
_VERSION: Final = "alembic_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a copy has to say of itself before its rows."""

    revision: str
    """The schema's."""
    columns: Mapping[str, Sequence[str]]
    """By table, each table after those that it refers to."""
    rows: Mapping[str, int]
    """By table."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """By table that numbers its rows: the last number given, to no row ever again."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One state of a database, under the connection's eyes."""

    shape: Shape
    _connection: AsyncConnection
    _tables: Sequence[Table]

    async def rows(self) -> AsyncIterator[PlainRow]:
        for table in self._tables:
            name = str(table.name)
            makes = [_to_plain(column.type) for column in table.columns]
            result = await self._connection.stream(select(table))
            while True:
                async with asyncio.timeout(STEP_S):
                    some = await result.fetchmany(_AT_ONCE)
                if not some:
                    break
                for row in some:
                    yield name, [make(value) for make, value in zip(makes, row, strict=True)]


async def look(connection: AsyncConnection) -> Copy:
    """Return a copy to be read from a connection that sees one state.

    Raises:
        MisconfiguredError: there are no records in this database.
    """
    async with asyncio.timeout(STEP_S):
        return await connection.run_sync(_look, connection)


def _look(connection: Connection, asynchronous: AsyncConnection) -> Copy:
    revision = schema.present(connection)
    if revision is None:
        message = "there are no records in this database yet"
        raise MisconfiguredError(message)
    tables = _tables(connection)
    shape = Shape(
        revision=revision,
        columns={str(table.name): _columns(table) for table in tables},
        rows={str(table.name): _count(connection, table) for table in tables},
        numbers=numbering.given(connection, tables),
    )
    return Copy(shape, asynchronous, tables)


def _columns(table: Table) -> list[str]:
    return [str(column.name) for column in table.columns]


async def put(
    connection: AsyncConnection, shape: Shape, rows: Iterable[PlainRow], *, at: Callable[[], None]
) -> None:
    """Fill an empty database, in the connection's transaction; `at` is told of each row.

    Raises:
        RefusedError: the database is not empty.
        MisconfiguredError: the copy is a newer hub's.
        InvalidInputError: its rows are not those of its schema.
    """
    tables = await connection.run_sync(_prepare, shape)
    for name, some in groupby(rows, key=itemgetter(0)):
        if name not in tables:
            message = f"the backup has rows of {name!r}, which its schema {shape.revision} has not"
            raise InvalidInputError(message)
        values = (row for _, row in some)
        await _fill(connection, tables[name], shape.columns[name], values, at=at)
    await connection.run_sync(_finish, shape, tables)


def _prepare(connection: Connection, shape: Shape) -> Mapping[str, Table]:
    """Make the copy's schema in place of the empty one that may be there."""
    if not schema.knows(shape.revision):
        message = f"the backup is a newer hub's (schema {shape.revision}); restore it with that hub"
        raise MisconfiguredError(message)
    there = _tables(connection)
    if there and schema.present(connection) is None:
        message = "the database holds tables of another program; give the hub one of its own"
        raise RefusedError(message)
    for table in there:
        if _count(connection, table):
            message = (
                f"the record store is not empty ({table.name} has rows); restore into a new one"
            )
            raise RefusedError(message)
    _drop(connection, there)
    schema.upgrade(connection, shape.revision)
    made = {table.name: table for table in _tables(connection)}
    for name, columns in shape.columns.items():
        if name not in made or set(columns) != set(_columns(made[name])):
            message = f"the backup's table {name!r} is not that of schema {shape.revision}"
            raise InvalidInputError(message)
    return made


def _drop(connection: Connection, tables: Sequence[Table]) -> None:
    for table in reversed(tables):
        table.drop(connection)
    if schema.present(connection) is not None:
        connection.execute(text(f"DROP TABLE {_VERSION}"))


async def _fill(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Plain]],
    *,
    at: Callable[[], None],
) -> None:
    makes = [(name, _from_plain(table.columns[name].type)) for name in columns]
    rows = iter(rows)
    while some := list(islice(rows, _AT_ONCE)):
        values = [
            {name: make(value) for (name, make), value in zip(makes, row, strict=True)}
            for row in some
        ]
        async with asyncio.timeout(STEP_S):
            await connection.execute(insert(table), values)
        for _ in some:
            at()


def _finish(connection: Connection, shape: Shape, tables: Mapping[str, Table]) -> None:
    for name, number in shape.numbers.items():
        numbering.go_on_from(connection, tables[name], number)
    schema.upgrade(connection)


def _tables(connection: Connection) -> Sequence[Table]:
    """Return the tables of the database, each after those it refers to."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name != _VERSION)
    return found.sorted_tables


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _same(value: Any) -> Any:  # noqa: ANN401 - a column's value
    return value


def _to_plain(kind: TypeEngine[Any]) -> Callable[[Any], Plain]:
    if isinstance(kind, LargeBinary):
        return lambda value: None if value is None else base64.b64encode(value).decode()
    if isinstance(kind, Date):
        return lambda value: None if value is None else value.isoformat()
    return _same


def _from_plain(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    if isinstance(kind, LargeBinary):
        return lambda value: None if value is None else base64.b64decode(value, validate=True)
    if isinstance(kind, Date):
        return lambda value: None if value is None else date.fromisoformat(value)
    return _same
