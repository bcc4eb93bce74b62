"""Cutting a byte stream into MQTT packets, and reading PUBLISH."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.exception import MalformedPacket

from hub.adapters.broker.packets import (
    KEPT,
    PacketCutter,
    read_puback,
    read_publish,
    write_publish,
)
from hub.ports import Delivery, Publication

PUBLISH_QOS_1 = 0x32


def length_bytes(length: int) -> bytes:
    """Return a variable byte integer, by MQTT 5.0, section 1.5.5."""
    encoded = bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | (128 if length else 0))
        if not length:
            return bytes(encoded)


def framed(header: int, body: bytes) -> bytes:
    return bytes([header]) + length_bytes(len(body)) + body


packets = st.lists(
    st.tuples(st.integers(16, 255), st.integers(0, 400).map(lambda size: b"x" * size)), max_size=8
)


@given(packets=packets, cuts=st.lists(st.integers(1, 500), min_size=1))
def test_cuts_the_same_packets_however_the_stream_is_chopped(
    packets: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(framed(header, body) for header, body in packets)
    cutter, found, position = PacketCutter(), [], 0
    while position < len(stream):
        size = cuts[position % len(cuts)]
        found += cutter.cut(stream[position : position + size])
        position += size
    assert found == packets


def test_keeps_the_head_of_a_giant_packet_and_finds_the_next_one() -> None:
    stream = framed(PUBLISH_QOS_1, b"g" * (5 * KEPT)) + framed(0xD0, b"")
    cutter, found = PacketCutter(), []
    for position in range(0, len(stream), 50_000):
        found += cutter.cut(stream[position : position + 50_000])
    [(header, head), after] = found
    assert (header, len(head), after) == (PUBLISH_QOS_1, KEPT, (0xD0, b""))


def test_refuses_a_length_of_more_than_four_bytes() -> None:
    with pytest.raises(MalformedPacket):
        PacketCutter().cut(b"\x32\xff\xff\xff\xff\x01")


def body(topic: bytes, packet: int, *, properties: bytes = b"", payload: bytes) -> bytes:
    return struct.pack("!H", len(topic)) + topic + struct.pack("!H", packet) + properties + payload


def test_reads_a_retained_message_of_mqtt_3() -> None:
    delivery = read_publish(0x33, body(b"a/b", 7, payload=b"on"), mqtt5=False)
    assert delivery == Delivery("a/b", b"on", 7, retained=True)


def test_passes_over_the_properties_of_mqtt_5() -> None:
    user_property = b"\x26\x00\x01k" + struct.pack("!H", 200) + b"v" * 200
    properties = length_bytes(len(user_property)) + user_property
    packet = body(b"a/b", 7, properties=properties, payload=b"on")
    assert read_publish(PUBLISH_QOS_1, packet, mqtt5=True).payload == b"on"


def test_a_message_of_qos_0_has_nothing_to_acknowledge() -> None:
    packet = struct.pack("!H", 3) + b"a/b" + b"on"
    assert read_publish(0x30, packet, mqtt5=False) == Delivery("a/b", b"on", 0)


def test_a_topic_that_is_not_utf_8_is_still_handed_over() -> None:
    packet = body(b"a/\xff", 7, payload=b"on")
    assert read_publish(PUBLISH_QOS_1, packet, mqtt5=False).topic == "a/\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("size", [0, 1, 4, 6])
def test_refuses_a_message_that_ends_before_its_parts(size: int) -> None:
    with pytest.raises(MalformedPacket):
        read_publish(PUBLISH_QOS_1, body(b"a/b", 7, payload=b"")[:size], mqtt5=False)


@pytest.mark.parametrize("mqtt5", [True, False], ids=["5", "3.1.1"])
@given(
    topic=st.text(min_size=1, max_size=100).filter(lambda text: text.isprintable()),
    payload=st.binary(max_size=40_000),
    packet=st.integers(1, 65535),
    retain=st.booleans(),
)
def test_what_it_writes_is_read_again(
    *, topic: str, payload: bytes, packet: int, retain: bool, mqtt5: bool
) -> None:
    publication = Publication(topic=topic, payload=payload, retain=retain)
    written = write_publish(publication, packet, mqtt5=mqtt5)
    ((header, body),) = PacketCutter().cut(written)
    assert header == (0x33 if retain else 0x32)
    assert read_publish(header, body, mqtt5=mqtt5) == Delivery(topic, payload, packet, retain)


def test_a_publication_of_qos_0_has_no_packet_id() -> None:
    written = write_publish(Publication(topic="t", payload=b"p", qos=0), 7, mqtt5=False)
    assert written == framed(0x30, b"\x00\x01tp")


@pytest.mark.parametrize(
    ("body", "read"),
    [(b"\x01\x02", (258, 0)), (b"\x00\x07\x97", (7, 151)), (b"\x00\x07\x10\x00", (7, 16))],
    ids=["no reason", "a reason", "a reason and properties"],
)
def test_a_puback_says_which_and_why(body: bytes, read: tuple[int, int]) -> None:
    assert read_puback(body) == read


def test_a_puback_without_a_packet_id_is_malformed() -> None:
    with pytest.raises(MalformedPacket):
        read_puback(b"\x01")
