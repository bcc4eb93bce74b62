"""The `Broker` port at any MQTT broker: one session kept over many connections."""

import asyncio
import itertools
import logging
import random
from collections.abc import Sequence

from paho.mqtt.enums import MQTTProtocolVersion

from hub.adapters.broker.options import MqttOptions
from hub.adapters.broker.paho_session import (
    TAKEN_OVER,
    Connection,
    Loss,
    UnsupportedVersionError,
)
from hub.errors import HubError, MisconfiguredError, UnavailableError
from hub.ports import Batch, Publication

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 4.0
"""So that the hub is back within five seconds of the broker."""
SHORT_LIFE_S = 5.0
SHORT_LIVES = 5
"""MQTT 3.1.1 has no reason for a session taken over, and Mosquitto 2.0.11 does not say it with 5
either: so many connections on end, each closed by the broker soon after it was made, are a fight.
"""


class PahoBroker:
    """Everything happens on the event loop's thread, so no acknowledgement races a reconnect."""

    def __init__(self, options: MqttOptions) -> None:
        self._options = options
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._memory = SessionMemory(options)
        self._connection: Connection | None = None
        self._connections = 0
        self._short_lives = 0
        self._arrived = asyncio.Event()
        self._ended: HubError | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.alive

    async def open(self) -> None:
        try:
            async with asyncio.timeout(self._options.open_timeout_s):
                connection = await self._connect(refusal_is_final=True)
        except TimeoutError:
            options = self._options
            message = f"no MQTT broker answers at {options.host}:{options.port}"
            raise UnavailableError(message) from None
        log.info("connected to the broker", extra={"action": "broker_connected"})
        self._connection = connection
        self._keeping = asyncio.create_task(self._keep(connection), name="broker session")

    async def receive(self) -> Batch:
        """Return what has arrived.

        Raises:
            MisconfiguredError: another client uses our id; only one of us can go on.
        """
        while True:
            if self._ended is not None:
                raise self._ended
            connection = self._connection
            if connection is not None and connection.alive and connection.in_hand.ready:
                return Batch(connection.number, connection.in_hand.take())
            self._arrived.clear()
            await self._arrived.wait()

    async def acknowledge(self, batch: Batch) -> None:
        connection = self._connection
        if connection is not None and connection.alive and connection.number == batch.connection:
            connection.acknowledge(batch.deliveries)

    async def publish(self, publications: Sequence[Publication]) -> None:
        if not publications:
            return
        connection = self._connection
        if connection is None or not connection.alive:
            message = "the broker is away"
            raise UnavailableError(message)
        try:
            async with asyncio.timeout(self._options.publish_timeout_s):
                await connection.publish(publications)
        except TimeoutError:
            message = f"the broker did not take {len(publications)} publications in time"
            raise UnavailableError(message) from None

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self._memory.known:
            self._memory.keep()
        if self._connection is not None:
            await self._connection.settle()
            self._connection.close()

    async def _keep(self, connection: Connection) -> None:
        try:
            while True:
                began_at = asyncio.get_running_loop().time()
                # Not awaited itself: cancelling this task must not cancel what others look at.
                await asyncio.wait([connection.lost])
                lived_s = asyncio.get_running_loop().time() - began_at
                self._judge(connection.lost.result(), lived_s=lived_s)
                connection = await self._connect(refusal_is_final=False)
                log.info("connection to the broker regained", extra={"action": "broker_regained"})
                self._connection = connection
                self._arrived.set()
        except HubError as error:
            self._ended = error
            self._arrived.set()

    def _judge(self, loss: Loss, *, lived_s: float) -> None:
        """Say that the connection is lost, and whether another client took the session.

        Raises:
            MisconfiguredError: it did.
        """
        log.warning(
            "connection to the broker lost: %s", loss.reason, extra={"action": "broker_lost"}
        )
        if lived_s > SHORT_LIFE_S:
            self._short_lives = 0
        elif loss.by_broker:
            self._short_lives += 1
        if loss.code == TAKEN_OVER or self._short_lives >= SHORT_LIVES:
            message = (
                f"another client connects to the broker as {self._options.client_id!r}; "
                "end the other hub, or give it another cell"
            )
            raise MisconfiguredError(message)

    async def _connect(self, *, refusal_is_final: bool) -> Connection:
        """Return the next connection, however many tries it takes.

        Raises:
            MisconfiguredError: the broker refuses us, and that is final.
        """
        refused = ""
        for tries in itertools.count():
            # Not at once even the first time: a broker that restarts cuts everybody together.
            if tries or not refusal_is_final:
                await asyncio.sleep(_pause_s(tries))
            try:
                return await self._connect_in_some_version()
            except UnavailableError as error:
                log.debug("no connection to the broker: %s", error)
            except MisconfiguredError as error:
                if refusal_is_final:
                    raise
                if str(error) != refused:
                    log.error("%s", error, extra={"action": "broker_refused"})  # noqa: TRY400
                refused = str(error)
        raise AssertionError

    async def _connect_in_some_version(self) -> Connection:
        try:
            return await self._connect_once()
        except UnsupportedVersionError:
            self._protocol = MQTTProtocolVersion.MQTTv311
            return await self._connect_once()

    async def _connect_once(self) -> Connection:
        self._connections += 1
        connection = Connection(
            self._options,
            number=self._connections,
            protocol=self._protocol,
            arrived=self._arrived.set,
        )
        self._memory.doubt()
        try:
            self._memory.known &= await connection.connect()
            if not self._memory.known:
                await connection.subscribe()
        except BaseException:
            connection.close()
            raise
        self._memory.keep()
        return connection


class SessionMemory:
    """Whether the session at the broker, if there is one, has our subscriptions.

    The file is away while connecting: a hub killed between the broker's making a session and our
    subscribing would otherwise find the session again and never hear a word.
    """

    def __init__(self, options: MqttOptions) -> None:
        self._file = options.session_file
        self._text = "\n".join((options.client_id, *options.subscriptions))
        self.known = False
        if self._file is not None and self._file.exists():
            self.known = self._file.read_text(encoding="utf-8") == self._text

    def doubt(self) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def keep(self) -> None:
        self.known = True
        if self._file is not None:
            self._file.write_text(self._text, encoding="utf-8")


def _pause_s(tries: int) -> float:
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(tries, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - to spread clients, not to hide
