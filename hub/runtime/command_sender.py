"""Sends queued commands: in order, one in flight a device, none that is too old.

Devices do not wait for each other. Each waits for its own: until it is committed that a command
was sent, nothing more is done for that device, so that none is sent twice.
"""

import asyncio
import heapq
import logging
from collections.abc import Sequence

import msgspec

from hub.errors import RefusedError, UnavailableError
from hub.flow import Draft
from hub.model import Command, CommandProgress, CommandStatus, Topics
from hub.ports import Broker, Clock, Publication
from hub.runtime.figures import Figures
from hub.runtime.loop import Committed
from hub.runtime.worker import Worker
from hub.stages.commands import turn

logger = logging.getLogger(__name__)

RETRY_S = 0.5


class CommandSender:
    """Give `committed` to `Worker.listen` and run `run`."""

    def __init__(  # noqa: PLR0913 - each is a part the composition root chooses
        self,
        *,
        worker: Worker,
        broker: Broker,
        clock: Clock,
        topics: Topics,
        figures: Figures,
        reply_timeout_ms: int,
    ) -> None:
        self._worker = worker
        self._broker = broker
        self._clock = clock
        self._topics = topics
        self._figures = figures
        self._reply_timeout_ms = reply_timeout_ms
        self._due: set[str] = set()
        self._busy: set[str] = set()
        """Devices to which something is on its way; looked at again when it is done."""
        self._later: list[tuple[int, str]] = []
        self._next_look_ms: dict[str, int] = {}
        """Of each device the newest in `_later`: a device that talks adds no more of the same."""
        self._wake = asyncio.Event()
        self._hearing_since_ms = 0

    def load(self) -> None:
        """Look at every device that something waits for."""
        self._hearing_since_ms = self._clock.now_ms()
        states = self._worker.memory.states
        self._due.update(device for device, state in states.items() if state.commands)
        self._wake.set()

    def committed(self, committed: Committed) -> None:
        draft = committed.draft
        self._due.update(command.device for command in draft.commands.values())
        self._due.update(device for device in draft.states if draft.states[device].commands)
        if self._due:
            self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wait()
                devices = self._due - self._busy
                self._due -= devices
                send: list[Command] = []
                gone: list[CommandProgress] = []
                for device in devices:
                    self._turn(device, send, gone)
                served = {command.device for command in send} | {step.device for step in gone}
                if served:
                    self._busy |= served
                    tasks.create_task(self._serve(served, send, gone), name="send commands")

    async def _serve(
        self, devices: set[str], send: list[Command], gone: list[CommandProgress]
    ) -> None:
        try:
            await self._send(send, gone)
        finally:
            self._busy -= devices
            self._wake.set()

    async def _wait(self) -> None:
        """Wait until something is due, now or by the hub's clock."""
        while self._due <= self._busy:
            self._wake.clear()
            now_ms = self._clock.now_ms()
            while self._later and self._later[0][0] <= now_ms:
                look_ms, device = heapq.heappop(self._later)
                if self._next_look_ms.get(device) == look_ms:
                    del self._next_look_ms[device]
                self._due.add(device)
            if not self._due <= self._busy:
                return
            if not self._later:
                await self._wake.wait()
                continue
            await self._nap((self._later[0][0] - now_ms) / 1000)

    async def _nap(self, seconds: float) -> None:
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleep, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            woken.cancel()

    def _turn(self, device: str, send: list[Command], gone: list[CommandProgress]) -> None:
        state = self._worker.memory.states.get(device)
        if state is None:
            return
        now_ms = self._clock.now_ms()
        step = turn(
            state,
            now_ms=now_ms,
            reply_timeout_ms=self._reply_timeout_ms,
            hearing_since_ms=self._hearing_since_ms,
        )
        send += step.send
        gone += step.gone
        look_ms = step.look_again_ms
        if look_ms is not None and self._next_look_ms.get(device) != look_ms:
            self._next_look_ms[device] = look_ms
            heapq.heappush(self._later, (look_ms, device))

    async def _send(self, send: list[Command], gone: list[CommandProgress]) -> None:
        steps: list[CommandProgress] = []
        on_its_way = self._worker.memory.on_its_way
        try:
            if send:
                send = await self._still_wanted(send)
                steps = await self._publish(send)
        except UnavailableError:
            on_its_way.difference_update(command.id for command in send)
            self._due.update(command.device for command in send)
            await self._clock.sleep(RETRY_S)
        self._figures.sent(sum(step.status is CommandStatus.SENT for step in steps))
        await self._worker.tell([*steps, *gone])
        on_its_way.difference_update(command.id for command in send)

    async def _still_wanted(self, send: Sequence[Command]) -> list[Command]:
        """Return those that nothing has replaced meanwhile; from now on nothing can.

        Asked between two groups: else a group under way might replace what is going out.
        """
        wanted: list[Command] = []

        async def take(draft: Draft) -> None:
            wanted.extend(command for command in send if _waits(command, draft))
            draft.memory.on_its_way.update(command.id for command in wanted)

        await self._worker.change(take)
        return wanted

    async def _publish(self, commands: Sequence[Command]) -> list[CommandProgress]:
        """Hand the commands to the broker; one that it refuses costs no other."""
        try:
            await self._broker.publish([self._publication(command) for command in commands])
        except RefusedError as error:
            if len(commands) == 1:
                return [self._step(commands[0], CommandStatus.FAILED, str(error))]
            return [step for command in commands for step in await self._publish([command])]
        return [self._step(command, CommandStatus.SENT) for command in commands]

    def _step(self, command: Command, status: CommandStatus, reason: str = "") -> CommandProgress:
        return CommandProgress(
            device=command.device,
            command=command.id,
            status=status,
            reason=reason,
            now_ms=self._clock.now_ms(),
        )

    def _publication(self, command: Command) -> Publication:
        payload = msgspec.json.encode(
            {
                "id": command.id,
                "name": command.name,
                "args": command.args,
                "issued_at": command.issued_ms,
                "expires_at": command.expires_ms,
            }
        )
        return Publication(topic=self._topics.down(command.device, "command"), payload=payload)


def _waits(command: Command, draft: Draft) -> bool:
    state = draft.state(command.device)
    known = state.commands.get(command.id) if state else None
    return known is not None and known.status is CommandStatus.QUEUED
