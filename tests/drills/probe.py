"""A watch that crosses a limit again and again, and measures how soon its wrist is told."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from tests.drills.hub_process import HubProcess
from tests.drills.sites import Admission
from tests.drills.wire import Heard, Line, dial

OVER, UNDER = 20.0, 1.0
TOLD_WITHIN_S = 20.0


async def make_rule(hub: HubProcess, device: str) -> None:
    """Alert a device on its own speed, at once and each time anew."""
    await hub.ask(
        "POST",
        "/rules",
        {
            "household": hub.household,
            "name": "Probe",
            "devices": [device],
            "property": "speed",
            "limit": 10,
            "recurrence_s": 0,
        },
    )


@dataclass(kw_only=True)
class Probe:
    """Give `run` to a task."""

    admission: Admission
    port: int
    boot: str = "probe"
    latencies_s: list[tuple[float, float]] = field(default_factory=list)
    """(when, how long from the reading over the limit to the alert at the wrist)."""
    missed: int = 0
    readings: list[tuple[int, float]] = field(default_factory=list)

    async def run(self, *, every_s: float = 1.0) -> None:
        while True:
            try:
                await self._connected(every_s)
            except (OSError, TimeoutError):
                await asyncio.sleep(0.3)

    async def _connected(self, every_s: float) -> None:
        told: asyncio.Queue[tuple[str, float]] = asyncio.Queue()

        def hear(heard: Heard) -> None:
            if heard.topic.endswith("/command"):
                command = json.loads(heard.payload)
                self._answer(line, str(command["id"]))
                told.put_nowait((str(command["name"]), time.monotonic()))

        mine = self.admission
        line = await dial(self.port, hear)
        try:
            await line.sign_in(mine.device, username=mine.device, password=mine.token, clean=True)
            await line.subscribe(f"{mine.base}/down/#")
            while line.alive:
                await self._cross(line, told)
                await asyncio.sleep(every_s)
        finally:
            line.close()

    async def _cross(self, line: Line, told: "asyncio.Queue[tuple[str, float]]") -> None:
        began = time.monotonic()
        self._measure(line, OVER)
        try:
            async with asyncio.timeout(TOLD_WITHIN_S):
                at = await _next(told, "alert")
                self.latencies_s.append((began, at - began))
                self._measure(line, UNDER)
                await _next(told, "alert_end")
        except TimeoutError:
            self.missed += 1
            self._measure(line, UNDER)

    def _measure(self, line: Line, value: float) -> None:
        now_ms = time.time_ns() // 1_000_000
        at_ms = max(now_ms, self.readings[-1][0] + 1) if self.readings else now_ms
        self.readings.append((at_ms, value))
        content = {
            "ts": at_ms,
            "values": {"speed": value},
            "seq": len(self.readings),
            "boot": self.boot,
        }
        line.publish(f"{self.admission.base}/up/telemetry", json.dumps(content).encode())

    def _answer(self, line: Line, command: str) -> None:
        answer = json.dumps({"id": command, "status": "succeeded"}).encode()
        line.publish(f"{self.admission.base}/up/reply", answer)

    def between(self, start: float, end: float) -> list[float]:
        return [latency for at, latency in self.latencies_s if start <= at < end]


async def _next(told: "asyncio.Queue[tuple[str, float]]", name: str) -> float:
    while True:
        heard, at = await told.get()
        if heard == name:
            return at


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed; not a number where none is."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
