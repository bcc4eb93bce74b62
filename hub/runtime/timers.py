"""Wakes what waits for the hub's clock; the timers themselves are in the record store."""

import asyncio
import logging

from hub.errors import UnavailableError
from hub.model import TimerFired
from hub.ports import Clock, RecordStore
from hub.runtime.loop import Committed
from hub.runtime.worker import Worker

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""A timer fires at most this late, in the hub's time."""


class Timers:
    def __init__(self, *, worker: Worker, records: RecordStore, clock: Clock) -> None:
        self._worker = worker
        self._records = records
        self._clock = clock
        self._any = asyncio.Event()
        self._any.set()

    def committed(self, committed: Committed) -> None:
        if committed.draft.timers:
            self._any.set()

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            await self._any.wait()
            self._any.clear()
            try:
                fired = await self._fire()
            except UnavailableError:
                fired = False
                self._any.set()
            if not fired:
                await self._clock.sleep(LOOK_S)

    async def _fire(self) -> bool:
        now_ms = self._clock.now_ms()
        due = await self._records.due_timers(now_ms=now_ms)
        if due:
            await self._worker.tell(
                TimerFired(
                    id=timer.id,
                    kind=timer.kind,
                    device=timer.device,
                    subject=timer.subject,
                    now_ms=now_ms,
                )
                for timer in due
            )
            self._any.set()
            return True
        if await self._records.next_timer_ms() is not None:
            self._any.set()
        return False
