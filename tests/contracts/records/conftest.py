"""The record stores that the contract is held against."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.adapters.records import SqlRecords
from hub.ports import RecordStore
from tests.contracts.records.things import Opener


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opener]:
    """Return what opens the database; each call closes the store of the one before."""
    async with AsyncExitStack() as stack:

        async def open_again() -> RecordStore:
            await stack.aclose()
            records = SqlRecords(tmp_path / "records.sqlite")
            await records.open()
            stack.push_async_callback(records.close)
            return records

        yield open_again


@pytest.fixture
async def records(opened: Opener) -> RecordStore:
    return await opened()
