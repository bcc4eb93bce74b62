"""A broker with a device at it and a line to the hub that can be cut, real or in memory."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import aiomqtt

from hub.adapters.broker.memory import MemoryBroker
from hub.adapters.broker.mqtt import PahoBroker
from hub.adapters.broker.options import MqttOptions
from hub.ports import Batch, Broker, Delivery, Publication
from tests.contracts.broker_servers import BrokerServer
from tests.faults.proxy import Mode, Proxy

PATIENCE_S = 15.0
UP = "cx/1/main/w-1/up/telemetry"
DOWN = "cx/1/main/w-1/down/command"
Heard: TypeAlias = Callable[[int], Awaitable[Sequence[bytes]]]
"""Waits for so many messages at the device and returns their payloads."""


class Site(ABC):
    @abstractmethod
    async def hub(self, *, window: int = 500) -> Broker:
        """Return the hub's end, opened; a second call is the hub started again."""

    @abstractmethod
    async def abandon(self, broker: Broker) -> None:
        """End the hub without a word to the broker."""

    @abstractmethod
    async def send(self, *payloads: bytes, topic: str = UP, retained: bool = False) -> None:
        """Have the device publish at QoS 1."""

    @abstractmethod
    def listening(self) -> contextlib.AbstractAsyncContextManager[Heard]:
        """Have the device listen to `DOWN`."""

    @abstractmethod
    async def cut(self) -> None:
        """Lose the connection; it may come back at once."""

    @abstractmethod
    async def go_away(self) -> None: ...

    @abstractmethod
    async def come_back(self) -> None: ...

    @abstractmethod
    async def restart(self) -> None:
        """Stop the broker and start it again."""

    @abstractmethod
    async def close(self) -> None: ...


class MemorySite(Site):
    def __init__(self) -> None:
        self._broker: MemoryBroker | None = None

    async def hub(self, *, window: int = 500) -> Broker:
        self._broker = self._broker or MemoryBroker(window=window)
        await self._broker.open()
        return self._broker

    @property
    def _there(self) -> MemoryBroker:
        self._broker = self._broker or MemoryBroker()
        return self._broker

    async def abandon(self, broker: Broker) -> None:
        self._there.go_away()
        await broker.close()
        self._there.come_back()

    async def send(self, *payloads: bytes, topic: str = UP, retained: bool = False) -> None:
        for payload in payloads:
            self._there.deliver(topic, payload, retained=retained)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Heard]:
        async def heard(count: int) -> Sequence[bytes]:
            return [each.payload for each in self._there.publications][:count]

        yield heard

    async def cut(self) -> None:
        self._there.drop_connection()

    async def go_away(self) -> None:
        self._there.go_away()

    async def come_back(self) -> None:
        self._there.come_back()

    async def restart(self) -> None:
        self._there.drop_connection()

    async def close(self) -> None:
        if self._broker is not None:
            await self._broker.close()


class MqttSite(Site):
    """The hub goes through a proxy, the device does not."""

    def __init__(self, server: BrokerServer, proxy: Proxy) -> None:
        self.server = server
        self.proxy = proxy
        self.options = MqttOptions(
            host="127.0.0.1",
            port=proxy.port,
            client_id="hub-main",
            subscriptions=("cx/1/main/+/up/+",),
            open_timeout_s=3.0,
            session_file=server.folder / "session",
        )
        self._brokers: list[PahoBroker] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, server: BrokerServer) -> AsyncIterator["MqttSite"]:
        """Start the server and lay the line to it."""
        server.start()
        try:
            async with Proxy(server.port) as proxy:
                site = cls(server, proxy)
                yield site
                await site.close()
        finally:
            server.stop()

    def broker(self, options: MqttOptions) -> PahoBroker:
        """Return one that is closed with the site."""
        broker = PahoBroker(options)
        self._brokers.append(broker)
        return broker

    async def hub(self, *, window: int = 500) -> Broker:
        broker = self.broker(replace(self.options, window=window))
        await broker.open()
        return broker

    async def abandon(self, broker: Broker) -> None:
        await self.proxy.switch(Mode.REFUSE)
        await broker.close()
        await self.proxy.switch(Mode.OK)

    async def send(self, *payloads: bytes, topic: str = UP, retained: bool = False) -> None:
        async with self._device("w-1-sends") as device, asyncio.timeout(PATIENCE_S):
            await asyncio.gather(
                *[device.publish(topic, each, qos=1, retain=retained) for each in payloads]
            )

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Heard]:
        async with self._device("w-1-hears") as device:
            await device.subscribe(DOWN, qos=1)

            async def heard(count: int) -> Sequence[bytes]:
                async with asyncio.timeout(PATIENCE_S):
                    messages = [await anext(device.messages) for _ in range(count)]
                return [bytes(message.payload) for message in messages]

            yield heard

    async def cut(self) -> None:
        self.proxy.cut()

    async def go_away(self) -> None:
        await self.proxy.switch(Mode.REFUSE)

    async def come_back(self) -> None:
        await self.proxy.switch(Mode.OK)

    async def restart(self) -> None:
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)

    async def close(self) -> None:
        for broker in self._brokers:
            await broker.close()

    def _device(self, name: str) -> aiomqtt.Client:
        return aiomqtt.Client(
            "127.0.0.1",
            self.server.port,
            identifier=name,
            protocol=aiomqtt.ProtocolVersion.V311,
            max_concurrent_outgoing_calls=100_000,
            timeout=PATIENCE_S,
        )


async def receive(broker: Broker, *, within_s: float = PATIENCE_S) -> Batch:
    async with asyncio.timeout(within_s):
        return await broker.receive()


async def collect(broker: Broker, count: int) -> list[Delivery]:
    """Receive and acknowledge until so many different payloads have come."""
    deliveries: list[Delivery] = []
    while len({delivery.payload for delivery in deliveries}) < count:
        batch = await receive(broker)
        deliveries += batch.deliveries
        await broker.acknowledge(batch)
    return deliveries


async def hold(broker: Broker, count: int) -> list[Batch]:
    """Receive until so many messages have come, and acknowledge none."""
    batches: list[Batch] = []
    while sum(len(batch.deliveries) for batch in batches) < count:
        batches.append(await receive(broker))
    return batches


async def settled(broker: Broker) -> None:
    """Return when the broker has read all acknowledgements: it answers what came after them."""
    await broker.publish([Publication(topic=DOWN, payload=b"")])


async def until(condition: Callable[[], bool], *, within_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition has no event to wait for
            await asyncio.sleep(0.01)


async def nothing_comes(broker: Broker, *, for_s: float) -> bool:
    """Return whether the broker had nothing for us all the time."""
    try:
        await receive(broker, within_s=for_s)
    except TimeoutError:
        return True
    return False
