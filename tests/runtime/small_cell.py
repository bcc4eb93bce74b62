"""A cell on memory adapters and a temporary record store, with a clock that a test sets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.adapters.broker.memory import MemoryBroker
from hub.adapters.conditions.cel import Expressions
from hub.adapters.records.sql import SqlRecords
from hub.adapters.series.memory import MemorySeries
from hub.kinds import find_kinds
from hub.model import Alarm, Binding, Device, Household, Person, Rule, RuleSpec, Topics
from hub.runtime.amender import Amender
from hub.runtime.command_sender import CommandSender
from hub.runtime.figures import NoFigures
from hub.runtime.health import Health
from hub.runtime.postman import Postman
from hub.runtime.series_writer import SeriesWriter
from hub.runtime.timers import Timers
from hub.runtime.worker import Worker
from hub.stages.commands import Turn, turn

T0 = 1_795_000_000_000
"""A moment in ms since 1970 UTC."""
WITHIN_S = 10.0


class SetClock:
    """Shows what it is set to; a sleep lasts a moment of real time, however long it is."""

    def __init__(self, now_ms: int) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.001 if seconds > 0 else 0)


@dataclass
class SmallCell:
    directory: Path
    series: MemorySeries = field(default_factory=MemorySeries)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    clock: SetClock = field(default_factory=lambda: SetClock(T0))
    topics: Topics = field(default_factory=Topics)
    open_records: Callable[[Path], SqlRecords] = SqlRecords
    high_water: int = 1_000_000

    async def move_in(self, *rules: RuleSpec) -> None:
        """Seed a home with one person, one watch and these rules."""
        records = SqlRecords(self.directory / "records.sqlite")
        await records.open()
        created_at = datetime.fromtimestamp(T0 / 1000, UTC)
        await records.add_person(Person(id="p-mina", name="Mina"))
        home = Household(id="h-home", name="Home", created_at=created_at)
        await records.add_household(home, owner="p-mina")
        watch = Device(
            id="w-1", kind="watch", name="Watch", household="h-home", created_at=created_at
        )
        made = [
            Rule(id=f"r-{number}", household="h-home", person=None, spec=spec)
            for number, spec in enumerate(rules, start=1)
        ]
        await records.add_devices([watch], credentials=[], rules=made)
        await records.bind(Binding(device="w-1", person="p-mina", since_at=created_at))
        await records.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["RunningCell"]:
        """Run a hub over what is there; ends it as suddenly as a kill does."""
        records = self.open_records(self.directory / "records.sqlite")
        await records.open()
        await self.broker.open()
        health, figures = Health(), NoFigures()
        worker = Worker(
            broker=self.broker,
            records=records,
            clock=self.clock,
            kinds=find_kinds(),
            topics=self.topics,
            touch_gap_ms=3000,
            evaluate=Expressions().holds,
            figures=figures,
            health=health,
        )
        writer = SeriesWriter(
            records=records,
            series=self.series,
            clock=self.clock,
            health=health,
            figures=figures,
            high_water=self.high_water,
            hold=worker.hold,
            resume=worker.resume,
        )
        sender = CommandSender(
            worker=worker,
            broker=self.broker,
            clock=self.clock,
            topics=self.topics,
            figures=figures,
            reply_timeout_ms=10_000,
        )
        postman = Postman(
            worker=worker,
            broker=self.broker,
            clock=self.clock,
            topics=self.topics,
            interval_s=0.0,
        )
        timers = Timers(worker=worker, records=records, clock=self.clock)
        amender = Amender(
            worker=worker, writer=writer, records=records, series=self.series, clock=self.clock
        )
        await worker.load()
        await writer.load()
        await amender.load()
        sender.load()
        postman.load()
        parts = (writer, sender, postman, timers, amender)
        for part in parts:
            worker.listen(part.committed)
        tasks = [asyncio.ensure_future(part.run()) for part in (worker, *parts)]
        try:
            yield RunningCell(
                cell=self, worker=worker, records=records, writer=writer, sender=sender
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.broker.drop_connection()
            await records.close()


@dataclass
class RunningCell:
    cell: SmallCell
    worker: Worker
    records: SqlRecords
    writer: SeriesWriter
    sender: CommandSender
    _answered: set[str] = field(default_factory=set)

    def send(self, content: object, *, leaf: str = "telemetry", device: str = "w-1") -> None:
        topic = f"{self.cell.topics.base(device)}/up/{leaf}"
        self.cell.broker.deliver(topic, json.dumps(content).encode())

    async def settle(self) -> None:
        """Wait until everything sent is committed, stored and amended."""
        async with asyncio.timeout(WITHIN_S):
            while not await self._settled():  # noqa: ASYNC110 - three parts to look at, not one
                await asyncio.sleep(0.002)

    async def reply_to_all(self) -> None:
        """Answer every command that was sent and not answered, as a wrist does at once."""
        for command in self.commands():
            if command["id"] not in self._answered:
                self._answered.add(str(command["id"]))
                self.send({"id": command["id"], "status": "succeeded"}, leaf="reply")
        await self.settle()

    async def _settled(self) -> bool:
        if self.cell.broker.unacknowledged or self.writer.waiting:
            return False
        if self._due_commands():
            return False
        return not await self.records.amendments()

    def _due_commands(self) -> bool:
        state = self.worker.memory.states.get("w-1")
        now_ms = self.cell.clock.now_ms()
        step = turn(state, now_ms=now_ms, reply_timeout_ms=10_000) if state else Turn()
        return bool(step.send or step.gone)

    async def alarms(self) -> Sequence[Alarm]:
        return (await self.records.alarms(limit=1000)).items

    def commands(self) -> list[dict[str, object]]:
        """Return the `down/command` payloads published so far, in order."""
        return self.said("command")

    def said(self, leaf: str) -> list[dict[str, object]]:
        """Return what was published to devices under `down/{leaf}` so far, in order."""
        return [
            json.loads(publication.payload)
            for publication in self.cell.broker.publications
            if publication.topic.endswith(f"/down/{leaf}")
        ]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.002)
