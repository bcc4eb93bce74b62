"""From the spool to the series store: once, in the end, and never stuck."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hub.adapters.series.memory import MemorySeries
from hub.errors import UnavailableError
from hub.model import Sample
from hub.ports import RefusedSample, SeriesQuery
from tests.runtime.small_cell import T0, RunningCell, SmallCell
from tests.runtime.unready_records import UnreadyRecords


class AwaySeries(MemorySeries):
    """A store that does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.away = True
        self.written: list[Sample] = []

    async def write(self, samples: Sequence[Sample]) -> Sequence[RefusedSample]:
        if self.away:
            message = "the store is away"
            raise UnavailableError(message)
        self.written += samples
        return await super().write(samples)


def send(cell: RunningCell, *seconds: int, rate: float = 120.0) -> None:
    for second in seconds:
        cell.send({"ts": T0 + second * 1000, "values": {"heart_rate": rate}})


async def stored(series: MemorySeries) -> list[int]:
    query = SeriesQuery(
        device="w-1", kind="watch", property="heart_rate", start_ms=T0, end_ms=T0 + 1_000_000
    )
    return [(point.at_ms - T0) // 1000 for point in await series.read(query)]


async def test_what_a_hub_could_not_store_the_next_one_stores(tmp_path: Path) -> None:
    series = AwaySeries()
    small = SmallCell(tmp_path, series=series)
    await small.move_in()
    async with small.running() as cell:
        send(cell, 1, 2)
        await cell.until(lambda: small.broker.unacknowledged == 0)
    series.away = False
    async with small.running() as cell:
        send(cell, 3)
        await cell.settle()

    assert await stored(series) == [1, 2, 3]


async def test_beyond_the_high_water_nothing_more_is_acknowledged_until_it_falls(
    tmp_path: Path,
) -> None:
    series = AwaySeries()
    small = SmallCell(tmp_path, series=series, high_water=3, open_records=UnreadyRecords)
    await small.move_in()
    async with small.running() as cell:
        send(cell, *range(4))
        await cell.until(lambda: not cell.worker.health()["ready"])
        # What was asked for before is still taken.
        send(cell, 4)
        await cell.until(lambda: small.broker.unacknowledged == 0)
        send(cell, *range(5, 9))
        for _ in range(200):
            await asyncio.sleep(0)
        held = small.broker.unacknowledged
        series.away = False
        await cell.settle()

    assert held == 4
    assert await stored(series) == list(range(9))


async def test_a_spool_that_could_not_be_read_is_read_again_with_nothing_new_to_wake_it(
    tmp_path: Path,
) -> None:
    series = AwaySeries()
    small = SmallCell(tmp_path, series=series, open_records=UnreadyRecords)
    await small.move_in()
    async with small.running() as cell:
        send(cell, 1)
        await cell.until(lambda: small.broker.unacknowledged == 0)
    series.away = False

    def forgetful(path: Path) -> UnreadyRecords:
        records = UnreadyRecords(path)
        records.reads_to_refuse = 1
        return records

    small.open_records = forgetful
    async with small.running() as cell:
        await cell.settle()

    assert await stored(series) == [1]


async def test_of_two_values_at_one_instant_the_second_is_a_dead_letter(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        send(cell, 1, rate=120)
        send(cell, 1, rate=121)
        send(cell, 1, rate=120)
        await cell.settle()
        letters = (await cell.records.dead_letters()).items

    assert [(letter.source, letter.reason) for letter in letters] == [("series", "conflict")]
