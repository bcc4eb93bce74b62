"""A simulated watch as a process of its own, and what it says it sent and felt."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

Happening = dict[str, Any]
"""One of its JSON lines."""

PATIENCE_S = 60.0
LINE = 2**22
"""A resent backlog is one line."""


class WatchProcess:
    """What one `python -m simulators watch --json` has said so far."""

    def __init__(self, device: str, process: asyncio.subprocess.Process) -> None:
        self.device = device
        self.happenings: list[Happening] = []
        self._process = process
        self._said = asyncio.Condition()

    async def listen(self) -> None:
        """Take its lines until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._said:
                self.happenings.append(json.loads(line))
                self._said.notify_all()
        async with self._said:
            await self._process.wait()
            self._said.notify_all()

    async def until(
        self, holds: Callable[["WatchProcess"], object], *, within_s: float = PATIENCE_S
    ) -> None:
        """Return when `holds` of what was said so far; fail if the watch ends before."""

        def decided() -> bool:
            return bool(holds(self)) or self._process.returncode is not None

        async with asyncio.timeout(within_s), self._said:
            await self._said.wait_for(decided)
        assert holds(self), f"{self.device} ended before: {self.happenings[-3:]}"

    async def end(self, *, within_s: float = 600.0) -> None:
        """Return when it has run to its end with every reading receipted."""
        async with asyncio.timeout(within_s), self._said:
            await self._said.wait_for(lambda: self._process.returncode is not None)
        assert self._process.returncode == 0, f"{self.device}: {self.happenings[-3:]}"

    def stop(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()

    def said(self, what: str, **details: object) -> list[Happening]:
        """Return what it said of this sort, in order."""
        return [
            one
            for one in self.happenings
            if one["what"] == what and all(one.get(k) == v for k, v in details.items())
        ]

    @property
    def readings(self) -> dict[int, float]:
        """Return every heart rate it sent, by its time in ms; each once, however often sent."""
        return dict(self._readings())

    def _readings(self) -> Iterator[tuple[int, float]]:
        for sent in self.said("sent", leaf="telemetry"):
            for message in sent["messages"]:
                if "heart_rate" in message.get("values", {}):
                    yield message["ts"], message["values"]["heart_rate"]

    @property
    def under_way(self) -> bool:
        """Whether the workout goes on."""
        ends = (one["event"]["type"] == "workout_stopped" for one in self.said("event"))
        return not any(ends)

    @property
    def felt(self) -> list[Happening]:
        """Return every touch of the wrist, by the hub or by the watch itself."""
        return self.said("felt")


@asynccontextmanager
async def worn(
    admission: dict[str, Any], folder: Path, *options: str, rate: float, anchor_ms: int
) -> AsyncIterator[WatchProcess]:
    """Wear the watch; whoever leaves takes it off."""
    credentials = folder / f"{admission['device']}.jsonl"
    await asyncio.to_thread(credentials.write_text, json.dumps(admission) + "\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulators", "watch", "--json", "--credentials", str(credentials)),
        *("--rate", str(rate), "--anchor-ms", str(anchor_ms), *options),
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
    )
    watch = WatchProcess(admission["device"], process)
    async with asyncio.TaskGroup() as group:
        group.create_task(watch.listen())
        try:
            yield watch
        finally:
            watch.stop()
