"""A clock that stands still until it is told; for tests of hours and days."""

import asyncio
import heapq


class ManualClock:
    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due_ms = self._now_ms + int(seconds * 1000)
        heapq.heappush(self._sleepers, (due_ms, id(woken), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass and wake who was waiting for it."""
        self._now_ms += int(seconds * 1000)
        while self._sleepers and self._sleepers[0][0] <= self._now_ms:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
