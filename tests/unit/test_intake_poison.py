"""Poison is refused with a reason: no exception, no memory, and the next good message is heard."""

import json
import sys
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.flow.draft import Draft
from hub.flow.memory import Memory
from hub.model import DeadLetter, Rejected, StateReport
from hub.model.topics import UP
from hub.stages.admission import admit_rejected
from hub.stages.intake import MAX_PAYLOAD, Message
from tests.unit.expressions import no_expressions
from tests.unit.intake_speech import DEVICE, hear, refused, said

LEAVES = sorted(UP)
MB = 1_000_000
NOBODY = Draft(
    Memory(kinds={}, touch_gap_ms=0, now=lambda: datetime.now(UTC), evaluate=no_expressions)
)
GOOD: Mapping[str, dict[str, object]] = {
    "telemetry": {"ts": 5, "values": {"count": 2, "note": "뷁"}, "seq": 7, "boot": "b1"},
    "event": {"id": "e1", "ts": 5, "type": "tap", "data": {"at": "door"}},
    "state": {"values": {"open": True}, "revision": 12},
    "status": {"status": "ready"},
    "reply": {"id": "c1", "status": "failed", "reason": "뷁"},
    "description": {"kind": "plug", "title": {"ko": "뷁"}, "capabilities": [{"name": "power"}]},
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def poisoned(messages: Sequence[Message]) -> bool:
    """Whether something was refused, and what was refused can become a dead letter."""
    rejections = [message for message in messages if isinstance(message, Rejected)]
    for rejected in rejections:
        assert rejected.reason
        assert len(rejected.excerpt) <= 200
        assert rejected.excerpt.isprintable()
        assert rejected.topic.isprintable()
        (letter,) = admit_rejected(rejected, NOBODY)
        assert isinstance(letter, DeadLetter)
    return bool(rejections)


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"ratio": NaN}', id="NaN"),
        pytest.param(b'{"ratio": Infinity}', id="Infinity"),
        pytest.param(b'{"ratio": 1e400}', id="number too large for a float"),
        pytest.param(b'{"ratio": ' + b"9" * 5000 + b"}", id="integer of 5000 digits"),
        pytest.param(b"9" * 4299, id="integer of 4299 digits"),
        pytest.param(b"[" * 100_000, id="100,000 arrays open"),
        pytest.param(b"[" * 60_000 + b"]" * 60_000, id="60,000 arrays in each other"),
        pytest.param(b'{"a":' * 20_000, id="20,000 objects open"),
        pytest.param(b'{"values": {"ratio": ' + b"[" * 900 + b"]" * 900 + b"}}", id="deep value"),
        pytest.param(b'"' + b"x" * 131_000 + b'"', id="one long text"),
        pytest.param(b'{"note": "\x00"}', id="NUL"),
        pytest.param(b'{"note": "\x1b[2J"}', id="terminal escape"),
        pytest.param(b'{"note": "\x7f\x08"}\x00', id="NUL at the end"),
        pytest.param(b'{"note": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param(b'{"note": "\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b'{"note": "\xe2\x80\xae"} \xe2\x81\xa6x', id="text that runs backwards"),
        pytest.param(b"{'ratio': 1}", id="single quotes"),
        pytest.param(b"{} {}", id="two documents"),
        pytest.param(b"\x00" * 1000, id="zeros"),
        pytest.param(b"\x1f\x8b\x08\x00" + b"\x00" * 50, id="gzip"),
        pytest.param(b'{"__proto__": {"x": 1}, "constructor": 1}', id="names of another language"),
        pytest.param(b'{"' + b"n" * 100_000 + b'": 1}', id="long name"),
        pytest.param(b"[" + b"[]," * 2000 + b"1]", id="array of arrays"),
    ],
)
def test_poison_is_refused_with_a_reason(leaf: str, payload: bytes) -> None:
    assert poisoned(hear(payload, leaf))
    assert not poisoned(hear(said(GOOD[leaf]), leaf))


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_truncation_is_refused(leaf: str) -> None:
    whole = said(GOOD[leaf])
    for end in range(1, len(whole)):
        assert "not JSON" in refused(hear(whole[:end], leaf)).reason


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize("key", ["ts", "values", "seq", "boot", "id", "type", "data", "revision"])
@given(value=JSON)
def test_a_wrong_type_anywhere_raises_nothing(leaf: str, key: str, value: object) -> None:
    poisoned(hear(said({**GOOD[leaf], key: value}), leaf))


@pytest.mark.parametrize("leaf", LEAVES)
@given(payload=JSON.map(said) | st.binary())
def test_no_payload_raises_anything(leaf: str, payload: bytes) -> None:
    poisoned(hear(payload, leaf))


@pytest.mark.parametrize("leaf", LEAVES)
@given(data=st.data())
def test_no_flipped_byte_raises_anything(leaf: str, data: st.DataObject) -> None:
    payload = bytearray(said(GOOD[leaf]))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    poisoned(hear(bytes(payload), leaf))


@pytest.mark.parametrize(
    "nested",
    [
        pytest.param(lambda depth: {"type": _arrays(depth)}, id="as a type"),
        pytest.param(lambda depth: {"data": {"in": _arrays(depth)}}, id="as data"),
        pytest.param(lambda depth: {"id": _arrays(depth)}, id="as an id"),
    ],
)
def test_no_depth_of_nesting_raises_anything(nested: Callable[[int], dict[str, Any]]) -> None:
    """What the parser only just takes must not fail behind it."""
    limit = sys.getrecursionlimit()
    for depth in range(17, limit, 7):
        content = {"id": "e1", "type": "tap", **nested(0)}
        text = json.dumps({**content, **nested(1)}).replace("[]", "[" * depth + "]" * depth)
        assert poisoned(hear(text.encode(), "event"))


def _arrays(depth: int) -> list[object]:
    return [] if depth else [0]


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize(
    "unit",
    [
        pytest.param(b"x", id="text"),
        pytest.param(b"[", id="arrays"),
        pytest.param(b'{"a":', id="objects"),
    ],
)
def test_fifty_megabytes_are_refused_without_a_copy(leaf: str, unit: bytes) -> None:
    payload = b'"' + unit * (50 * MB // len(unit))
    tracemalloc.start()
    try:
        rejected = refused(hear(payload, leaf))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert f"a message has at most {MAX_PAYLOAD}" in rejected.reason
    assert rejected.payload == b""
    assert peak < MB


def test_the_largest_message_of_refusals_stays_small() -> None:
    """Each of many bad values is a dead letter; together they must not multiply the message."""
    names = ",".join(f'"n{number}":1' for number in range(11_000))
    payload = f"{{{names}}}".encode()
    assert len(payload) <= MAX_PAYLOAD
    tracemalloc.start()
    try:
        messages = hear(payload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(isinstance(message, Rejected) for message in messages)
    assert peak < 20 * MB


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param("", id="nothing"),
        pytest.param("/", id="only a slash"),
        pytest.param("#", id="wildcard"),
        pytest.param("cx/1/main/+/up/telemetry", id="wildcard as device"),
        pytest.param(f"cx/1/main/{DEVICE}/up/#", id="wildcard as leaf"),
        pytest.param("$SYS/broker/version", id="of the broker"),
        pytest.param(f"cx/1/other/{DEVICE}/up/telemetry", id="another cell"),
        pytest.param(f"cx/2/main/{DEVICE}/up/telemetry", id="another root"),
        pytest.param(f"cx/1/main/{DEVICE}/down/command", id="the hub's own"),
        pytest.param(f"cx/1/main/{DEVICE}/up/telemetry/", id="slash behind"),
        pytest.param(f"cx/1/main/{DEVICE}/up/telemetry/up/event", id="two leaves"),
        pytest.param(f"/cx/1/main/{DEVICE}/up/telemetry", id="slash before"),
        pytest.param(f"cx/1/main/{DEVICE}/up/Telemetry", id="capital"),
        pytest.param("cx/1/main/hub-main/up/telemetry", id="the hub's name"),
        pytest.param("cx/1/main/../up/telemetry", id="dots"),
        pytest.param("cx/1/main/w-7f3\u0430/up/telemetry", id="Cyrillic letter"),
        pytest.param("cx/1/main/w-7f3a\n/up/telemetry", id="line feed"),
        pytest.param("cx/1/main/w-7f3a\x00/up/telemetry", id="NUL"),
        pytest.param("cx/1/main/\ud800/up/telemetry", id="half a surrogate pair"),
        pytest.param("cx/1/main/\u202ew-7f3a/up/telemetry", id="backwards"),
        pytest.param("cx/1/main/" + "w" * 60_000 + "/up/telemetry", id="long"),
        pytest.param("/" * 60_000, id="many levels"),
        pytest.param("'; DROP TABLE devices; --", id="SQL"),
    ],
)
def test_a_hostile_topic_is_refused_with_a_reason(topic: str) -> None:
    messages = hear(b'{"count": 1}', topic=topic)
    assert poisoned(messages)
    assert refused(messages).device in {"", "hub-main"}


def test_poison_in_a_state_leaves_its_good_values() -> None:
    values: dict[str, object] = {
        "open": True,
        "ratio": None,
        "note": {"a": []},
        "x" * 9000: 1,
        "count": 10**400,
    }
    *bad, report = hear(said({"values": values, "revision": 1}), "state")
    assert len(bad) == 4
    assert poisoned(bad)
    assert isinstance(report, StateReport)
    assert report.values == {"open": True}
