"""A hub killed amid its commits, on either database."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.adapters.records import SqlRecords
from tests.contracts.records.postgres_cluster import PostgresCluster
from tests.contracts.records.things import settle
from tests.faults.records_child import group

SEED = 20_261_123


def committed_before_kill(url: str, *, start: int, after: int) -> dict[int, int]:
    """Run the child, kill it after `after` commits were said; return number -> position."""
    child = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.faults.records_child", url, str(start)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(after)]
    child.kill()
    rest, _ = child.communicate()
    lines = [line for line in (*said, *rest.splitlines(keepends=True)) if line.endswith("\n")]
    return {int(number): int(position) for number, position in map(str.split, lines)}


async def killed_amid_commits(url: str) -> None:
    """Kill four hubs and hold after each that every group said is there, and none by half."""
    chance = random.Random(SEED)  # noqa: S311 - a drill that can be run again
    records = SqlRecords.in_url(url)
    await records.open()
    await settle(records, ["w-1"])
    await records.close()
    said: dict[int, int] = {}
    written = 0
    for _ in range(4):
        said |= committed_before_kill(url, start=written + 1, after=chance.randrange(1, 120))
        records = SqlRecords.in_url(url)
        await records.open()
        # On PostgreSQL what the killed hub had sent is still under way until its lock is free.
        await records.occupy()
        spooled = await records.spooled(after=0, limit=100_000)
        numbers = {int(g.samples[0].values["heart_rate"]): g.position for g in spooled}
        assert said.items() <= numbers.items()
        written = len(numbers)
        assert sorted(numbers) == list(range(1, written + 1))
        assert all(g.samples == group(n).samples for g, n in zip(spooled, numbers, strict=True))
        assert (await records.load(["w-1"]))["w-1"].heard_ms == written
        assert len((await records.events(device="w-1", limit=100_000)).items) == written
        assert [c.id for c in await records.open_commands()] == [f"c-{n}" for n in sorted(numbers)]
        await records.close()


async def test_killed_amid_commits_the_file_has_every_group_that_was_said_and_none_by_half(
    tmp_path: Path,
) -> None:
    path = tmp_path / "records.sqlite"
    await killed_amid_commits(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert verdict == "ok"


@pytest.mark.postgres
async def test_killed_amid_commits_the_server_has_every_group_that_was_said_and_none_by_half(
    postgres: PostgresCluster,
) -> None:
    await killed_amid_commits(await postgres.records_database())
