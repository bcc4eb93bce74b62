"""The tables of a series file: one a kind, one row a point, one column a property.

Anyone can read it: `SELECT * FROM series_watch WHERE device = 'w-1'`.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hub.adapters.series.fields import EARLIEST_MS, LATEST_MS, FieldTypes, value_class
from hub.adapters.series.settling import QUALITY, PointKey
from hub.model import Sample, Value, ValueType
from hub.ports import SeriesQuery

_COLUMNS = {
    ValueType.NUMBER: "REAL",
    ValueType.INTEGER: "INTEGER",
    ValueType.BOOLEAN: "BOOLEAN",
    ValueType.STRING: "TEXT",
}
_AGGREGATES = {
    "mean": "avg({0})",
    "min": "min({0})",
    "max": "max({0})",
    "sum": "sum({0})",
    "count": "count({0})",
    # SQLite takes a bare column from the row that has the minimum or maximum.
    "first": "{0}, min(time)",
    "last": "{0}, max(time)",
}


def connect(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    """Return a connection that waits `timeout_s` for a lock and syncs every commit."""
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # The spool forgets what is written here.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -32000")
        # What is deleted is to be gone from the file as well.
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def storable(start_ms: int, end_ms: int) -> tuple[int, int]:
    """Return the interval without what no point can have, which SQLite might not understand."""
    return max(start_ms, EARLIEST_MS), min(end_ms, LATEST_MS + 1)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def table(kind: str) -> str:
    return quoted(f"series_{kind}")


def prepare(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS field (kind TEXT NOT NULL, property TEXT NOT NULL,"
        " type TEXT NOT NULL, PRIMARY KEY (kind, property)) WITHOUT ROWID"
    )


def load_types(connection: sqlite3.Connection, types: FieldTypes) -> None:
    """Make `types` what the file says."""
    types.clear()
    for kind, name, value_type in connection.execute("SELECT kind, property, type FROM field"):
        types.set(kind, name, ValueType(value_type))


def add_field(connection: sqlite3.Connection, kind: str, name: str, value_type: ValueType) -> None:
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table(kind)} (device TEXT NOT NULL, time INTEGER NOT NULL,"
        " received INTEGER, quality TEXT, PRIMARY KEY (device, time)) WITHOUT ROWID"
    )
    connection.execute(
        f"ALTER TABLE {table(kind)} ADD COLUMN {quoted(name)} {_COLUMNS[value_type]}"
    )
    connection.execute("INSERT INTO field VALUES (?, ?, ?)", (kind, name, value_type.value))


def insert(
    connection: sqlite3.Connection,
    *,
    kind: str,
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> None:
    """Add rows of device, time, received, quality and `names`; what is there stays."""
    columns = ["received", "quality", *(quoted(name) for name in names)]
    places = ", ".join("?" * (len(columns) + 2))
    keep = ", ".join(f"{column} = coalesce({column}, excluded.{column})" for column in columns)
    connection.executemany(
        f"INSERT INTO {table(kind)} (device, time, {', '.join(columns)}) VALUES ({places})"  # noqa: S608 (names are quoted)
        f" ON CONFLICT (device, time) DO UPDATE SET {keep}",
        rows,
    )


def stored_points(
    connection: sqlite3.Connection, samples: Sequence[Sample], types: FieldTypes
) -> Iterator[tuple[PointKey, Mapping[str, Value]]]:
    """Return what the points of these samples hold already, as far as the samples touch it."""
    for sample in samples:
        known = [(name, types[sample.kind, name]) for name in sample.values]
        fields = [(name, value_type) for name, value_type in known if value_type is not None]
        if not fields:
            continue
        columns = ", ".join(quoted(name) for name, _ in fields)
        row = connection.execute(
            f"SELECT quality, {columns} FROM {table(sample.kind)}"  # noqa: S608 (names are quoted)
            " WHERE device = ? AND time = ?",
            (sample.device, sample.at_ms),
        ).fetchone()
        if row is None:
            continue
        values: dict[str, Value] = {QUALITY: row[0]} if row[0] is not None else {}
        for (name, value_type), value in zip(fields, row[1:], strict=True):
            if value is not None:
                values[name] = value_class(value_type)(value)
        yield (sample.kind, sample.device, sample.at_ms), values


def select(query: SeriesQuery) -> tuple[str, Sequence[object]]:
    """Return the statement for the query and its parameters; rows of time, value, received."""
    column = quoted(query.property)
    source = (
        f"FROM {table(query.kind)}"
        f" WHERE device = ? AND time >= ? AND time < ? AND {column} IS NOT NULL"
    )
    where = (query.device, *storable(query.start_ms, query.end_ms))
    if query.every_ms is None:
        statement = f"SELECT time, {column}, received {source} ORDER BY time LIMIT ?"
        return statement, (*where, query.limit)
    every = query.every_ms
    # The inner remainder is negative before 1970.
    bucket = f"time - ((time % {every}) + {every}) % {every}"
    value = _AGGREGATES[query.aggregate].format(column)
    statement = (
        f"SELECT {bucket} AS bucket, {value} {source} GROUP BY bucket ORDER BY bucket LIMIT ?"
    )
    return statement, (*where, query.limit)


def kinds(connection: sqlite3.Connection) -> Sequence[str]:
    return [row[0] for row in connection.execute("SELECT DISTINCT kind FROM field")]


def next_device(connection: sqlite3.Connection, kind: str, *, after: str) -> str | None:
    """Return the device behind `after` in the alphabet; one step into the index."""
    statement = f"SELECT min(device) FROM {table(kind)} WHERE device > ?"  # noqa: S608 (the name is quoted)
    row = connection.execute(statement, (after,)).fetchone()
    return None if row[0] is None else str(row[0])


def delete(
    connection: sqlite3.Connection, device: str, *, kind: str, start_ms: int, end_ms: int
) -> None:
    connection.execute(
        f"DELETE FROM {table(kind)} WHERE device = ? AND time >= ? AND time < ?",  # noqa: S608 (the name is quoted)
        (device, *storable(start_ms, end_ms)),
    )
