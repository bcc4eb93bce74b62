"""Samples a running hub's memory, threads and readiness."""

import asyncio
import time
from dataclasses import dataclass, field

from tests.drills.hub_process import HubProcess


@dataclass(kw_only=True)
class Watcher:
    """Give `run` to a task."""

    hub: HubProcess
    every_s: float = 1.0
    rss_mb: list[tuple[float, float]] = field(default_factory=list)
    threads: list[tuple[float, int]] = field(default_factory=list)
    _sampled: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    said: list[tuple[float, int, str]] = field(default_factory=list)
    """(when, status of `/readyz`, the parts that are not well)."""

    async def run(self) -> None:
        while True:
            now = time.monotonic()
            self.rss_mb.append((now, self.hub.rss_mb()))
            self.threads.append((now, self.hub.threads()))
            self._sampled.set()
            status, parts = await self.hub.readyz()
            ill = "; ".join(
                f"{name}: {part['detail']}" for name, part in parts.items() if not part["ok"]
            )
            self.said.append((now, status, ill))
            await asyncio.sleep(self.every_s)

    async def warm(self) -> float:
        """Return the time, when two more samples are taken."""
        for _ in range(2):
            self._sampled.clear()
            await self._sampled.wait()
        return time.monotonic()

    def most_mb(self, start: float, end: float) -> float:
        return max((mb for at, mb in self.rss_mb if start <= at <= end), default=0.0)

    def most_threads(self, start: float, end: float) -> int:
        return max((count for at, count in self.threads if start <= at <= end), default=0)

    def statuses(self, start: float, end: float) -> set[int]:
        return {status for at, status, _ in self.said if start <= at <= end}

    def complaints(self, start: float, end: float) -> list[str]:
        return [ill for at, _, ill in self.said if start <= at <= end and ill]
