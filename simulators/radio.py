"""Carries one device's messages to and from a broker, and loses the network when told to."""

import asyncio
import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from aiomqtt import Client, MqttError, TLSParameters, Will
from paho.mqtt.reasoncodes import ReasonCode

from hub.errors import InvalidInputError
from simulators.appliance import Appliance
from simulators.clock import SimulatedClock
from simulators.faults import Air, Faults
from simulators.messages import Outgoing

KEEP_ALIVE_S = 15
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
TICK_S = 1.0
PARTING_S = 3.0
LOOP_TURNS = 3
"""After which what is to be written to a socket has been."""
ASLEEP_S = (20, 90)
LOST_S = (10, 60)
PORTS = {"mqtt": 1883, "mqtts": 8883}

# A lost connection is what a device lives with; `trouble` says it, and paho need not.
_quiet = logging.getLogger(f"{__name__}.paho")
_quiet.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the broker is and who asks.

    Raises:
        InvalidInputError: the URL is not of a broker.
    """

    url: str
    """`mqtt://host:port` or `mqtts://host:port`."""
    token: str | None = None
    ca_file: str | None = None
    spread_s: float = 0.0
    """Many devices that lose one broker come back within this time, not at once."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        try:
            good = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            message = f"{self.url!r} is no broker; give mqtt://host:port or mqtts://host:port"
            raise InvalidInputError(message)

    def client(self, appliance: Appliance) -> Client:
        """Return a client that has not connected yet; the broker keeps its session."""
        parts = urlsplit(self.url)
        tls = TLSParameters(ca_certs=self.ca_file, cert_reqs=ssl.CERT_REQUIRED)
        return Client(
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            identifier=appliance.device,
            username=appliance.device if self.token else None,
            password=self.token,
            clean_session=False,
            keepalive=KEEP_ALIVE_S,
            logger=_quiet,
            will=Will(f"{appliance.base}/up/status", b'{"status":"lost"}', qos=1, retain=True),
            tls_params=tls if parts.scheme == "mqtts" else None,
        )


class Radio:
    """One device's connection; comes back by itself, later each time and never on the dot."""

    def __init__(
        self,
        appliance: Appliance,
        endpoint: Endpoint,
        *,
        clock: SimulatedClock,
        faults: Faults,
        rng: Random,
    ) -> None:
        self._appliance = appliance
        self._endpoint = endpoint
        self._clock = clock
        self._faults = faults
        self._rng = rng
        self._air = Air(faults, rng=rng)
        self._line = asyncio.Lock()
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._leave = asyncio.Event()
        self._powered = asyncio.Event()
        self._powered.set()
        self._on_air = False
        self._away_until_ms = 0
        self.ever_connected = False
        self.trouble = ""
        """Why there is no connection now; empty while there is one."""

    def wake(self) -> None:
        """Have the device's outgoing messages sent."""
        self._wake.set()

    def stop(self) -> None:
        """Say goodbye and let `run` return."""
        self._stop.set()
        self._leave.set()
        self._powered.set()

    def unplug(self) -> None:
        """Take the power away, without goodbye, until `plug_in`."""
        if not self._stop.is_set():
            self._powered.clear()
            self._leave.set()

    def plug_in(self) -> None:
        self._powered.set()

    async def run(self) -> None:
        """Keep the device connected until `stop`."""
        failures = 0
        while not self._stop.is_set():
            await self._powered.wait()
            self.trouble = ""
            try:
                await self._session()
                failures = 0
            except* (MqttError, TimeoutError) as lost:
                self.trouble = str(lost.exceptions[0]) if self._away_s() <= 0 else ""
                failures = 0 if self._appliance.connected else failures + 1
            finally:
                self._appliance.disconnect(self._clock.now_ms())
                self._air.clear()
            await self._pause(failures)

    async def _session(self) -> None:
        async with self._endpoint.client(self._appliance) as client:
            granted = await client.subscribe(f"{self._appliance.base}/down/#", qos=1)
            if any(isinstance(code, ReasonCode) and code.is_failure for code in granted):
                message = f"the broker does not let {self._appliance.device} read its own topics"
                raise MqttError(message)
            self.ever_connected = True
            self._appliance.connect(self._clock.now_ms())
            self._on_air = True
            if self._powered.is_set() and not self._stop.is_set():
                self._leave.clear()
            async with asyncio.TaskGroup() as group:
                receiving = group.create_task(self._receive(client))
                sending = group.create_task(self._send(client))
                parting = await self._until_parting(client)
                self._on_air = False
                self.wake()
                await sending
                receiving.cancel()
            self._appliance.part(parting)
            async with asyncio.timeout(PARTING_S):
                await self._publish(client, self._appliance.take())

    async def _receive(self, client: Client) -> None:
        try:
            async for message in client.messages:
                self._appliance.receive(message.topic.value, message.payload, self._clock.now_ms())
                self.wake()
        finally:
            self._on_air = False

    async def _send(self, client: Client) -> None:
        # Not ended by cancelling alone: `asyncio.wait_for` of Python 3.11, in aiomqtt's `publish`,
        # forgets a cancellation that comes together with its result.
        while self._on_air:
            self._wake.clear()
            self._appliance.tick(self._clock.now_ms())
            messages = self._air.carry(self._appliance.take(), self._clock.now_ms())
            await self._publish(client, messages)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()

    async def _publish(self, client: Client, messages: list[Outgoing]) -> None:
        for message in messages:
            async with self._line:
                await client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    async def _until_parting(self, client: Client) -> str:
        """Return the word to leave with: at the end, or when the device falls asleep."""
        sleep_s = self._chance(self._faults.sleep)
        loss_s = self._chance(self._faults.loss)
        fault_s = min(sleep_s, loss_s)
        if await self._leaves_within(fault_s):
            if not self._powered.is_set():
                await self._cut(client)
            return "disconnected"
        away_s = self._rng.uniform(*(ASLEEP_S if sleep_s < loss_s else LOST_S))
        self._away_until_ms = self._clock.now_ms() + round(away_s * 1000)
        if sleep_s >= loss_s:
            await self._cut(client)
        return "sleeping"

    async def _leaves_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                return await self._leave.wait()
        return False

    def _away_s(self) -> float:
        """Return the real seconds that a fault still keeps the device off the network."""
        return (self._away_until_ms - self._clock.now_ms()) / 1000 / self._clock.rate

    async def _cut(self, client: Client) -> None:
        """Take the connection away as a tunnel does, without goodbye, so that the will is sent."""
        # Only between two messages: aiomqtt would go on waiting to write on the closed socket's
        # number, which the next connection may have.
        async with self._line:
            for _ in range(LOOP_TURNS):
                await asyncio.sleep(0)
            # aiomqtt has no way to lose a connection on purpose.
            connection = client._client.socket()  # noqa: SLF001
            if isinstance(connection, socket.socket):
                connection.shutdown(socket.SHUT_RDWR)
            # The receiving task finds the connection gone and ends this one.
            await asyncio.sleep(KEEP_ALIVE_S)

    def _chance(self, a_minute: float) -> float:
        """Return the real seconds until something that happens `a_minute` times a minute."""
        if not a_minute:
            return float("inf")
        return self._rng.expovariate(a_minute / 60) / self._clock.rate

    async def _pause(self, failures: int) -> None:
        """Stay away as long as the fault lasts, then a random while that grows with failure."""
        ceiling = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failures) + self._endpoint.spread_s
        pause_s = self._rng.uniform(FIRST_PAUSE_S / 5, ceiling)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(pause_s, self._away_s())):
                await self._stop.wait()
