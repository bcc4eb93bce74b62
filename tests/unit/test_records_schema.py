"""The schema: its migrations, its refusals, and that PostgreSQL would take it."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateIndex, CreateTable

from hub.adapters.records import SqlRecords, schema, statements, tables
from hub.errors import MisconfiguredError


def upgraded(path: Path) -> Connection:
    connection = create_engine(f"sqlite:///{path}").connect()
    schema.upgrade(connection)
    return connection


def test_the_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    with upgraded(tmp_path / "records.sqlite") as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_migrations_make_the_same_sql_as_the_tables_of_the_code(tmp_path: Path) -> None:
    # A comparison of schemas does not see partial indexes nor AUTOINCREMENT.
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}").connect()
    tables.metadata.create_all(fresh)
    with upgraded(tmp_path / "records.sqlite") as migrated, fresh:
        assert _definitions(migrated) == _definitions(fresh)


def _definitions(connection: Connection) -> set[tuple[str, frozenset[str]]]:
    """Return (name, lines of its SQL) of every table and index."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {
        (name, frozenset(line.strip(" ,\t") for line in sql.splitlines()))
        for name, sql in rows
        if name not in {"alembic_version", "sqlite_sequence"}
    }


@pytest.mark.parametrize("name", sorted(tables.metadata.tables))
def test_postgresql_has_every_type_and_index(name: str) -> None:
    table = tables.metadata.tables[name]
    dialect = URL.create("postgresql").get_dialect()()
    sql = [str(CreateTable(table).compile(dialect=dialect))]
    sql += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    assert all(name in text for text in sql)


@pytest.mark.parametrize("name", sorted(statements.statements("postgresql")))
def test_postgresql_has_every_statement_of_a_commit(name: str) -> None:
    dialect = URL.create("postgresql").get_dialect()()
    assert statements.texts(dialect)[name]


async def test_records_of_a_newer_hub_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path)
    await records.open()
    await records.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    refused = SqlRecords(path)
    with pytest.raises(MisconfiguredError, match=r"newer hub \(schema 9999; this hub knows"):
        await refused.open()
    await refused.close()
    with sqlite3.connect(path) as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    assert version == "9999"


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    path.write_bytes(b"Dear diary, " * 1000)
    records = SqlRecords(path)
    with pytest.raises(MisconfiguredError, match="not a database"):
        await records.open()
    await records.close()


async def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    records = SqlRecords(tmp_path / "nowhere" / "records.sqlite")
    with pytest.raises(MisconfiguredError, match="nowhere"):
        await records.open()
    await records.close()


async def test_a_url_of_settings_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a b.sqlite"
    records = SqlRecords.in_url(f"sqlite:///{tmp_path}/a%20b.sqlite")
    await records.open()
    await records.close()
    assert path.exists()


@pytest.mark.parametrize(
    "url",
    ["", "records.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/cx"],
)
def test_a_url_that_names_no_file_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(MisconfiguredError) as refused:
        SqlRecords.in_url(url)
    assert "secret" not in str(refused.value)
