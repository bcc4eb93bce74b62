"""Carries a world to a broker: one connection a device, one clock for all."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulators.chance import chance
from simulators.clock import SimulatedClock
from simulators.fleet import CONNECTS_A_SECOND
from simulators.home.household import Home
from simulators.identities import Credential
from simulators.messages import Happening
from simulators.radio import Endpoint, Radio
from simulators.world import World

TURN_S = 0.2
"""Of real time; in between, what is measured gathers."""
LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """Where the devices connect, and for how long."""

    clock: SimulatedClock
    broker: str = ""
    """For credentials that name none."""
    ca_file: str | None = None
    duration_s: float | None = None
    """Of simulated time; None: until somebody says stop."""
    linger_s: float = 10.0
    """Real time to wait for receipts at the end."""


class Running:
    """A world on the air."""

    def __init__(self, world: World, credentials: Sequence[Credential], road: Road) -> None:
        self.world = world
        self._road = road
        self.radios: Mapping[str, Radio] = self._tuned(credentials)
        self._devices = list(world.devices)

    def heard(self, happening: Happening) -> None:
        """Have a device's connection come and go with its power."""
        match happening.what:
            case "unplugged":
                self.radios[happening.device].unplug()
            case "plugged_in":
                self.radios[happening.device].plug_in()
            case _:
                pass

    async def run(self, stop: asyncio.Event) -> None:
        """Live until `stop` or the end of the duration, then wait a while for the last receipts."""
        self.world.begin(self._road.clock.now_ms())
        async with asyncio.TaskGroup() as group:
            for number, radio in enumerate(self.radios.values()):
                group.create_task(self._connect(radio, after_s=number / CONNECTS_A_SECOND))
            await self._live(stop)
            await self._linger(stop)
            for radio in self.radios.values():
                radio.stop()

    @property
    def waiting(self) -> int:
        """How many readings and events of devices with power no receipt has named."""
        return sum(len(device.outbox) for device in self._devices if device.powered)

    @staticmethod
    async def _connect(radio: Radio, *, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await radio.run()

    async def _live(self, stop: asyncio.Event) -> None:
        clock, duration_s = self._road.clock, self._road.duration_s
        end_ms = None if duration_s is None else clock.now_ms() + round(duration_s * 1000)
        while not stop.is_set():
            now_ms = clock.now_ms() if end_ms is None else min(clock.now_ms(), end_ms)
            for home in self.world.homes:
                home.advance(now_ms)
                self._wake(home)
                # Others have their turn between two homes.
                await asyncio.sleep(0)
            if now_ms == end_ms:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    await stop.wait()

    def _wake(self, home: Home) -> None:
        for device in home.devices.values():
            if device.has_outgoing:
                self.radios[device.device].wake()

    async def _linger(self, stop: asyncio.Event) -> None:
        """Wait until everything is receipted; less patiently after somebody said stop."""
        patience_s = self._road.linger_s / (5 if stop.is_set() else 1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self.waiting:  # noqa: ASYNC110 - hundreds of outboxes, none of which tells
                    await asyncio.sleep(LOOK_S)

    def _tuned(self, credentials: Sequence[Credential]) -> dict[str, Radio]:
        by_device = {one.device: one for one in credentials}
        spread_s = len(by_device) / CONNECTS_A_SECOND
        seed, troubles = self.world.setting.seed, self.world.setting.troubles
        radios: dict[str, Radio] = {}
        for device in self.world.devices:
            one = by_device[device.device]
            rng = chance(seed, one.home, one.kind, one.person, "wifi")
            endpoint = Endpoint(
                url=one.broker.url if one.broker else self._road.broker,
                token=one.token,
                ca_file=self._road.ca_file,
                spread_s=spread_s,
            )
            faults = troubles.network(rng)
            radios[one.device] = Radio(
                device, endpoint, clock=self._road.clock, faults=faults, rng=rng
            )
        return radios
