"""The spool, from commit to the series store."""

from dataclasses import replace

import pytest

from hub.model import Group, Quality, Sample
from hub.ports import RecordStore
from tests.contracts.records.things import NOW_MS, Opener, command, dead_letter, sample


async def spool(records: RecordStore, count: int, *, size: int = 2) -> list[int]:
    return [
        await records.commit(
            Group(samples=tuple(sample("w-1", at_ms=NOW_MS + n * 10 + k) for k in range(size)))
        )
        for n in range(count)
    ]


async def test_samples_come_back_as_they_were_in_order(records: RecordStore) -> None:
    plain = sample("w-1")
    samples = (
        plain,
        replace(plain, values={"n": 1, "x": 1.0, "worn": True, "mode": "달리기", "none": ""}),
        replace(plain, boot=None, seq=None, timed=False),
        replace(plain, quality=Quality.CLOCK, late=True, at_ms=-1),
    )
    await records.commit(Group(samples=samples))
    await records.commit(Group(samples=(plain,)))
    first, second = await records.spooled(after=0)
    assert first.samples == samples
    assert [type(v) for v in first.samples[1].values.values()] == [int, float, bool, str, str]
    assert isinstance(first.samples[3].quality, Quality)
    assert second.samples == (plain,)
    assert first.position < second.position


async def test_groups_are_read_behind_a_position_a_few_at_a_time(records: RecordStore) -> None:
    positions = await spool(records, 5)
    found = await records.spooled(after=positions[1], limit=2)
    assert [group.position for group in found] == positions[2:4]
    assert await records.spooled(after=positions[-1]) == []


async def test_a_commit_without_samples_leaves_the_position(records: RecordStore) -> None:
    assert await records.commit(Group()) == 0
    (position,) = await spool(records, 1)
    assert await records.commit(Group(commands=(command("c-1"),))) == position
    assert await records.commit(Group()) == position


async def test_what_the_series_store_has_is_forgotten(records: RecordStore) -> None:
    positions = await spool(records, 4)
    await records.advance_spool(positions[1])
    assert await records.spool_cursor() == positions[1]
    assert [group.position for group in await records.spooled(after=0)] == positions[2:]


async def test_the_cursor_never_goes_back(records: RecordStore) -> None:
    positions = await spool(records, 3)
    await records.advance_spool(positions[2])
    await records.advance_spool(positions[0])
    assert await records.spool_cursor() == positions[2]


async def test_dead_letters_are_kept_with_the_advance(records: RecordStore) -> None:
    positions = await spool(records, 1)
    refused = dead_letter("dl_1")
    await records.advance_spool(positions[0], dead_letters=[refused])
    await records.advance_spool(positions[0], dead_letters=[refused])
    assert (await records.dead_letters()).items == (refused,)


@pytest.mark.parametrize("forgotten", [0, 24, 25, 26, 49, 50, 51, 120])
async def test_a_long_backlog_is_forgotten_to_the_last_group(
    records: RecordStore, forgotten: int
) -> None:
    positions = await spool(records, 121, size=1)
    await records.advance_spool(positions[forgotten])
    left = await records.spooled(after=0, limit=500)
    assert [group.position for group in left] == positions[forgotten + 1 :]


async def test_a_position_is_never_given_twice(opened: Opener) -> None:
    records = await opened()
    positions = await spool(records, 3)
    await records.advance_spool(positions[-1])
    records = await opened()
    assert await records.spool_cursor() == positions[-1]
    assert await records.commit(Group()) == positions[-1]
    (next_position,) = await spool(records, 1)
    assert next_position > positions[-1]


async def test_the_backlog_is_counted_with_its_oldest_time(records: RecordStore) -> None:
    assert await records.spool_backlog() == (0, None)
    positions = await spool(records, 3, size=4)
    assert await records.spool_backlog() == (12, NOW_MS + 40)
    await records.advance_spool(positions[0])
    assert await records.spool_backlog() == (8, NOW_MS + 10 + 40)
    await records.advance_spool(positions[2])
    assert await records.spool_backlog() == (0, None)


async def test_a_group_of_thousands_comes_back_whole(records: RecordStore) -> None:
    samples = tuple(
        Sample(f"w-{n % 50}", "watch", NOW_MS + n, NOW_MS, {"heart_rate": n / 7}, "b1", n)
        for n in range(5000)
    )
    await records.commit(Group(samples=samples))
    (group,) = await records.spooled(after=0)
    assert group.samples == samples
