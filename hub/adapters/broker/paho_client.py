"""paho's client, reading all that the socket has at once; the one file that knows its insides.

paho reads the header of each packet byte by byte and builds some objects for each message. Here
PUBLISH is read and written in bulk; the handshakes, keep-alive and TLS stay paho's.
"""

import socket
import ssl
import struct
import time
from collections.abc import Callable, Sequence

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket

from hub.adapters.broker.packets import PacketCutter, read_puback, read_publish, write_publish
from hub.ports import Delivery, Publication

CHUNK = 32 * 1024
"""Bytes read at once: about 150 readings, half a millisecond of work."""
QOS_0_OR_1 = frozenset(mqtt.PUBLISH | flags for flags in (0, 1, 2, 3, 8, 9, 10, 11))
QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class BulkClient(mqtt.Client):
    """For one connection and an event loop of the caller's; never acknowledges on its own."""

    def __init__(
        self,
        client_id: str,
        *,
        protocol: MQTTProtocolVersion,
        arrived: Callable[[list[Delivery]], None],
        confirmed: Callable[[int, int], None],
        answered: Callable[[], None],
    ) -> None:
        """Make one; `confirmed` is told the packet id and the reason of each PUBACK."""
        self._arrived = arrived
        self._confirmed = confirmed
        self._answered = answered
        self.closed_by_broker = False
        """Orderly, not by a reset or a silence."""
        self._cutter = PacketCutter()
        self._mqtt5 = protocol == MQTTProtocolVersion.MQTTv5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if self._mqtt5 else False,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's signature
        """Read one chunk, or with TLS until its own buffer is empty, and handle what is whole."""
        result = self._read_chunk()
        while isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            result = self._read_chunk()
        return result

    def acknowledge(self, packets: Sequence[int]) -> None:
        """Acknowledge all in one piece: one entry in paho's queue, one system call."""
        frame = struct.Struct("!BBH").pack
        acks = b"".join([frame(mqtt.PUBACK, 2, packet) for packet in packets])
        self._packet_queue(mqtt.PUBACK, acks, 0, 1)

    def publish_all(self, publications: Sequence[Publication]) -> Sequence[int]:
        """Publish all in one piece, whose packets paho does not know; return the packet ids."""
        identities = [self._mid_generate() for _ in publications]
        packets = [
            write_publish(publication, packet, mqtt5=self._mqtt5)
            for publication, packet in zip(publications, identities, strict=True)
        ]
        self._packet_queue(mqtt.PUBLISH, b"".join(packets), 0, 1)
        return identities

    def ping(self) -> None:
        """Ask for a sign of life; `answered` is called when it comes, after all that we sent."""
        self._send_pingreq()

    def drop(self) -> None:
        """Close the socket without a word to the broker."""
        self._sock_close()

    def _read_chunk(self) -> MQTTErrorCode:
        try:
            data = self._sock_recv(CHUNK)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        if not data:
            self.closed_by_broker = True
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        self._acknowledge_quickly()
        self._last_bytes_received = time.monotonic()
        try:
            result = self._handle(data)
        except MalformedPacket:
            result = MQTTErrorCode.MQTT_ERR_PROTOCOL
        return self._loop_rc_handle(result)

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        # paho leaves the socket open when the handshake fails.
        if self._ssl_context is None:
            raise AssertionError
        secure = self._ssl_context.wrap_socket(
            tcp_sock, server_hostname=self._host, do_handshake_on_connect=False
        )
        try:
            secure.settimeout(self.connect_timeout)
            secure.do_handshake()
        except OSError:
            secure.close()
            raise
        return secure

    def _acknowledge_quickly(self) -> None:
        # The kernel forgets the option; without it the broker waits for our delayed TCP ACK.
        if QUICKACK is not None and isinstance(self._sock, socket.socket):
            self._sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def _handle(self, data: bytes) -> MQTTErrorCode:
        arrived = []
        result = MQTTErrorCode.MQTT_ERR_SUCCESS
        for header, body in self._cutter.cut(data):
            if header in QOS_0_OR_1:
                arrived.append(read_publish(header, body, mqtt5=self._mqtt5))
                continue
            if header == mqtt.PUBACK:
                self._confirmed(*read_puback(body))
                continue
            result = self._hand_to_paho(header, body)
            if header == mqtt.PINGRESP:
                self._answered()
            if result:
                break
        if arrived:
            self._arrived(arrived)
        return result

    def _hand_to_paho(self, header: int, body: bytes) -> MQTTErrorCode:
        self._in_packet = {
            "command": header,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(body),
            "packet": bytearray(body),
            "to_process": 0,
            "pos": 0,
        }
        return self._packet_handle()
