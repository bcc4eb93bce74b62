"""Tells devices what is durable, and brings their desired state to them."""

import asyncio
import logging

import msgspec

from hub.errors import RefusedError, UnavailableError
from hub.model import Topics
from hub.ports import Broker, Clock, Publication
from hub.runtime.loop import Committed
from hub.runtime.worker import Worker

logger = logging.getLogger(__name__)

RETRY_S = 1.0
MAX_EVENTS = 500
"""Event ids in one receipt."""


class Postman:
    """Sends receipts, gathered over an interval, and desired states, at once."""

    def __init__(
        self, *, worker: Worker, broker: Broker, clock: Clock, topics: Topics, interval_s: float
    ) -> None:
        self._worker = worker
        self._broker = broker
        self._clock = clock
        self._topics = topics
        self._interval_s = interval_s
        self._boots: dict[str, set[str]] = {}
        self._events: dict[str, list[str]] = {}
        self._desired: set[str] = set()
        self._receipts_due = asyncio.Event()
        self._desired_due = asyncio.Event()

    def load(self) -> None:
        """Bring what an earlier hub may have left unsaid: desired states not known to be there."""
        states = self._worker.memory.states.values()
        behind = {s.device.id for s in states if s.twin.reported_revision < s.twin.revision}
        if behind:
            self._desired |= behind
            self._desired_due.set()

    def committed(self, committed: Committed) -> None:
        draft = committed.draft
        if draft.receipts or draft.event_receipts:
            for device, boots in draft.receipts.items():
                self._boots.setdefault(device, set()).update(boots)
            for device, events in draft.event_receipts.items():
                self._events.setdefault(device, []).extend(events)
            self._receipts_due.set()
        if draft.desired:
            self._desired |= draft.desired
            self._desired_due.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_receipts(), name="receipts")
            group.create_task(self._run_desired(), name="desired")

    async def _run_receipts(self) -> None:
        while True:
            await self._receipts_due.wait()
            self._receipts_due.clear()
            await self._send(self._receipts())
            await self._clock.sleep(self._interval_s)

    def _receipts(self) -> list[Publication]:
        boots, self._boots = self._boots, {}
        events, self._events = self._events, {}
        publications: list[Publication] = []
        for device in boots.keys() | events.keys():
            heard = events.get(device, [])
            parts = self._numbers(device, boots.get(device, set()))
            chunks = [heard[i : i + MAX_EVENTS] for i in range(0, len(heard), MAX_EVENTS)]
            count = max(len(parts), len(chunks))
            parts += [{}] * (count - len(parts))
            chunks += [[]] * (count - len(chunks))
            publications += [
                self._receipt(device, {**part, "events": chunk})
                for part, chunk in zip(parts, chunks, strict=True)
            ]
        return publications

    def _numbers(self, device: str, boots: set[str]) -> list[dict[str, object]]:
        state = self._worker.memory.states.get(device)
        if state is None:
            return []
        return [
            {"boot": boot, "seq": sequence.upto}
            for boot in sorted(boots)
            if (sequence := state.sequences.get(boot)) is not None and sequence.upto > 0
        ]

    def _receipt(self, device: str, content: dict[str, object]) -> Publication:
        topic = self._topics.down(device, "receipt")
        return Publication(topic=topic, payload=msgspec.json.encode(content))

    async def _run_desired(self) -> None:
        while True:
            await self._desired_due.wait()
            self._desired_due.clear()
            devices, self._desired = self._desired, set()
            await self._send([self._desired_state(d) for d in devices if self._known(d)])

    def _known(self, device: str) -> bool:
        return device in self._worker.memory.states

    def _desired_state(self, device: str) -> Publication:
        twin = self._worker.memory.states[device].twin
        payload = msgspec.json.encode({"values": twin.desired, "revision": twin.revision})
        return Publication(topic=self._topics.down(device, "desired"), payload=payload, retain=True)

    async def _send(self, publications: list[Publication]) -> None:
        """Publish until the broker has them; older copies of the same do no harm."""
        while publications:
            try:
                await self._broker.publish(publications)
            except UnavailableError:
                await self._clock.sleep(RETRY_S)
            except RefusedError as error:
                # Devices send again what is not receipted; desired states wait for their return.
                logger.error("The broker refuses what the hub has to say: %s", error)  # noqa: TRY400
                return
            else:
                return
