"""Links over a hub that ends amid them: nothing is done twice, nothing that waits is forgotten."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hub.model import (
    CommandAction,
    Comparison,
    EventTrigger,
    Link,
    LinkRequest,
    LinkRun,
    LinkSpec,
    ReadingTrigger,
    Trigger,
)
from tests.runtime.small_cell import T0, WITHIN_S, RunningCell, SmallCell

STARTED = EventTrigger(device="w-1", event="workout_started")
FLAT = ReadingTrigger(
    device="w-1", property="battery", comparison=Comparison.BELOW, value=10, for_s=60
)


async def make(cell: RunningCell, trigger: Trigger, *, wait_s: float = 0) -> None:
    spec = LinkSpec(
        name="a link",
        trigger=trigger,
        actions=(CommandAction(device="w-1", name="alert_end", args={"alert": "al-1"}),),
        wait_s=wait_s,
    )
    link = Link(id="li-1", household="h-home", author="p-mina", spec=spec, since_ms=T0)
    await cell.worker.submit(LinkRequest(link=link, now_ms=T0))


async def runs(cell: RunningCell) -> Sequence[LinkRun]:
    return (await cell.records.things(LinkRun, subject="li-1")).items


async def until_run(cell: RunningCell, outcome: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while [run.outcome for run in await runs(cell)] != [outcome]:  # noqa: ASYNC110 - a record, not an event
            await asyncio.sleep(0.005)


def start(small: SmallCell, event: str = "e-1") -> dict[str, object]:
    return {"id": event, "ts": small.clock.at_ms, "type": "workout_started", "data": {}}


async def test_an_event_that_comes_again_after_a_kill_is_one_run_and_one_command(
    tmp_path: Path,
) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await make(cell, STARTED)
        cell.send(start(small), leaf="event")
        await cell.settle()
    async with small.running() as cell:
        cell.send(start(small), leaf="event")
        await cell.settle()
        found = await runs(cell)
        sent = [one["id"] for one in cell.commands()]

    assert [run.outcome.value for run in found] == ["done"]
    assert len(set(sent)) == 1


async def test_a_wait_goes_on_after_the_hub_came_back(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await make(cell, STARTED, wait_s=300)
        cell.send(start(small), leaf="event")
        await cell.settle()
        await until_run(cell, "waiting")
        assert cell.commands() == []
    small.clock.at_ms += 301_000
    async with small.running() as cell:
        await until_run(cell, "done")
        await cell.until(lambda: len(cell.commands()) == 1)


async def test_what_must_last_is_still_waited_for_after_the_hub_came_back(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await make(cell, FLAT)
        cell.send({"ts": T0 + 1, "values": {"battery": 50}})
        cell.send({"ts": T0 + 2, "values": {"battery": 9}})
        await cell.settle()
    small.clock.at_ms += 61_000
    async with small.running() as cell:
        await until_run(cell, "done")


async def test_what_ended_in_time_leaves_no_timer_behind(
    tmp_path: Path,
) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        await make(cell, FLAT)
        cell.send({"ts": T0 + 1, "values": {"battery": 50}})
        cell.send({"ts": T0 + 2, "values": {"battery": 9}})
        cell.send({"ts": T0 + 3, "values": {"battery": 50}})
        await cell.settle()
        assert await cell.records.next_timer_ms() is None
    small.clock.at_ms += 61_000
    async with small.running() as cell:
        cell.send({"ts": small.clock.at_ms, "values": {"battery": 50}})
        await cell.settle()
        assert await runs(cell) == ()
