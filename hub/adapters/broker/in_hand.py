"""What arrived on one connection and is not acknowledged yet."""

import logging
from collections.abc import Sequence

from hub.ports import Delivery

log = logging.getLogger(__name__)


class InHand:
    """First waiting, then handed out, then released; never more handed out than the window."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._waiting: list[Delivery] = []
        self._by_packet: dict[int, Delivery] = {}
        self._handed = 0
        self.dropped = 0
        """Messages of QoS 0 for which there was no room."""

    def add(self, deliveries: Sequence[Delivery]) -> bool:
        """Take what arrived; return whether something waits to be handed out.

        A copy of what is in hand is passed over: NATS sends one whenever its `ack_wait` is over.
        """
        by_packet = self._by_packet
        for delivery in deliveries:
            if not delivery.packet:
                self._add_unacknowledged(delivery)
                continue
            held = by_packet.get(delivery.packet)
            if held is not None and self._is_copy(held, delivery):
                continue
            by_packet[delivery.packet] = delivery
            self._waiting.append(delivery)
        return self.ready

    @property
    def ready(self) -> bool:
        return bool(self._waiting) and self._handed < self._window

    def take(self) -> tuple[Delivery, ...]:
        """Hand out what waits, in order, as far as the window allows."""
        room = self._window - self._handed
        taken = tuple(self._waiting[:room])
        del self._waiting[:room]
        self._handed += sum([self._owns(delivery) for delivery in taken])
        return taken

    def release(self, deliveries: Sequence[Delivery]) -> list[int]:
        """Forget these; return the packet ids that the broker is to be told."""
        packets = [delivery.packet for delivery in deliveries if self._owns(delivery)]
        for packet in packets:
            del self._by_packet[packet]
        self._handed -= len(packets)
        return packets

    def _owns(self, delivery: Delivery) -> bool:
        return self._by_packet.get(delivery.packet) is delivery

    def _is_copy(self, held: Delivery, delivery: Delivery) -> bool:
        if held.topic == delivery.topic and held.payload == delivery.payload:
            return True
        # The id means another message now, so what is held was a copy that crossed our own
        # acknowledgement: it must not be acknowledged again, that would be for the new one.
        if not any(waiting is held for waiting in self._waiting):
            self._handed -= 1
        return False

    def _add_unacknowledged(self, delivery: Delivery) -> None:
        if len(self._waiting) < 2 * self._window:
            self._waiting.append(delivery)
            return
        if not self.dropped:
            log.warning(
                "messages of QoS 0 come faster than they are handled and are dropped",
                extra={"action": "broker_qos0_dropped"},
            )
        self.dropped += 1
