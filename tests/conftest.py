"""What holds for all tests: no task is left behind, and a missing server is said, not hidden."""

import asyncio
import os
import shutil
import sysconfig
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.contracts.records.postgres_cluster import PostgresCluster, postgres_cluster

NEEDED = {
    "broker": ("mosquitto", "mosquitto_pub"),
    "influx": ("influxd", "influx"),
    "postgres": ("postgres", "initdb", "pg_isready"),
}
"""The programs that the tests of a marker start; `scripts/test` installs them."""
SBIN = "/usr/local/sbin:/usr/sbin"
"""Where Debian keeps mosquitto, off the PATH of ordinary users."""
ENDING_S = 1.0
"""How long a task may still take after its test."""
POSTGRES = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
"""Where Debian keeps PostgreSQL's own programs, off everybody's PATH."""


# How long an example takes is this machine's affair: no test asserts a time.
settings.register_profile("hub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hub")


def pytest_configure() -> None:
    # A wheel puts its programs (nats-server) beside Python, whether or not that venv is active.
    places = (sysconfig.get_path("scripts"), os.environ["PATH"], SBIN, *POSTGRES[::-1])
    os.environ["PATH"] = os.pathsep.join(places)
    # Asked for a loop before the first test, asyncio makes one that pytest-asyncio then drops
    # unclosed, and whichever test meets the garbage collector fails for it.
    asyncio.set_event_loop(None)


def missing() -> Iterator[tuple[str, str]]:
    """Yield the markers for which a program is not installed, with that program."""
    for marker, programs in NEEDED.items():
        for program in programs:
            if shutil.which(program) is None:
                yield marker, program


def pytest_report_header() -> list[str]:
    return [
        f"LEFT OUT: tests marked {marker}; {program} is missing, scripts/test installs it as root"
        for marker, program in missing()
    ]


def _allowed_s(item: pytest.Item) -> float:
    """Return how long a file's tests may take: begun last, a slow file would be waited for."""
    return max((mark.args[0] for mark in item.iter_markers("timeout")), default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_allowed_s, reverse=True)
    for marker, program in missing():
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{program} is not installed"))


@pytest.fixture(autouse=True)
async def no_task_left_behind() -> AsyncIterator[None]:
    """Fail a test whose parts were closed and left a task running all the same."""
    yield
    ours = asyncio.current_task()
    left = {task for task in asyncio.all_tasks() if task is not ours and not task.done()}
    if left:
        # One that is about to end, as the clearing up of `limits` in a thread, is not left.
        _, left = await asyncio.wait(left, timeout=ENDING_S)
    assert not left, f"still running: {left}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """Keep one server for all tests that do not kill it; each has databases of its own."""
    with postgres_cluster() as cluster:
        cluster.start()
        yield cluster
