"""Real time, or for drills a clock that runs faster and that simulators can agree on."""

import asyncio
import time


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0))


class ScaledClock:
    """Runs `rate` times as fast as real time, from the real time `anchor_ms` on."""

    def __init__(self, *, rate: float, anchor_ms: int) -> None:
        self._rate = rate
        self._anchor_ms = anchor_ms

    def now_ms(self) -> int:
        elapsed_ms = time.time_ns() / 1_000_000 - self._anchor_ms
        return int(self._anchor_ms + elapsed_ms * self._rate)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0) / self._rate)
