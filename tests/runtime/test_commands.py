"""What becomes of a command when the hub is away while it is on its way."""

import asyncio
from pathlib import Path

import msgspec

from hub.model import RuleSpec
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
            while (known := await cell.records.command(command)) and not known.status.final:
                await asyncio.sleep(0.01)

    assert known is not None
    assert known.status == "timed_out"
