"""A device that behaves as the contract says: keeps what is not receipted, and sends it again."""

import asyncio
import json
import math
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.drills.ledger import Page
from tests.drills.sites import Admission
from tests.drills.wire import Heard, Line, dial

BOOT = "b1"
BURST = 4
"""Readings measured together."""
PERIOD = 400
"""Readings from one run of the heart to the next."""


def heart_rates(seed: str, *, crossing: bool) -> Iterator[float]:
    """Return a heart rate that never jumps; a crossing one is now and then over 150."""
    chance = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
    phase = chance.randrange(PERIOD)
    middle, swing = (135, 35) if crossing else (100, 30)
    while True:
        wave = middle + swing * math.sin(2 * math.pi * phase / PERIOD)
        yield round(wave + chance.uniform(-2, 2), 1)
        phase += 1


@dataclass(slots=True)
class Kept:
    seq: int
    payload: bytes
    sent_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How devices of a drill behave."""

    count: int
    """Readings of one device."""
    window: int = 100
    """It measures no more while so many are not receipted."""
    resend_s: float = 5.0
    rate: float = 20.0
    """Readings a second, while nothing holds it up."""

    @property
    def pause_s(self) -> float:
        """Between two bursts, on average."""
        return BURST / self.rate


@dataclass(slots=True)
class Gate:
    """How many readings each device may have measured by now."""

    upto: int


@dataclass(slots=True)
class Felt:
    """What the wrist was told."""

    first_at: dict[str, float] = field(default_factory=dict)
    """Command id -> seconds of the drill's clock."""
    args: dict[str, dict[str, object]] = field(default_factory=dict)
    redelivered: Counter[str] = field(default_factory=Counter)
    """Copies of a command that the device knew by its id and dropped."""


class Device:
    """Give `run` to a task; it returns when all its readings are receipted."""

    def __init__(  # noqa: PLR0913 - each is a part the drill chooses
        self,
        admission: Admission,
        *,
        page: Page,
        port: int,
        rates: Iterator[float],
        habits: Habits,
        gate: Gate,
    ) -> None:
        self.admission = admission
        self.page = page
        self.felt = Felt()
        self.resent = 0
        self.connections = 0
        self._port = port
        self._rates = rates
        self._habits = habits
        self._gate = gate
        self._kept: deque[Kept] = deque()
        self._line: Line | None = None
        self._chance = random.Random(admission.device)  # noqa: S311 - to be repeatable

    @property
    def done(self) -> bool:
        return len(self.page.receipted_at) >= self._habits.count

    async def run(self) -> None:
        """Measure and send until everything is receipted; stay connected to hear commands."""
        while True:
            try:
                await self._connect()
                await self._serve()
            except (OSError, TimeoutError):
                pass
            finally:
                if self._line is not None:
                    self._line.close()
            await asyncio.sleep(self._chance.uniform(0.2, 0.8))

    async def _connect(self) -> None:
        mine = self.admission
        self._line = await dial(self._port, self._hear)
        await self._line.sign_in(mine.device, username=mine.device, password=mine.token)
        await self._line.subscribe(f"{mine.base}/down/#")
        self.connections += 1
        ready = json.dumps({"status": "ready"}).encode()
        self._line.publish(f"{mine.base}/up/status", ready, retain=True)
        for kept in self._kept:
            self.resent += 1
            self._send(kept)

    async def _serve(self) -> None:
        line = self._line
        assert line is not None
        while line.alive:
            self._resend()
            self._measure()
            # Uneven, so that devices that began together do not stay in step.
            await asyncio.sleep(self._habits.pause_s * self._chance.uniform(0.5, 1.5))

    def _resend(self) -> None:
        late = time.monotonic() - self._habits.resend_s
        for kept in self._kept:
            if kept.sent_at <= late:
                self.resent += 1
                self._send(kept)

    def _measure(self) -> None:
        habits, page = self._habits, self.page
        for _ in range(BURST):
            full = len(self._kept) >= habits.window or len(page.times_ms) >= habits.count
            if full or len(page.times_ms) >= self._gate.upto:
                return
            now_ms = time.time_ns() // 1_000_000
            at_ms = max(now_ms, page.times_ms[-1] + 1) if page.times_ms else now_ms
            value = next(self._rates)
            page.times_ms.append(at_ms)
            page.values.append(value)
            seq = len(page.times_ms)
            content = {"ts": at_ms, "values": {"heart_rate": value}, "seq": seq, "boot": BOOT}
            kept = Kept(seq, json.dumps(content).encode())
            self._kept.append(kept)
            self._send(kept)

    def _send(self, kept: Kept) -> None:
        kept.sent_at = time.monotonic()
        if self._line is not None and self._line.alive:
            self._line.publish(f"{self.admission.base}/up/telemetry", kept.payload)

    def _hear(self, heard: Heard) -> None:
        leaf = heard.topic.rpartition("/")[2]
        if not heard.payload:
            return
        content = json.loads(heard.payload)
        if leaf == "receipt" and content.get("boot") == BOOT:
            self._take_receipt(content["seq"])
        elif leaf == "command":
            self._take_command(content)

    def _take_receipt(self, upto: int) -> None:
        while self._kept and self._kept[0].seq <= upto:
            self._kept.popleft()
        self.page.receipt(upto, time.monotonic())

    def _take_command(self, command: dict[str, object]) -> None:
        name = str(command["id"])
        if name in self.felt.first_at:
            self.felt.redelivered[name] += 1
        else:
            self.felt.first_at[name] = time.monotonic()
            self.felt.args[name] = {"name": command["name"], **_args(command)}
        answer = json.dumps({"id": name, "status": "succeeded"}).encode()
        if self._line is not None and self._line.alive:
            self._line.publish(f"{self.admission.base}/up/reply", answer)


def _args(command: dict[str, object]) -> dict[str, object]:
    args = command.get("args")
    return args if isinstance(args, dict) else {}
