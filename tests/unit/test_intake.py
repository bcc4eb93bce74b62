"""Every form of the contract is understood up to its bounds, and not one step beyond."""

import hashlib

import pytest

from hub.model import (
    Connection,
    DeviceEvent,
    Rejected,
    Reply,
    Sample,
    Skipped,
    StateReport,
    StatusReport,
)
from hub.stages.intake import MAX_KEPT, MAX_PAYLOAD
from tests.unit.intake_speech import DEVICE, RECEIVED_MS, hear, refused, said

LARGEST = 2**53
NESTED_16: object = 1
for _ in range(16):
    NESTED_16 = {"in": NESTED_16}


def sample(values: dict[str, object], at_ms: int = RECEIVED_MS, **rest: object) -> Sample:
    return Sample(
        DEVICE,
        "everything",
        at_ms,
        RECEIVED_MS,
        values,  # type: ignore[arg-type]
        **{"boot": "", "timed": at_ms != RECEIVED_MS, **rest},  # type: ignore[arg-type]
    )


# ------------------------------------------------------------------------------------- telemetry


def test_bare_values_get_the_hubs_time() -> None:
    assert hear(said({"ratio": 1, "open": True})) == [sample({"ratio": 1.0, "open": True})]


def test_a_full_element_keeps_its_time_and_number() -> None:
    element = {"ts": 5, "values": {"count": 2}, "seq": 7, "boot": "b1"}
    assert hear(said(element)) == [sample({"count": 2}, 5, boot="b1", seq=7)]


def test_an_array_is_as_many_samples_in_its_order() -> None:
    elements = [{"ts": 5, "values": {"count": 2}}, {"count": 3}, {"ts": 4, "values": {"count": 4}}]
    assert hear(said(elements)) == [
        sample({"count": 2}, 5),
        sample({"count": 3}),
        sample({"count": 4}, 4),
    ]


def test_one_bad_value_is_rejected_alone() -> None:
    element = {"ts": 5, "values": {"ratio": 9, "count": 2, "nothing": 1}, "seq": 7, "boot": "b"}
    good, *bad = hear(said(element))
    assert good == sample({"count": 2}, 5, boot="b", seq=7)
    assert [(b.reason.split()[0], b.boot, b.seq) for b in bad if isinstance(b, Rejected)] == [
        ("ratio", "b", 7),
        ("a", "b", 7),
    ]


def test_a_numbered_element_without_a_good_value_still_counts_as_received() -> None:
    rejected = refused(hear(said({"values": {"ratio": 9}, "seq": 7, "boot": "b"})))
    assert (rejected.boot, rejected.seq) == ("b", 7)


def test_a_numbered_element_with_nothing_in_it_counts_as_received() -> None:
    assert hear(said({"values": {}, "seq": 7, "boot": "b"})) == [sample({}, boot="b", seq=7)]


@pytest.mark.parametrize("content", [{}, [], {"values": {}}, {"ratio": None}])
def test_what_says_nothing_is_no_fault(content: object) -> None:
    assert hear(said(content)) == []


def test_a_number_given_up_counts_as_received() -> None:
    assert hear(said({"boot": "b", "seq": 7, "skipped": True})) == [
        Skipped(device=DEVICE, boot="b", seq=7)
    ]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"ratio": -1.5}, id="number at its minimum"),
        pytest.param({"ratio": 1.5}, id="number at its maximum"),
        pytest.param({"anything": 1.7e308}, id="number of any size"),
        pytest.param({"anything": -(10**22)}, id="integer of any size as a number"),
        pytest.param({"count": -3}, id="integer at its minimum"),
        pytest.param({"count": 9.0}, id="integer written with a point"),
        pytest.param({"total": LARGEST}, id="largest integer"),
        pytest.param({"total": -LARGEST}, id="least integer"),
        pytest.param({"open": False}, id="boolean"),
        pytest.param({"mode": "빠름"}, id="choice"),
        pytest.param({"note": "다섯글자요"}, id="string of the full length"),
        pytest.param({"note": ""}, id="empty string"),
    ],
)
def test_takes_values_up_to_their_bounds(value: dict[str, object]) -> None:
    assert hear(said(value)) == [sample(value)]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"ratio": -1.5000001}, id="number under its minimum"),
        pytest.param({"ratio": 1.5000001}, id="number over its maximum"),
        pytest.param({"ratio": "1"}, id="number as text"),
        pytest.param({"ratio": True}, id="boolean as number"),
        pytest.param({"anything": 1.75e308}, id="number that turns infinite on its way"),
        pytest.param({"count": 10}, id="integer over its maximum"),
        pytest.param({"count": 1.5}, id="fraction as integer"),
        pytest.param({"count": True}, id="boolean as integer"),
        pytest.param({"total": LARGEST + 1}, id="integer no reader keeps exactly"),
        pytest.param({"open": 1}, id="integer as boolean"),
        pytest.param({"open": "true"}, id="text as boolean"),
        pytest.param({"mode": "Eco"}, id="no such choice"),
        pytest.param({"note": "여섯글자라고"}, id="string too long"),
        pytest.param({"note": 5}, id="number as string"),
        pytest.param({"note": ["a"]}, id="array as string"),
        pytest.param({"note": {"a": 1}}, id="object as string"),
        pytest.param({"unheard": None}, id="null of an unknown property"),
        pytest.param({"ratio ": 1}, id="name with a space"),
    ],
)
def test_rejects_values_beyond_their_bounds(value: dict[str, object]) -> None:
    (name,) = value
    assert name in refused(hear(said(value))).reason


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param({"seq": 1, "boot": "b"}, id="first number"),
        pytest.param({"seq": LARGEST, "boot": "b"}, id="last number"),
        pytest.param({"seq": 1}, id="number without a boot"),
        pytest.param({"seq": 1, "boot": "뷁" * 64}, id="longest boot"),
        pytest.param({"ts": LARGEST}, id="latest time"),
        pytest.param({"ts": -LARGEST}, id="earliest time"),
        pytest.param({"ts": None, "seq": None, "boot": None}, id="nulls for what is left out"),
    ],
)
def test_takes_times_and_numbers_up_to_their_bounds(rest: dict[str, object]) -> None:
    (message,) = hear(said({"values": {"open": True}, **rest}))
    assert isinstance(message, Sample)
    assert (message.at_ms, message.seq, message.boot) == (
        RECEIVED_MS if rest.get("ts") is None else rest["ts"],
        rest.get("seq"),
        rest.get("boot") or "",
    )


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param({"seq": 0}, id="number zero"),
        pytest.param({"seq": -1}, id="negative number"),
        pytest.param({"seq": LARGEST + 1}, id="number too large"),
        pytest.param({"seq": 1.0}, id="number with a point"),
        pytest.param({"seq": True}, id="true as number"),
        pytest.param({"seq": "1"}, id="number as text"),
        pytest.param({"boot": "b" * 65}, id="boot too long"),
        pytest.param({"boot": 1}, id="boot no text"),
        pytest.param({"boot": "b\n"}, id="boot with a control character"),
        pytest.param({"ts": LARGEST + 1}, id="time too late"),
        pytest.param({"ts": 1.5}, id="time as fraction"),
        pytest.param({"ts": "2026-11-23"}, id="time as text"),
        pytest.param({"ts": True}, id="true as time"),
        pytest.param({"device": "w-1"}, id="something else"),
        pytest.param({"values": []}, id="values no object"),
        pytest.param({"values": None}, id="values null"),
        pytest.param({"skipped": True, "seq": 1, "boot": "b"}, id="skipped with values"),
    ],
)
def test_rejects_an_element_that_is_none(rest: dict[str, object]) -> None:
    assert refused(hear(said({"values": {"open": True}, **rest}))).reason


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"boot": "b", "seq": 7, "skipped": False}, id="false"),
        pytest.param({"boot": "b", "seq": 7, "skipped": 1}, id="one"),
        pytest.param({"boot": "b", "skipped": True}, id="no number"),
        pytest.param({"seq": 7, "skipped": True}, id="no boot"),
        pytest.param({"boot": "b", "seq": 7, "skipped": True, "ts": 1}, id="something else"),
    ],
)
def test_rejects_a_skip_that_is_none(content: object) -> None:
    assert "to skip is" in refused(hear(said(content))).reason


def test_an_array_may_hold_so_many_samples_and_no_more() -> None:
    assert len(hear(said([{"open": True}] * 5000))) == 5000
    assert "5001 samples" in refused(hear(said([{"open": True}] * 5001))).reason


def test_what_is_no_object_in_an_array_is_rejected_alone() -> None:
    first, second, third = hear(b'[{"open": true}, 7, {"open": false}]')
    assert [first, third] == [sample({"open": True}), sample({"open": False})]
    assert isinstance(second, Rejected)


@pytest.mark.parametrize("content", [1, "x", None, True, 1.5])
def test_telemetry_is_an_object_or_an_array(content: object) -> None:
    assert "neither an object nor an array" in refused(hear(said(content))).reason


def test_a_message_may_be_so_long_and_no_longer() -> None:
    fitting = b'{"open": true}'.ljust(MAX_PAYLOAD)
    assert hear(fitting) == [sample({"open": True})]
    assert "131073 bytes" in refused(hear(fitting + b" ")).reason


# ---------------------------------------------------------------------------------------- events


def test_an_event_carries_its_id_time_and_data() -> None:
    content = {"id": "e1", "ts": 5, "type": "tap", "data": {"at": "door"}}
    assert hear(said(content), "event") == [
        DeviceEvent(
            device=DEVICE,
            id="e1",
            at_ms=5,
            received_ms=RECEIVED_MS,
            type="tap",
            data={"at": "door"},
        )
    ]


def test_an_event_may_leave_out_time_and_data() -> None:
    (event,) = hear(said({"id": "e1", "type": "tap"}), "event")
    assert isinstance(event, DeviceEvent)
    assert (event.at_ms, event.data) == (RECEIVED_MS, {})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": "뷁" * 64}, id="longest id"),
        pytest.param({"id": "1"}, id="shortest id"),
        pytest.param({"data": NESTED_16}, id="deepest data"),
        pytest.param({"data": {"n": 10**30, "s": "\x00"}}, id="odd data"),
        pytest.param({"ts": -LARGEST}, id="earliest time"),
        pytest.param({"more": 1}, id="something else"),
    ],
)
def test_takes_events_up_to_their_bounds(change: dict[str, object]) -> None:
    (event,) = hear(said({"id": "e1", "type": "tap", **change}), "event")
    assert isinstance(event, DeviceEvent)
    assert (event.id, event.data) == (change.get("id", "e1"), change.get("data", {}))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": ""}, id="empty id"),
        pytest.param({"id": "e" * 65}, id="id too long"),
        pytest.param({"id": 1}, id="id no text"),
        pytest.param({"id": "e\x00"}, id="id with a control character"),
        pytest.param({"type": "fly"}, id="no such event"),
        pytest.param({"type": ["tap"]}, id="type no text"),
        pytest.param({"type": None}, id="no type"),
        pytest.param({"ts": "now"}, id="time as text"),
        pytest.param({"ts": LARGEST + 1}, id="time too late"),
        pytest.param({"data": []}, id="data no object"),
        pytest.param({"data": None}, id="data null"),
        pytest.param({"data": {"in": NESTED_16}}, id="data too deep"),
        pytest.param({"data": {"in": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}}, id="arrays too deep"),
    ],
)
def test_rejects_an_event_that_is_none(change: dict[str, object]) -> None:
    assert refused(hear(said({"id": "e1", "type": "tap", **change}), "event")).reason


# --------------------------------------------------------------------- state, status and replies


def test_a_reported_state_comes_in_with_its_revision() -> None:
    content = {"values": {"open": True, "ratio": 9}, "revision": 12}
    rejected, report = hear(said(content), "state", retained=True)
    assert isinstance(rejected, Rejected)
    assert report == StateReport(
        device=DEVICE,
        values={"open": True},
        revision=12,
        received_ms=RECEIVED_MS,
        retained=True,
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([], id="no object"),
        pytest.param({}, id="nothing"),
        pytest.param({"values": [], "revision": 1}, id="values no object"),
        pytest.param({"values": {}, "revision": "1"}, id="revision as text"),
        pytest.param({"values": {}, "revision": None}, id="revision null"),
        pytest.param({"values": {}, "revision": LARGEST + 1}, id="revision too large"),
    ],
)
def test_rejects_a_state_that_is_none(content: object) -> None:
    assert 'expected {"values"' in refused(hear(said(content), "state")).reason


@pytest.mark.parametrize("word", ["ready", "sleeping", "disconnected", "lost"])
@pytest.mark.parametrize("retained", [True, False])
def test_a_status_says_how_the_device_is_connected(word: str, *, retained: bool) -> None:
    assert hear(said({"status": word}), "status", retained=retained) == [
        StatusReport(
            device=DEVICE,
            connection=Connection(word),
            received_ms=RECEIVED_MS,
            retained=retained,
        )
    ]


@pytest.mark.parametrize("content", [{"status": "unknown"}, {"status": []}, {}, "ready", None])
def test_rejects_a_status_that_is_none(content: object) -> None:
    assert "status is one of ready" in refused(hear(said(content), "status")).reason


@pytest.mark.parametrize("status", ["delivered", "accepted", "succeeded", "rejected", "failed"])
def test_a_reply_answers_a_command(status: str) -> None:
    assert hear(said({"id": "c1", "status": status, "reason": "r" * 301}), "reply") == [
        Reply(device=DEVICE, command="c1", status=status, reason="r" * 300, received_ms=RECEIVED_MS)
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([], id="no object"),
        pytest.param({"status": "failed"}, id="no id"),
        pytest.param({"id": "", "status": "failed"}, id="empty id"),
        pytest.param({"id": "c" * 65, "status": "failed"}, id="id too long"),
        pytest.param({"id": "c1"}, id="no status"),
        pytest.param({"id": "c1", "status": "sent"}, id="a status that is the hub's"),
        pytest.param({"id": "c1", "status": []}, id="status an array"),
        pytest.param({"id": "c1", "status": {}}, id="status an object"),
        pytest.param({"id": "c1", "status": "failed", "reason": 1}, id="reason no text"),
    ],
)
def test_rejects_a_reply_that_is_none(content: object) -> None:
    assert refused(hear(said(content), "reply")).reason


@pytest.mark.parametrize("leaf", ["state", "status"])
def test_an_emptied_retained_topic_says_nothing(leaf: str) -> None:
    assert hear(b"", leaf) == []


@pytest.mark.parametrize("leaf", ["telemetry", "event", "reply"])
def test_an_empty_message_elsewhere_is_rejected(leaf: str) -> None:
    assert "not JSON" in refused(hear(b"", leaf)).reason


# ------------------------------------------------------------------------------------- refusals


def test_a_refusal_names_device_topic_time_and_hash() -> None:
    payload = b"no json"
    rejected = refused(hear(payload))
    assert rejected == Rejected(
        device=DEVICE,
        topic=f"cx/1/main/{DEVICE}/up/telemetry",
        received_ms=RECEIVED_MS,
        reason=rejected.reason,
        payload_hash=hashlib.sha256(payload).hexdigest(),
        excerpt="no json",
        payload=payload,
    )


def test_only_a_short_refused_payload_is_kept_to_be_tried_again() -> None:
    kept, dropped = b"x" * MAX_KEPT, b"x" * (MAX_KEPT + 1)
    assert refused(hear(kept)).payload == kept
    assert refused(hear(dropped)).payload == b""


def test_a_device_that_is_not_there_is_refused() -> None:
    rejected = refused(hear(b"{}", topic="cx/1/main/w-2/up/telemetry"))
    assert (rejected.device, rejected.reason) == ("w-2", "no such device, or it was revoked")
