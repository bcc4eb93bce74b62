"""What becomes of a command when the hub is away while it is on its way."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from hub.adapters.broker.memory import MemoryBroker
from hub.model import Level, RuleSpec
from hub.ports import Publication
from tests.runtime.small_cell import T0, SmallCell

RULE = RuleSpec(name="Heart rate", property="heart_rate", kind="watch", limit=150)
AWAY_MS = 60_000
REPLY_TIMEOUT_MS = 10_000


async def alerted(small: SmallCell) -> str:
    """Have one alert sent, end the hub, and return the command's id."""
    await small.move_in(RULE)
    async with small.running() as cell:
        cell.send({"ts": T0, "values": {"heart_rate": 170}})
        await cell.settle()
        (command,) = cell.commands()
    return str(command["id"])


async def test_an_answer_given_while_the_hub_was_away_is_heard(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    command = await alerted(small)
    reply = msgspec.json.encode({"id": command, "status": "succeeded"})
    small.broker.deliver("cx/1/main/w-1/up/reply", reply)
    small.clock.at_ms += AWAY_MS

    async with small.running() as cell:
        await cell.settle()
        known = await cell.records.command(command)

    assert known is not None
    assert known.status == "succeeded"


async def test_a_command_that_nobody_answered_is_given_up_after_the_hub_is_back(
    tmp_path: Path,
) -> None:
    small = SmallCell(tmp_path)
    command = await alerted(small)
    small.clock.at_ms += AWAY_MS

    async with small.running() as cell:
        small.clock.at_ms += REPLY_TIMEOUT_MS
        cell.send({"ts": T0 + 1, "values": {"battery": 50}})
        await cell.settle()
        async with asyncio.timeout(10):
            while (known := await cell.records.command(command)) and not known.status.final:  # noqa: ASYNC110 - a record, not an event
                await asyncio.sleep(0.01)

    assert known is not None
    assert known.status == "timed_out"


class SlowBroker(MemoryBroker):
    """Has a publication at once and says so only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def publish(self, publications: Sequence[Publication]) -> None:
        await super().publish(publications)
        await self.answers.wait()


async def test_a_touch_on_its_way_is_not_replaced_by_a_newer_one(tmp_path: Path) -> None:
    broker = SlowBroker()
    small = SmallCell(tmp_path, broker=broker)
    await small.move_in(
        replace(RULE, levels=(Level(name="over"), Level(name="high", offset=9, first_step=1)))
    )
    async with small.running() as cell:
        cell.send({"ts": T0 - 1, "values": {"heart_rate": 155}})
        await cell.until(lambda: len(cell.commands()) == 1)
        cell.send({"ts": T0, "values": {"heart_rate": 165}})
        await cell.until(lambda: not broker.unacknowledged)
        broker.answers.set()
        await cell.settle()
        (first,) = cell.commands()
        known = await cell.records.command(str(first["id"]))
        small.clock.at_ms += 3000
        cell.send({"ts": T0 + 1, "values": {"battery": 50}})
        await cell.until(lambda: len(cell.commands()) == 2)

    assert known is not None
    assert known.status == "sent"
