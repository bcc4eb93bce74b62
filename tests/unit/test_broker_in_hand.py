"""What is in hand on one connection, and what its acknowledgement may say."""

import logging

import pytest

from hub.adapters.broker.in_hand import InHand
from hub.ports import Delivery


def message(packet: int, payload: bytes = b"on") -> Delivery:
    return Delivery("a/b", payload, packet)


def test_passes_over_a_copy_of_what_is_in_hand() -> None:
    in_hand = InHand(10)
    in_hand.add([message(1)])
    in_hand.take()
    assert not in_hand.add([message(1)])


def test_takes_a_copy_of_what_was_released() -> None:
    in_hand = InHand(10)
    in_hand.add([message(1)])
    in_hand.release(in_hand.take())
    assert in_hand.add([message(1)])


def test_a_packet_id_that_means_another_message_is_acknowledged_for_that_one_alone() -> None:
    in_hand = InHand(10)
    in_hand.add([message(1, b"copy that crossed our acknowledgement")])
    copy = in_hand.take()
    in_hand.add([message(1, b"new")])
    new = in_hand.take()
    assert in_hand.release(copy) == []
    assert in_hand.release(new) == [1]


def test_a_message_replaced_while_it_waits_leaves_the_window_whole() -> None:
    in_hand = InHand(2)
    in_hand.add([message(1, b"old"), message(1, b"new"), message(2)])
    first = in_hand.take()
    assert len(first) == 2
    assert [delivery.payload for delivery in in_hand.take()] == [b"on"]


def test_releasing_twice_releases_once() -> None:
    in_hand = InHand(10)
    in_hand.add([message(1)])
    batch = in_hand.take()
    assert in_hand.release(batch) == [1]
    assert in_hand.release(batch) == []


def test_a_full_window_hands_out_nothing_more() -> None:
    in_hand = InHand(2)
    in_hand.add([message(packet) for packet in (1, 2, 3)])
    taken = in_hand.take()
    assert not in_hand.ready
    in_hand.release(taken[:1])
    assert [delivery.packet for delivery in in_hand.take()] == [3]


def test_messages_that_nobody_acknowledges_are_dropped_beyond_twice_the_window(
    caplog: pytest.LogCaptureFixture,
) -> None:
    in_hand = InHand(2)
    with caplog.at_level(logging.WARNING, logger="hub"):
        in_hand.add([message(0, b"%d" % number) for number in range(10)])
    assert in_hand.dropped == 6
    assert [record.__dict__["action"] for record in caplog.records] == ["broker_qos0_dropped"]
