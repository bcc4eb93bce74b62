"""A device that describes itself while the hub runs: heard at once, and known after a kill."""

import copy
from datetime import UTC, datetime
from pathlib import Path

from hub.model import DescribedKind, Device
from hub.ports import SeriesQuery
from tests.runtime.small_cell import T0, RunningCell, SmallCell
from tests.unit.test_description import PLUG


async def move_in_a_plug(cell: RunningCell) -> None:
    plug = Device(
        id="d-1",
        kind="described",
        name="Plug",
        household="h-home",
        created_at=datetime.fromtimestamp(T0 / 1000, UTC),
    )
    await cell.records.add_devices([plug], credentials=[], rules=[])
    await cell.worker.refresh("d-1")


def reading(power: float, *, seq: int) -> dict[str, object]:
    return {"ts": T0 + seq * 1000, "boot": "b", "seq": seq, "values": {"power": power}}


async def powers(small: SmallCell) -> list[object]:
    query = SeriesQuery(
        device="d-1", kind="acme_plug", property="power", start_ms=T0, end_ms=T0 + 60_000
    )
    return [point.value for point in await small.series.read(query)]


async def test_what_follows_the_description_is_read_by_it(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await move_in_a_plug(cell)
        cell.send(reading(3, seq=1), device="d-1")
        cell.send(PLUG, leaf="description", device="d-1")
        cell.send(reading(4.5, seq=2), device="d-1")
        await cell.settle()

        assert await powers(small) == [4.5]
        (letter,) = (await cell.records.dead_letters(device="d-1")).items
        assert "no property 'power'" in letter.reason


async def test_a_killed_hub_knows_the_kind_when_it_is_back(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await move_in_a_plug(cell)
        cell.send(PLUG, leaf="description", device="d-1")
        await cell.settle()
    async with small.running() as cell:
        cell.send(reading(7, seq=1), device="d-1")
        await cell.settle()

        assert cell.worker.kept(DescribedKind, "acme_plug") is not None
        assert cell.worker.kinds_in("h-home") == {"watch", "acme_plug"}
        assert await powers(small) == [7.0]


async def test_a_description_that_makes_no_sense_is_a_dead_letter(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await move_in_a_plug(cell)
        cell.send({"kind": "Nice Plug"}, leaf="description", device="d-1")
        await cell.settle()

        (letter,) = (await cell.records.dead_letters(device="d-1")).items
        assert "capabilities" in letter.reason
        assert cell.worker.kinds_in("h-home") == {"watch", "described"}


async def test_what_a_kind_grew_by_is_read_from_then_on(tmp_path: Path) -> None:
    grown = copy.deepcopy(dict(PLUG))
    grown["capabilities"][0]["properties"].append({"name": "volts", "unit": "V"})
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await move_in_a_plug(cell)
        cell.send(PLUG, leaf="description", device="d-1")
        cell.send(reading(1, seq=1), device="d-1")
        await cell.settle()
        cell.send(grown, leaf="description", device="d-1")
        await cell.settle()
        cell.send({"ts": T0 + 3000, "boot": "b", "seq": 3, "values": {"volts": 230}}, device="d-1")
        await cell.settle()
        state = await cell.worker.state("d-1")

        assert state is not None
        assert state.twin.reported["volts"] == 230
        assert (await cell.records.dead_letters(device="d-1")).items == ()
