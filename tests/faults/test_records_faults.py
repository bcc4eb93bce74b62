"""The record store's file on a full disk, locked, and with a bit flipped."""

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from hub.adapters.records import SqlRecords
from hub.errors import UnavailableError
from hub.model import Group
from hub.ports import RecordStore
from tests.contracts.records.things import NOW_MS, sample, settle

KILOBYTE = 1024
MOUNT = shutil.which("mount") or "/bin/mount"
UMOUNT = shutil.which("umount") or "/bin/umount"


def sound(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return str(verdict)


def names_in(directory: Path) -> list[str]:
    return [file.name for file in directory.iterdir()]


# --------------------------------------------------------------------------------------- disk full


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    mounted = subprocess.run(  # noqa: S603 - a fixed command
        [MOUNT, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small file system here")
    try:
        yield
    finally:
        subprocess.run([UMOUNT, "--lazy", str(directory)], check=True)  # noqa: S603 - a fixed command


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def numbered(number: int) -> Group:
    samples = tuple(sample("w-1", at_ms=NOW_MS + k, value=float(number)) for k in range(200))
    return Group(samples=samples)


async def fill(records: RecordStore) -> list[int]:
    """Commit until the records refuse three times in a row; return the positions."""
    positions: list[int] = []
    refused = 0
    while refused < 3:
        try:
            positions.append(await records.commit(numbered(len(positions))))
        except UnavailableError:
            refused += 1
        else:
            refused = 0
        assert len(positions) < 5000
    return positions


async def resumed(records: RecordStore, positions: list[int]) -> None:
    """Hold that all positions are there, none else, and that the store takes more."""
    positions.append(await records.commit(numbered(len(positions))))
    spooled = await records.spooled(after=0, limit=100_000)
    assert [g.position for g in spooled] == positions
    assert [g.samples for g in spooled] == [numbered(n).samples for n in range(len(positions))]


async def test_on_a_full_disk_commits_stop_and_resume_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path):
        filler = tmp_path / "filler"
        filler.write_bytes(b"x" * 2_000 * KILOBYTE)
        path = tmp_path / "records.sqlite"
        records = SqlRecords(path)
        await records.open()
        await settle(records, ["w-1"])
        positions = await fill(records)
        with pytest.raises(UnavailableError, match="full"):
            await records.commit(numbered(0))
        with pytest.raises(UnavailableError, match="full"):
            await records.rename("w-1", "x" * 100 * KILOBYTE)
        assert (await records.load(["w-1"]))["w-1"].device.name == "The w-1"
        assert len(await records.spooled(after=0, limit=10_000)) == len(positions)
        filler.unlink()
        await resumed(records, positions)
        await records.close()
        assert sound(path) == "ok"


async def test_at_the_limit_of_a_file_commits_stop_and_resume_when_it_is_lifted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path)
    await records.open()
    with files_at_most(500 * KILOBYTE):
        positions = await fill(records)
    await resumed(records, positions)
    await records.close()
    assert sound(path) == "ok"


# ------------------------------------------------------------------------------------ a flipped bit


async def test_a_bit_flipped_on_the_disk_costs_one_group_and_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path)
    await records.open()
    positions = [await records.commit(numbered(number)) for number in range(5)]
    await records.close()
    file = bytearray(path.read_bytes())
    # Every payload begins with its first sample; the third one's place is found by its value.
    place = file.find(_packed(2.0))
    file[place + 3] ^= 0x10
    path.write_bytes(bytes(file))

    records = SqlRecords(path)
    await records.open()
    found = await records.spooled(after=0)
    assert [g.position for g in found] == positions[:2] + positions[3:]
    assert [g.samples[0].values["heart_rate"] for g in found] == [0.0, 1.0, 3.0, 4.0]
    (said,) = [r for r in caplog.records if getattr(r, "action", "") == "spool_torn"]
    assert "1 spool groups with 200 samples" in said.getMessage()
    assert (await records.spool_backlog())[0] == 4 * 200
    assert await records.spooled(after=0) == found
    await records.close()
    assert _set_aside(path) == [(positions[2], 200)]


async def test_more_damaged_groups_than_one_read_do_not_hide_the_good_ones(
    tmp_path: Path,
) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path)
    await records.open()
    positions = [await records.commit(numbered(number)) for number in range(7)]
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE spool SET crc32 = crc32 + 1 WHERE position <= ?", positions[4:5])
    connection.close()
    (first,) = await records.spooled(after=0, limit=2)
    (second,) = await records.spooled(after=first.position, limit=2)
    assert [first.position, second.position] == positions[5:7]
    await records.close()
    assert [position for position, _ in _set_aside(path)] == positions[:5]


def _packed(value: float) -> bytes:
    return msgspec.msgpack.encode({"heart_rate": value})


def _set_aside(path: Path) -> list[tuple[int, int]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT position, samples FROM spool_torn ORDER BY position")
        found = [(position, samples) for position, samples in rows]
    connection.close()
    return found


# ------------------------------------------------------------------------------------------ locked


@contextmanager
def written_by_another(path: Path) -> Iterator[sqlite3.Connection]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


async def test_while_another_process_holds_the_file_writes_are_refused_and_reads_go_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path, patience_s=0.1)
    await records.open()
    await settle(records, ["w-1"])
    with written_by_another(path):
        with pytest.raises(UnavailableError, match="locked"):
            await records.commit(numbered(0))
        with pytest.raises(UnavailableError, match="locked"):
            await records.rename("w-1", "x")
        assert set(await records.load(["w-1"])) == {"w-1"}
        assert await records.spooled(after=0) == []
    assert await records.commit(numbered(0)) > 0
    await records.rename("w-1", "x")
    await records.close()


async def test_writers_of_one_process_queue_and_need_no_patience(tmp_path: Path) -> None:
    records = SqlRecords(tmp_path / "records.sqlite", patience_s=0)
    await records.open()
    await settle(records, ["w-1"])
    async with asyncio.TaskGroup() as tasks:
        for number in range(100):
            tasks.create_task(records.rename("w-1", str(number)))
            tasks.create_task(records.commit(numbered(number)))
    assert len(await records.spooled(after=0, limit=200)) == 100
    await records.close()


async def test_a_short_write_of_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path)
    await records.open()
    await settle(records, ["w-1"])
    with written_by_another(path) as other:
        commit = asyncio.create_task(records.commit(numbered(0)))
        rename = asyncio.create_task(records.rename("w-1", "x"))
        done, _ = await asyncio.wait({commit, rename}, timeout=0.3)
        assert not done
        other.execute("ROLLBACK")
        await asyncio.gather(commit, rename)
    assert len(await records.spooled(after=0)) == 1
    await records.close()


async def test_a_cancelled_commit_leaves_nothing_locked(tmp_path: Path) -> None:
    records = SqlRecords(tmp_path / "records.sqlite")
    await records.open()
    await settle(records, ["w-1"])
    for number in range(30):
        commit = asyncio.create_task(records.commit(numbered(number)))
        rename = asyncio.create_task(records.rename("w-1", str(number)))
        for _ in range(number % 7):
            await asyncio.sleep(0)
        commit.cancel()
        rename.cancel()
        await asyncio.gather(commit, rename, return_exceptions=True)
    position = await records.commit(numbered(30))
    await records.rename("w-1", "last")
    spooled = await records.spooled(after=0, limit=100)
    assert spooled[-1].position == position
    assert all(len(g.samples) == 200 for g in spooled)
    await records.close()


async def test_a_store_closed_and_opened_again_leaves_no_side_file(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    records = SqlRecords(path)
    await records.open()
    await records.commit(numbered(0))
    await records.close()
    assert names_in(tmp_path) == ["records.sqlite"]
