"""A settled world for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.world import World, opened, settle


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as found:
        await settle(found)
        yield found
