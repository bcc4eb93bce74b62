"""The numbers that a database gives to rows, each once, also after the row is gone."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, inspect, text


def given(connection: Connection, tables: Sequence[Table]) -> Mapping[str, int]:
    """Return the last number given, by table; 0 where none was yet."""
    if connection.dialect.name == "sqlite":
        return _given_by_sqlite(connection, {table.name for table in tables})
    sequences = {str(table.name): _sequence(connection, table) for table in tables}
    return {
        table: _last_value(connection, sequence)
        for table, sequence in sequences.items()
        if sequence is not None
    }


def go_on_from(connection: Connection, table: Table, number: int) -> None:
    """Let the next row of the table get a higher number than this."""
    if number == 0:
        return
    if connection.dialect.name == "sqlite":
        row = {"name": table.name, "seq": number}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), row)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :seq)"), row)
    elif (sequence := _sequence(connection, table)) is not None:
        place = {"sequence": sequence, "number": number}
        connection.execute(text("SELECT setval(CAST(:sequence AS text), :number)"), place)


def _given_by_sqlite(connection: Connection, tables: set[str]) -> Mapping[str, int]:
    if not inspect(connection).has_table("sqlite_sequence"):
        return {}
    found = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
    return {row.name: row.seq for row in found if row.name in tables}


def _last_value(connection: Connection, sequence: str) -> int:
    asked = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608 - the database's own name
    found: int = connection.execute(text(asked)).scalar_one()
    return found


def _sequence(connection: Connection, table: Table) -> str | None:
    """Return what PostgreSQL numbers the table's rows from; None where nothing does."""
    key = list(table.primary_key.columns)
    if len(key) != 1:
        return None
    named = {"table": f'"{table.name}"', "column": key[0].name}
    found: str | None = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"), named
    ).scalar()
    return found
