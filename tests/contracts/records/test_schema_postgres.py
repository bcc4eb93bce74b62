"""The schema on PostgreSQL is that of the code, as it is on SQLite."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from hub.adapters.records import SqlRecords, tables
from tests.contracts.records.postgres_cluster import PostgresCluster

pytestmark = pytest.mark.postgres


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, tables.metadata))


def indexes(connection: Connection) -> set[tuple[str, str]]:
    found = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes"))
    return {(row.indexname, row.indexdef) for row in found if not row.indexname.startswith("pg_")}


async def test_the_migrations_make_the_tables_of_the_code(postgres: PostgresCluster) -> None:
    records = SqlRecords.in_url(await postgres.database())
    await records.open()
    async with records.database.writing() as connection:
        assert await connection.run_sync(differences) == []
        migrated = await connection.run_sync(indexes)
    await records.close()
    fresh = SqlRecords.in_url(await postgres.database())
    async with fresh.database.writing() as connection:
        await connection.run_sync(tables.metadata.create_all)
        # A comparison of schemas does not see the conditions of partial indexes.
        made = await connection.run_sync(indexes)
    await fresh.close()
    assert migrated - made == {one for one in migrated if "alembic" in one[0]}
    assert made <= migrated
