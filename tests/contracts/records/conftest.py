"""The record stores that the contract is held against."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.adapters.records import SqlRecords
from hub.ports import RecordStore
from tests.contracts.records.postgres_cluster import PostgresCluster
from tests.contracts.records.things import Opener

STORES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=STORES)
async def records_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty record store of its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.sqlite"
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    return await cluster.records_database()


@pytest.fixture
async def opened(records_url: str) -> AsyncIterator[Opener]:
    """Return what opens the database; each call closes the store of the one before."""
    async with AsyncExitStack() as stack:

        async def open_again() -> RecordStore:
            await stack.aclose()
            records = SqlRecords.in_url(records_url)
            stack.push_async_callback(records.close)
            await records.open()
            return records

        yield open_again


@pytest.fixture
async def records(opened: Opener) -> RecordStore:
    return await opened()
