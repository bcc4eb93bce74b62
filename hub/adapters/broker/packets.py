"""Cuts what the socket gave into MQTT packets; reads and writes the PUBLISH among them."""

from paho.mqtt.exception import MalformedPacket

from hub.ports import Delivery, Publication

KEPT = 256 * 1024
"""Bytes of a packet that are kept: twice what intake accepts, so that it still sees the excess."""

TOO_SHORT = "a PUBLISH shorter than its parts"


class PacketCutter:
    """Whole packets out of a stream; of a giant one only the first `KEPT` bytes."""

    def __init__(self) -> None:
        self._rest = b""
        self._giant: tuple[int, bytes] | None = None
        self._missing = 0

    def cut(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return (first header byte, body) of each packet that `data` completes.

        Raises:
            MalformedPacket: a length of more than four bytes.
        """
        packets: list[tuple[int, bytes]] = []
        if self._giant is not None:
            data = self._skip(data, packets)
        buffer = self._rest + data if self._rest else data
        position, end = 0, len(buffer)
        while end - position >= 2:  # noqa: PLR2004 - a header and a length of one byte each
            length, start = read_length(buffer, position + 1)
            if start + length > end:
                break
            packets.append((buffer[position], buffer[start : start + length]))
            position = start + length
        self._rest = buffer[position:]
        if len(self._rest) > KEPT:
            self._begin_giant()
        return packets

    def _begin_giant(self) -> None:
        length, start = read_length(self._rest, 1)
        self._giant = self._rest[0], self._rest[start : start + KEPT]
        self._missing = start + length - len(self._rest)
        self._rest = b""

    def _skip(self, data: bytes, packets: list[tuple[int, bytes]]) -> bytes:
        skipped = min(self._missing, len(data))
        self._missing -= skipped
        if self._giant is not None and not self._missing:
            packets.append(self._giant)
            self._giant = None
        return data[skipped:]


def read_length(data: bytes, start: int) -> tuple[int, int]:
    """Return the variable byte integer at `start` and where it ends.

    One that is not complete yet comes back larger than any packet.

    Source: MQTT 5.0, section 1.5.5.
    """
    value = data[start]
    if value < 128:  # noqa: PLR2004 - one byte, as nearly always
        return value, start + 1
    value &= 127
    for index in range(1, 4):
        if start + index >= len(data):
            return 1 << 28, start
        digit = data[start + index]
        value |= (digit & 127) << 7 * index
        if not digit & 128:
            return value, start + index + 1
    message = "a packet length of more than four bytes"
    raise MalformedPacket(message)


def read_publish(header: int, body: bytes, *, mqtt5: bool) -> Delivery:
    """Return the message of a PUBLISH of QoS 0 or 1; its MQTT 5 properties are passed over.

    Raises:
        MalformedPacket: the packet ends before its parts do.
    """
    try:
        topic_end = start = 2 + (body[0] << 8 | body[1])
        packet = 0
        if header & 0b0110:
            packet = body[start] << 8 | body[start + 1]
            start += 2
        if mqtt5:
            length, start = read_length(body, start)
            start += length
    except IndexError as error:
        raise MalformedPacket(TOO_SHORT) from error
    if start > len(body):
        raise MalformedPacket(TOO_SHORT)
    # What is not UTF-8 becomes a topic that intake refuses.
    topic = body[2:topic_end].decode(errors="replace")
    return Delivery(topic, body[start:], packet, bool(header & 1))


def write_publish(publication: Publication, packet: int, *, mqtt5: bool) -> bytes:
    """Return the PUBLISH of a publication, with MQTT 5 without properties.

    Source: MQTT 5.0, section 3.3.
    """
    topic = publication.topic.encode()
    properties = b"\x00" if mqtt5 else b""
    body = b"".join(
        (
            len(topic).to_bytes(2, "big"),
            topic,
            packet.to_bytes(2, "big") if publication.qos else b"",
            properties,
            publication.payload,
        )
    )
    header = 0x30 | publication.qos << 1 | publication.retain
    return bytes((header,)) + write_length(len(body)) + body


def write_length(value: int) -> bytes:
    """Return the variable byte integer."""
    written = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits a byte
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


def read_puback(body: bytes) -> tuple[int, int]:
    """Return the packet id and the reason of a PUBACK; 0, success, where it gives none.

    Raises:
        MalformedPacket: there is no packet id.
    """
    if len(body) < 2:  # noqa: PLR2004 - a packet id
        raise MalformedPacket(TOO_SHORT)
    return body[0] << 8 | body[1], body[2] if len(body) > 2 else 0  # noqa: PLR2004 - a reason too
