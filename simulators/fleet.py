"""One watch worn by one person, and many of them in one process."""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path

from simulators.chance import chance
from simulators.clock import SimulatedClock
from simulators.faults import Faults
from simulators.identities import Credential
from simulators.memory import Memory
from simulators.messages import Habits, Happening, Witnesses
from simulators.radio import Endpoint, Radio
from simulators.sources import LooseSensor, Source
from simulators.watch import Watch

RESEND_S = 30.0
"""Of real time: it is the network that is waited for."""
CONNECTS_A_SECOND = 100
"""So that a thousand watches do not storm a broker."""
REMEMBERED_BEATS = 240
NO_FAULTS = Faults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the workouts of one fleet go, and over which broker."""

    clock: SimulatedClock
    broker: str
    ca_file: str | None = None
    watches: int = 1
    faults: Faults = NO_FAULTS
    seed: int = 1
    duration_s: float | None = None
    """Of simulated time; None: to the end of the recording."""
    ago_s: float = 0.0
    """The workout began so long ago and is handed over late, all at once."""
    linger_s: float = 10.0
    """Real time to wait for receipts at the end."""
    acknowledge: float = 0.0
    snooze: float = 0.0
    """Chance, at each touch, that the wearer presses so."""
    zone: tzinfo = UTC
    state_dir: Path | None = None

    @property
    def spread_s(self) -> float:
        """Real time over which the watches connect."""
        return (self.watches - 1) / CONNECTS_A_SECOND


class Wearer:
    """Somebody with a watch: measures, feels, presses."""

    def __init__(
        self,
        credential: Credential,
        source: Source,
        course: Course,
        *,
        tell: Callable[[Happening], None] = lambda _: None,
    ) -> None:
        self._course = course
        self._tell = tell
        self._rng = chance(course.seed, credential.device)
        self._source = LooseSensor(source, a_minute=course.faults.loose, rng=self._rng)
        self._memory = (
            Memory(course.state_dir / f"{credential.device}.jsonl") if course.state_dir else None
        )
        self.watch = self._watch(credential)
        self.radio = self._radio(credential)
        self.beats: deque[float] = deque(maxlen=REMEMBERED_BEATS)
        self._touches = 0
        self._caught_up = asyncio.Event()
        self._receipted = asyncio.Event()

    def _watch(self, credential: Credential) -> Watch:
        note = self._memory.write if self._memory else _forget
        resend_ms = round(RESEND_S * 1000 * self._course.clock.rate)
        return Watch(
            credential.device,
            credential.base,
            # Never by the seed: a boot id that came back would make new readings old ones.
            boot=secrets.token_hex(4),
            witnesses=Witnesses(note=note, tell=self._witness),
            habits=Habits(zone=self._course.zone, resend_ms=resend_ms),
        )

    def _radio(self, credential: Credential) -> Radio:
        course = self._course
        endpoint = Endpoint(
            url=credential.broker.url if credential.broker else course.broker,
            token=credential.token,
            ca_file=course.ca_file,
            spread_s=course.spread_s,
        )
        return Radio(self.watch, endpoint, clock=course.clock, faults=course.faults, rng=self._rng)

    def _witness(self, happening: Happening) -> None:
        if happening.what == "receipt":
            self._receipted.set()
        self._tell(happening)

    async def run(self, stop: asyncio.Event) -> None:
        """Live through the workout, then wait a while for the last receipts."""
        with ExitStack() as stack:
            if self._memory is not None:
                stack.enter_context(self._memory.attach(self.watch))
            await asyncio.sleep(self._rng.uniform(0, self._course.spread_s))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._connect())
                await self._work_out(stop)
                self._caught_up.set()
                await self._linger(stop)
                self.radio.stop()

    async def _connect(self) -> None:
        await self._caught_up.wait()
        await self.radio.run()

    async def _work_out(self, stop: asyncio.Event) -> None:
        course, watch = self._course, self.watch
        start_ms = course.clock.now_ms() - round(course.ago_s * 1000)
        identity = f"workout-{watch.outbox.boot}-{start_ms}"
        sport = {"sport": self._source.sport}
        watch.happen("workout_started", start_ms, identity=f"{identity}-on", data=sport)
        at_ms = start_ms
        while not stop.is_set():
            measurement = self._source.measure(urge=watch.wrist.urge(at_ms))
            if measurement is None or self._over(measurement.offset_ms):
                break
            at_ms = start_ms + measurement.offset_ms
            if at_ms > course.clock.now_ms():
                self._caught_up.set()
            await course.clock.sleep_until(at_ms)
            self._count(measurement.values.get("heart_rate"))
            watch.measure(at_ms, measurement.values)
            self._press(at_ms)
            self.radio.wake()
        watch.happen("workout_stopped", at_ms, identity=f"{identity}-off", data=sport)
        self.radio.wake()

    def _over(self, offset_ms: int) -> bool:
        duration_s = self._course.duration_s
        return duration_s is not None and offset_ms >= duration_s * 1000

    def _count(self, beat: object) -> None:
        if isinstance(beat, int | float):
            self.beats.append(float(beat))

    def _press(self, at_ms: int) -> None:
        """Whoever was touched since the last second may answer."""
        touched, self._touches = self.watch.wrist.touches > self._touches, self.watch.wrist.touches
        if not touched:
            return
        chance = self._rng.random()
        if chance < self._course.acknowledge:
            self.watch.acknowledge(at_ms)
        elif chance < self._course.acknowledge + self._course.snooze:
            self.watch.snooze(at_ms)

    async def _linger(self, stop: asyncio.Event) -> None:
        """Wait until everything is receipted; less patiently after somebody said stop."""
        patience_s = self._course.linger_s / (5 if stop.is_set() else 1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while len(self.watch.outbox):
                    self._receipted.clear()
                    await self._receipted.wait()


def _forget(_: object) -> None:
    """A watch without a memory."""


async def run_fleet(wearers: Sequence[Wearer], stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        for wearer in wearers:
            group.create_task(wearer.run(stop))
