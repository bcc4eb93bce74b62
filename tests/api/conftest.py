"""A settled world for each test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.world import World, opened, settle


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the settled world is kept that every test begins with a copy of."""
    return tmp_path_factory.mktemp("settled")


@pytest.fixture
async def world(tmp_path: Path, pattern: Path) -> AsyncIterator[World]:
    if _is_empty(pattern):
        async with opened(pattern) as first:
            await settle(first)
    shutil.copytree(pattern, tmp_path, dirs_exist_ok=True)
    async with opened(tmp_path) as found:
        yield found


def _is_empty(directory: Path) -> bool:
    return not any(directory.iterdir())
