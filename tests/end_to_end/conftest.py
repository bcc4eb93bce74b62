"""The home that the tests share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.end_to_end.home import Home, home

RATE = 8.0
"""Seconds of the hub and the watches in a real one; a touch is fresh for nearly four real ones."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """Keep one home for all tests that do not need one of their own: they bring their watches."""
    folder = tmp_path_factory.mktemp("home")
    async with home(folder, broker="mosquitto", series="influx", rate=RATE) as found:
        yield found
