"""Time as the simulated devices live it: real, or faster from an agreed moment on."""

import asyncio
import time
from dataclasses import dataclass, field


def real_now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedClock:
    """The same clock as the hub's when both have the same rate and anchor."""

    rate: float = 1.0
    """Simulated seconds a real second."""
    anchor_ms: int = field(default_factory=real_now_ms)
    """The real time, ms since 1970 UTC, at which simulated and real time agreed."""

    def now_ms(self) -> int:
        return self.anchor_ms + round((real_now_ms() - self.anchor_ms) * self.rate)

    async def sleep_until(self, at_ms: int) -> None:
        """Return when it is `at_ms`; if it was already, after others had their turn."""
        left_ms = max(0, at_ms - self.now_ms())
        await asyncio.sleep(left_ms / 1000 / self.rate)
