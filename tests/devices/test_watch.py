import json
from collections.abc import Callable
from typing import Any

import pytest

from simulators.messages import Happening, Witnesses
from simulators.watch import Watch

BASE = "cx/1/main/w-1"


def said(watch: Watch, leaf: str) -> list[Any]:
    """Return the payloads the watch has for one topic now."""
    messages = watch.take()
    return [json.loads(m.payload) for m in messages if m.topic == f"{BASE}/up/{leaf}"]


def hear(watch: Watch, leaf: str, payload: object, *, now_ms: int = 0) -> None:
    watch.receive(f"{BASE}/down/{leaf}", json.dumps(payload).encode(), now_ms)


def readings(watch: Watch) -> list[int]:
    """Return the sequence numbers of the telemetry the watch has to send now."""
    messages = said(watch, "telemetry")
    return [e["seq"] for one in messages for e in (one if isinstance(one, list) else [one])]


def alert(identity: str, **more: object) -> dict[str, object]:
    haptic = {"pattern": "double", "amplitude": 0.6, "repeat": 3}
    args = {"alert": "al_x", "step": 2, "haptic": haptic, "text": {"en": "slow down"}}
    return {"id": identity, "name": "alert", "args": args} | more


# ------------------------------------------------------------------------------- telemetry


def test_sends_a_reading_with_time_boot_and_a_number_from_one(watch: Watch) -> None:
    watch.connect(0)
    watch.measure(5000, {"heart_rate": 131.0})
    assert said(watch, "telemetry") == [
        {"ts": 5000, "values": {"heart_rate": 131.0}, "seq": 1, "boot": "b1"}
    ]


def test_sends_on_reconnect_what_was_measured_in_between_in_order(watch: Watch) -> None:
    for second in range(450):
        watch.measure(second * 1000, {"heart_rate": 100.0})
    watch.connect(450_000)
    assert readings(watch) == list(range(1, 451))


def test_sends_nothing_again_that_a_receipt_has_named(watch: Watch) -> None:
    watch.connect(0)
    for second in range(10):
        watch.measure(second * 1000, {"heart_rate": 100.0})
    hear(watch, "receipt", {"boot": "b1", "seq": 7, "events": []})
    watch.disconnect(10_000)
    watch.connect(11_000)
    assert readings(watch) == [8, 9, 10]


def test_a_receipt_for_another_boot_forgets_nothing(watch: Watch) -> None:
    watch.measure(0, {"heart_rate": 100.0})
    hear(watch, "receipt", {"boot": "b0", "seq": 7, "events": []})
    assert len(watch.outbox) == 1


@pytest.mark.parametrize(("waited_ms", "again"), [(29_000, []), (30_000, [1])])
def test_sends_again_after_thirty_seconds_without_a_receipt(
    watch: Watch, waited_ms: int, again: list[int]
) -> None:
    watch.connect(0)
    watch.measure(0, {"heart_rate": 100.0})
    watch.take()
    watch.tick(waited_ms)
    assert readings(watch) == again


def test_an_event_goes_again_until_its_id_is_receipted(watch: Watch) -> None:
    watch.happen("workout_started", 0, identity="e1")
    watch.connect(0)
    assert [event["id"] for event in said(watch, "event")] == ["e1"]
    hear(watch, "receipt", {"boot": "", "seq": 0, "events": ["e1"]})
    watch.disconnect(1)
    watch.connect(2)
    assert said(watch, "event") == []


def test_gives_a_number_up_that_the_hub_cannot_read_though_it_reads_others(watch: Watch) -> None:
    watch.connect(0)
    watch.measure(0, {"heart_rate": 100.0})
    sent = said(watch, "telemetry")
    for seconds in (30, 60, 90):
        hear(watch, "receipt", {"boot": "b1", "seq": 0, "events": ["another"]})
        watch.tick(seconds * 1000)
        sent += said(watch, "telemetry")
    assert ["values" in message for message in sent] == [True, True, True, False]
    assert sent[-1] == {"boot": "b1", "seq": 1, "skipped": True}


def test_the_reading_at_which_the_receipts_stop_goes_alone(watch: Watch) -> None:
    for second in range(3):
        watch.measure(second * 1000, {"heart_rate": 100.0})
    watch.connect(3000)
    watch.take()
    hear(watch, "receipt", {"boot": "b1", "seq": 0, "events": ["another"]})
    watch.tick(33_000)
    alone, others = said(watch, "telemetry")
    assert alone["seq"] == 1
    assert [element["seq"] for element in others] == [2, 3]


def test_gives_nothing_up_for_losing_the_connection_often(watch: Watch) -> None:
    watch.measure(0, {"heart_rate": 100.0})
    for second in range(10):
        watch.connect(second * 1000)
        hear(watch, "receipt", {"boot": "b1", "seq": 0, "events": ["another"]})
        assert said(watch, "telemetry")[0]["values"] == {"heart_rate": 100.0}
        watch.disconnect(second * 1000)


def test_gives_nothing_up_while_the_hub_is_silent(watch: Watch) -> None:
    watch.connect(0)
    watch.measure(0, {"heart_rate": 100.0})
    for round_ in range(1, 20):
        watch.tick(round_ * 30_000)
    assert all("values" in message for message in said(watch, "telemetry"))


# -------------------------------------------------------------------------------- commands


def test_feels_an_alert_and_answers_delivered_then_succeeded(watch: Watch) -> None:
    watch.connect(0)
    watch.take()
    hear(watch, "command", alert("c1"))
    assert [reply["status"] for reply in said(watch, "reply")] == ["delivered", "succeeded"]
    touch = watch.wrist.felt(0)
    assert touch is not None
    assert (touch.step, touch.haptic and touch.haptic.amplitude, touch.sound) == (2, 0.6, None)


def test_feels_a_redelivered_command_once_and_answers_it_again(watch: Watch) -> None:
    watch.connect(0)
    hear(watch, "command", alert("c1"))
    watch.take()
    hear(watch, "command", alert("c1"))
    assert watch.wrist.touches == 1
    assert said(watch, "reply") == [{"id": "c1", "status": "succeeded", "reason": ""}]


@pytest.mark.parametrize("expiry", [5000, "1970-01-01T00:00:05Z"], ids=["ms", "iso"])
def test_refuses_a_command_that_came_too_late(watch: Watch, expiry: object) -> None:
    watch.connect(0)
    watch.take()
    hear(watch, "command", alert("c1", expires_at=expiry), now_ms=5001)
    assert said(watch, "reply") == [{"id": "c1", "status": "rejected", "reason": "expired"}]
    assert watch.wrist.touches == 0


def test_refuses_a_command_it_does_not_know(watch: Watch) -> None:
    watch.connect(0)
    watch.take()
    hear(watch, "command", {"id": "c1", "name": "explode", "args": {}})
    assert said(watch, "reply")[-1]["status"] == "rejected"


def test_alert_end_calms_the_wrist(watch: Watch) -> None:
    watch.connect(0)
    hear(watch, "command", alert("c1"))
    hear(watch, "command", {"id": "c2", "name": "alert_end", "args": {"alert": "al_x"}})
    assert watch.wrist.felt(0) is None


def test_a_touch_without_an_end_fades(watch: Watch) -> None:
    watch.connect(0)
    hear(watch, "command", alert("c1"))
    assert watch.wrist.urge(29_999) == 2
    assert watch.wrist.urge(30_000) == 0


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"id": 3}', b"\xff\xfe", b"null"])
def test_tells_of_what_it_cannot_read_and_goes_on(payload: bytes) -> None:
    told: list[Happening] = []
    watch = Watch("w-1", BASE, boot="b1", witnesses=Witnesses(tell=told.append))
    watch.receive(f"{BASE}/down/command", payload, 0)
    assert [happening.what for happening in told] == ["unreadable"]


# --------------------------------------------------------------------------- desired, status


def test_reports_the_rules_it_keeps_and_their_revision(
    watch: Watch, desire: Callable[[Watch], None]
) -> None:
    watch.connect(0)
    watch.take()
    desire(watch)
    assert said(watch, "state") == [{"values": {"alert_rules": "hr=150"}, "revision": 3}]


def test_keeps_its_rules_when_new_ones_cannot_be_read(
    watch: Watch, desire: Callable[[Watch], None]
) -> None:
    desire(watch)
    watch.connect(0)
    watch.take()
    hear(watch, "desired", {"values": {"alert_rules": [{"rule": "x"}]}, "revision": 4})
    assert said(watch, "state") == []
    assert list(watch.alone.thresholds) == ["hr"]


def test_an_emptied_retained_message_takes_the_rules_back(
    watch: Watch, desire: Callable[[Watch], None]
) -> None:
    desire(watch)
    watch.receive(f"{BASE}/down/desired", b"", 0)
    assert not watch.alone.thresholds


def test_says_ready_first_and_retained(watch: Watch) -> None:
    watch.measure(0, {"heart_rate": 100.0})
    watch.connect(0)
    first = watch.take()[0]
    assert (first.topic, first.payload, first.retain) == (
        f"{BASE}/up/status",
        b'{"status":"ready"}',
        True,
    )


# ----------------------------------------------------------------------------------- wrist


@pytest.mark.parametrize(
    ("press", "event"),
    [
        (lambda watch: watch.acknowledge(1000), ("acknowledge", {"alert": "al_x"})),
        (lambda watch: watch.snooze(1000), ("snooze", {"alert": "al_x", "minutes": 5})),
    ],
    ids=["acknowledge", "snooze"],
)
def test_a_press_calms_the_wrist_and_tells_the_hub(
    watch: Watch, press: Callable[[Watch], bool], event: tuple[str, object]
) -> None:
    watch.connect(0)
    hear(watch, "command", alert("c1"))
    assert press(watch)
    (told,) = said(watch, "event")
    assert (told["type"], told["data"]) == event
    assert watch.wrist.felt(1000) is None


def test_a_press_on_a_calm_wrist_does_nothing(watch: Watch) -> None:
    assert not watch.acknowledge(0)
    assert not watch.snooze(0)
    assert len(watch.outbox) == 0
