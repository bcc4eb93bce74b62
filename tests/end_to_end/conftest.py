"""The home that the tests of one module share, and one of a test's own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.end_to_end.home import Home, home

RATE = 8.0
"""Seconds of the hub and the watches in a real one; a touch is fresh for nearly four real ones."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """Keep one home for a module: each of its tests has watches of its own."""
    folder = tmp_path_factory.mktemp("home")
    async with home(folder, broker="mosquitto", series="influx", rate=RATE) as found:
        yield found
