"""Commands on their way to the broker: refused ones, and devices that talk while theirs wait."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hub.adapters.broker.memory import MemoryBroker
from hub.errors import RefusedError
from hub.model import CommandRequest, Device
from hub.ports import Publication
from tests.runtime.small_cell import T0, RunningCell, SmallCell


class ChoosyBroker(MemoryBroker):
    """Refuses whatever goes to one device."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        if any(publication.topic.startswith("cx/1/main/w-1/") for publication in publications):
            message = "not authorized"
            raise RefusedError(message)
        await super().publish(publications)


async def ask(cell: RunningCell, device: str, *, expires_ms: int = T0 + 60_000) -> None:
    request = CommandRequest(
        command=f"c-{device}",
        device=device,
        name="alert_end",
        args={"alert": "al_1"},
        author="p-mina",
        now_ms=T0,
        expires_ms=expires_ms,
    )
    await cell.worker.submit(request)


async def test_a_refused_command_costs_no_other(tmp_path: Path) -> None:
    small = SmallCell(tmp_path, broker=ChoosyBroker())
    await small.move_in()
    async with small.running() as cell:
        created_at = datetime.fromtimestamp(T0 / 1000, UTC)
        other = Device(
            id="w-2", kind="watch", name="Watch", household="h-home", created_at=created_at
        )
        await cell.records.add_devices([other], credentials=[], rules=[])
        await cell.worker.refresh("w-2")
        for device in ("w-1", "w-2"):
            cell.send({"status": "sleeping"}, leaf="status", device=device)
        await cell.settle()
        await ask(cell, "w-1")
        await ask(cell, "w-2")
        for device in ("w-1", "w-2"):
            cell.send({"status": "ready"}, leaf="status", device=device)
        await cell.until(lambda: not cell.worker.memory.states["w-1"].commands)
        refused, sent = await cell.records.command("c-w-1"), await cell.records.command("c-w-2")

    assert refused is not None
    assert sent is not None
    assert (refused.status, refused.reason) == ("failed", "not authorized")
    assert sent.status == "sent"


async def test_a_device_that_talks_while_a_command_waits_costs_no_memory(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in()
    async with small.running() as cell:
        cell.send({"status": "sleeping"}, leaf="status")
        await cell.settle()
        await ask(cell, "w-1", expires_ms=T0 + 7 * 86_400_000)
        for second in range(20):
            cell.send({"ts": T0 + second * 1000, "values": {"battery": 50}})
            await cell.settle()

        assert len(cell.sender._later) == 1
