"""A broker in memory, for tests and trials: same port, same rules, and it can be made to fail."""

import asyncio
from collections.abc import Sequence

from hub.adapters.broker.in_hand import InHand
from hub.errors import UnavailableError
from hub.ports import Batch, Delivery, Publication


class MemoryBroker:
    """Broker and session in one; the session outlives `close`, `drop_connection` and `go_away`."""

    def __init__(self, *, window: int = 2000) -> None:
        self.publications: list[Publication] = []
        """Everything the hub published, in order."""
        self._window = window
        self._session: dict[int, Delivery] = {}
        self._connection = 0
        self._in_hand = InHand(window)
        self._next_packet = 1
        self._opened = False
        self._away = False
        self._arrived = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._opened and not self._away

    @property
    def unacknowledged(self) -> int:
        """How many messages the session still holds."""
        return len(self._session)

    def deliver(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Have a device publish at QoS 1, whether the hub is there or not."""
        delivery = Delivery(topic, payload, self._next_packet, retained)
        self._next_packet += 1
        self._session[delivery.packet] = delivery
        if self.connected and self._in_hand.add([delivery]):
            self._arrived.set()

    def drop_connection(self) -> None:
        """Lose and regain the connection; what is unacknowledged comes again."""
        self.go_away()
        self.come_back()

    def go_away(self) -> None:
        self._away = True

    def come_back(self) -> None:
        self._away = False
        if self._opened:
            self._resume()

    async def open(self) -> None:
        if self._away:
            message = "the broker in memory is away"
            raise UnavailableError(message)
        self._opened = True
        self._resume()

    async def receive(self) -> Batch:
        while not (self.connected and self._in_hand.ready):
            self._arrived.clear()
            await self._arrived.wait()
        return Batch(self._connection, self._in_hand.take())

    async def acknowledge(self, batch: Batch) -> None:
        if not self.connected or batch.connection != self._connection:
            return
        for packet in self._in_hand.release(batch.deliveries):
            del self._session[packet]
        if self._in_hand.ready:
            self._arrived.set()

    async def publish(self, publications: Sequence[Publication]) -> None:
        if not self.connected:
            message = "the broker in memory is away"
            raise UnavailableError(message)
        self.publications.extend(publications)

    async def close(self) -> None:
        self._opened = False

    def _resume(self) -> None:
        """Begin a connection: its packet ids begin at 1 again, for other messages than before."""
        self._connection += 1
        again = [
            Delivery(held.topic, held.payload, packet, held.retained)
            for packet, held in enumerate(self._session.values(), start=1)
        ]
        self._session = {delivery.packet: delivery for delivery in again}
        self._next_packet = len(again) + 1
        self._in_hand = InHand(self._window)
        self._in_hand.add(again)
        self._arrived.set()
