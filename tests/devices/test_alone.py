import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.model import (
    FELT,
    IDLE,
    AlertMode,
    Change,
    Level,
    Schedule,
    Threshold,
    Transition,
    advance,
)
from simulators.alone import TOUCH_GAP_MS
from simulators.recording import read_fit
from simulators.watch import Watch

DESIRED = "cx/1/main/w-1/down/desired"


def give(watch: Watch, *thresholds: Threshold) -> None:
    rules = msgspec.to_builtins(thresholds)
    payload = msgspec.json.encode({"values": {"alert_rules": rules}, "revision": 1})
    watch.receive(DESIRED, payload, 0)


def run(watch: Watch, *beats: float, start_s: int = 0) -> int:
    """Measure one heart rate a second; return the second after the last."""
    for second, beat in enumerate(beats, start_s):
        watch.measure(second * 1000, {"heart_rate": beat})
    return start_s + len(beats)


def alerts(watch: Watch) -> list[dict[str, Any]]:
    """Return what the watch will tell of its own alerts."""
    return [
        content
        for leaf, content in watch.outbox.contents()
        if leaf == "event" and content["type"] == "alert"
    ]


def judged(threshold: Threshold, readings: list[tuple[int, float]]) -> list[Transition]:
    """Return what the hub's rules make of the same readings."""
    condition = IDLE
    found: list[Transition] = []
    for at_ms, value in readings:
        condition, transitions = advance(threshold, condition, at_ms=at_ms, value=value)
        found += transitions
    return found


@pytest.mark.parametrize(
    ("name", "limit"), [("ride-watch", 140), ("ride-strap", 165), ("indoor-pauses", 105)]
)
def test_alerts_alone_as_the_hub_would_on_a_real_recording(
    watch: Watch, data: Path, threshold: Threshold, name: str, limit: float
) -> None:
    threshold = replace(threshold, limit=limit)
    recording = read_fit(data / f"{name}.fit")
    give(watch, threshold)
    for measurement in recording:
        watch.measure(measurement.offset_ms, measurement.values)
    readings = [(m.offset_ms, float(m.values["heart_rate"])) for m in recording]
    expected = [t for t in judged(threshold, readings) if t.change in FELT]
    assert len({transition.alarm for transition in expected}) > 1
    assert [(e["data"]["alert"], e["data"]["step"], e["ts"]) for e in alerts(watch)] == [
        (t.alarm, t.step + 1, t.at_ms) for t in expected
    ]


def test_a_limit_that_arrives_during_a_crossing_gives_the_alarm_of_the_hub(
    watch: Watch, threshold: Threshold
) -> None:
    threshold = replace(threshold, since_ms=2000)
    beats = [160.0] * 60
    before = run(watch, *beats[:5])
    give(watch, threshold)
    run(watch, *beats[before:], start_s=before)

    readings = [(second * 1000, beat) for second, beat in enumerate(beats)]
    expected = judged(threshold, readings[2:])
    told = alerts(watch)
    assert {one["data"]["alert"] for one in told} == {expected[0].alarm}
    assert [one["ts"] for one in told] == [t.at_ms for t in expected]


def test_what_was_before_a_limit_was_made_is_not_judged(watch: Watch, threshold: Threshold) -> None:
    give(watch, replace(threshold, since_ms=30_000))
    run(watch, *[160.0] * 30)

    assert alerts(watch) == []


def test_leaves_alerting_to_the_hub_while_connected(watch: Watch, threshold: Threshold) -> None:
    give(watch, threshold)
    watch.connect(0)
    run(watch, *[155.0] * 60)
    assert watch.wrist.touches == 0
    assert alerts(watch) == []


def test_goes_on_alone_with_the_alarm_that_began_with_the_hub(
    watch: Watch, threshold: Threshold
) -> None:
    give(watch, threshold)
    watch.connect(0)
    beats = [155.0] * 8
    second = run(watch, *beats)
    watch.disconnect(second * 1000)
    run(watch, *[155.0] * 20, start_s=second)
    (opened,) = judged(threshold, [(s * 1000, beat) for s, beat in enumerate(beats)])
    assert {event["data"]["alert"] for event in alerts(watch)} == {opened.alarm}
    assert alerts(watch)[0]["data"]["change"] == "climbed"


def test_tells_its_own_alerts_once_when_the_network_is_back(
    watch: Watch, threshold: Threshold
) -> None:
    give(watch, threshold)
    second = run(watch, *[155.0] * 30, *[140.0] * 5)
    watch.connect(second * 1000)
    events = [m for m in watch.take() if m.topic.endswith("/event")]
    watch.disconnect(second * 1000)
    watch.connect(second * 1000)
    again = [m for m in watch.take() if m.topic.endswith("/event")]
    assert events
    assert [json.loads(m.payload)["id"] for m in again] == [
        json.loads(m.payload)["id"] for m in events
    ]


def test_its_wrist_is_calm_when_the_heart_is(watch: Watch, threshold: Threshold) -> None:
    give(watch, threshold)
    second = run(watch, *[155.0] * 10)
    assert watch.wrist.felt((second - 1) * 1000)
    second = run(watch, 144.0, start_s=second)
    assert watch.wrist.felt((second - 1) * 1000) is None


def test_a_single_spike_touches_nobody(watch: Watch, threshold: Threshold) -> None:
    give(watch, threshold)
    run(watch, *[120.0] * 10, 210.0, *[120.0] * 10)
    assert watch.wrist.touches == 0


def test_a_watch_that_is_not_worn_counts_for_nothing(watch: Watch, threshold: Threshold) -> None:
    give(watch, threshold)
    watch.measure(0, {"worn": False})
    second = run(watch, *[200.0] * 20, start_s=1)
    assert watch.wrist.touches == 0
    watch.measure(second * 1000, {"worn": True})
    run(watch, *[200.0] * 20, start_s=second + 1)
    assert watch.wrist.touches > 0


def test_touch_only_makes_no_sound_and_caps_hold(watch: Watch, threshold: Threshold) -> None:
    spec = replace(threshold.spec, mode=AlertMode.TOUCH, max_amplitude=0.5)
    give(watch, replace(threshold, spec=spec))
    run(watch, *[175.0] * 40)
    touch = watch.wrist.felt(39_000)
    assert touch is not None
    assert touch.sound is None
    assert touch.haptic is not None
    assert touch.haptic.amplitude == 0.5


def test_two_touches_of_one_alarm_are_three_seconds_apart(
    watch: Watch, threshold: Threshold
) -> None:
    levels = tuple(Level(name=f"l{n}", offset=n * 5, first_step=n) for n in range(5))
    give(watch, replace(threshold, spec=replace(threshold.spec, levels=levels, dwell_s=0)))
    run(watch, 149.0, 151.0, 156.0, 161.0, 166.0, 171.0, 171.0)
    times = [event["ts"] for event in alerts(watch)]
    assert len(times) > 1
    assert all(b - a >= TOUCH_GAP_MS for a, b in itertools.pairwise(times))


def test_who_acknowledged_feels_it_again_only_at_a_higher_level(
    watch: Watch, threshold: Threshold
) -> None:
    give(watch, threshold)
    second = run(watch, *[155.0] * 6)
    assert watch.acknowledge((second - 1) * 1000)
    second = run(watch, *[155.0] * 60, start_s=second)
    assert watch.wrist.touches == 1
    run(watch, 162.0, 162.0, start_s=second)
    assert watch.wrist.touches == 2


def test_a_snooze_ends(watch: Watch, threshold: Threshold) -> None:
    give(watch, threshold)
    second = run(watch, *[155.0] * 6)
    assert watch.snooze((second - 1) * 1000, minutes=1)
    second = run(watch, *[155.0] * 59, start_s=second)
    assert watch.wrist.touches == 1
    run(watch, *[155.0] * 20, start_s=second)
    assert watch.wrist.touches > 1


@pytest.mark.parametrize(
    ("schedule", "touched"),
    [
        (Schedule(start_minute=0, end_minute=60), True),
        (Schedule(start_minute=60, end_minute=120), False),
        (Schedule(start_minute=1380, end_minute=60, days=(2,)), True),
        (Schedule(start_minute=1380, end_minute=60, days=(3,)), False),
    ],
    ids=["inside", "outside", "over midnight", "over midnight, another day"],
)
def test_keeps_the_hours_of_a_rule(
    watch: Watch, threshold: Threshold, schedule: Schedule, *, touched: bool
) -> None:
    # 1970 began on a Thursday, day 3.
    give(watch, replace(threshold, spec=replace(threshold.spec, schedule=schedule)))
    run(watch, *[155.0] * 10)
    assert (watch.wrist.touches > 0) is touched


def test_a_rule_that_another_device_answers_touches_nobody_here(
    watch: Watch, threshold: Threshold
) -> None:
    give(watch, replace(threshold, spec=replace(threshold.spec, responders=("band-2",))))
    run(watch, *[155.0] * 10)
    assert watch.wrist.touches == 0


def test_a_new_limit_takes_effect_with_the_next_reading(
    watch: Watch, threshold: Threshold, desire: Callable[[Watch], None]
) -> None:
    desire(watch)
    second = run(watch, *[155.0] * 10)
    give(watch, replace(threshold, limit=170))
    run(watch, 155.0, start_s=second)
    assert watch.alone.conditions["hr"].alarm is None


def test_the_change_is_told_as_the_model_names_it(watch: Watch, threshold: Threshold) -> None:
    give(watch, threshold)
    run(watch, *[155.0] * 10)
    (event,) = alerts(watch)
    assert event["data"]["change"] == Change.OPENED
