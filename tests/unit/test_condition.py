"""The record of alarms: held to an oracle that shares no code with it, and to its own promises."""

import dataclasses
import itertools
import random
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.model import (
    FELT,
    IDLE,
    Change,
    Condition,
    Direction,
    Haptic,
    Ladder,
    Level,
    RuleSpec,
    Sound,
    Step,
    Threshold,
    Transition,
    advance,
    alarm_id,
)
from tests.oracle.ladder_oracle import Entry, expected_alarms, expected_record

Point = tuple[int, float]
T0 = 1_795_000_000_000
LIMIT = 150.0


def ladder(*waits: float) -> Ladder:
    """A ladder of so many steps, each a little stronger than the one before."""
    share = 1 / len(waits)
    return Ladder(
        steps=tuple(
            Step(
                haptic=Haptic(pattern="double", amplitude=share * (place + 1)),
                sound=Sound(tone="rise", volume=share * (place + 1)),
                wait_s=wait,
            )
            for place, wait in enumerate(waits)
        )
    )


WATCHED = RuleSpec(
    name="rule", property="heart_rate", devices=("w1",), ladder=ladder(10, 10, 10, 8)
)


def threshold(*, max_rate: float | None = None, **spec: object) -> Threshold:
    spec_ = dataclasses.replace(WATCHED, **spec)  # type: ignore[arg-type]  # as each test says
    return Threshold(rule="r1", device="w1", spec=spec_, limit=LIMIT, max_rate=max_rate)


def parameters(threshold: Threshold) -> dict[str, Any]:
    """The same rule as the oracle reads it: plain data."""
    rule: dict[str, Any] = msgspec.to_builtins(threshold.spec)
    return rule | {"limit": threshold.limit, "max_rate": threshold.max_rate}


def advanced(
    threshold: Threshold, points: Iterable[Point], *, condition: Condition = IDLE
) -> tuple[Condition, list[Transition]]:
    transitions: list[Transition] = []
    for at_ms, value in points:
        condition, more = advance(threshold, condition, at_ms=at_ms, value=value)
        transitions += more
    return condition, transitions


def record(threshold: Threshold, points: Iterable[Point]) -> list[Transition]:
    return advanced(threshold, points)[1]


def entries(transitions: Iterable[Transition]) -> list[Entry]:
    return [Entry(t.change, t.at_ms, t.value, t.level, t.step) for t in transitions]


def every_second(*values: float, start_s: float = 0) -> list[Point]:
    return [(T0 + int((start_s + place) * 1000), value) for place, value in enumerate(values)]


def story(transitions: Iterable[Transition]) -> list[tuple[str, float, int]]:
    """(change, seconds since the start, step) of each entry."""
    return [(t.change.value, (t.at_ms - T0) / 1000, t.step) for t in transitions]


# ------------------------------------------------------------------------------- random worlds

LEVELS = (
    (Level(name="over"),),
    (Level(name="over"), Level(name="far", offset=10, first_step=2)),
    tuple(Level(name=f"l{n}", offset=2.5 * n, first_step=n) for n in range(6)),
    (Level(name="over", first_step=1), Level(name="odd", offset=5, first_step=0)),
    (Level(name="over"), Level(name="beyond the top", offset=0.5, first_step=99)),
)
WAITS = ((1,), (10, 10, 10, 8, 8), (1, 2, 3), (30, 1), (2.5, 2.5, 2.5, 2.5))
PAUSES_MS = (1, 500, 999, 1000, 1001, 2500, 5000, 5001, 9999, 10_000, 30_000, 30_001, 61_000)
MOVES = (0, 0, 0.5, -0.5, 1, -1, 3, -3, 7.5, -7.5, 20, -20, 60, -60)

thresholds = st.builds(
    threshold,
    max_rate=st.sampled_from([None, None, 0.5, 5.0, 20.0]),
    direction=st.sampled_from(Direction),
    levels=st.sampled_from(LEVELS),
    hysteresis=st.sampled_from([0.0, 0.5, 3.0, 15.0]),
    dwell_s=st.sampled_from([0.0, 0.001, 1.0, 5.0, 20.0]),
    gap_s=st.sampled_from([0.0, 1.0, 5.0, 30.0]),
    recurrence_s=st.sampled_from([0.0, 5.0, 60.0, 1800.0]),
    ladder=st.sampled_from([ladder(*waits) for waits in WAITS]),
)


@st.composite
def walks(draw: st.DrawFn) -> list[Point]:
    """Readings that walk, leap, pause and stand exactly on the limit, in order of time."""
    value = LIMIT + draw(st.sampled_from([0, 0.5, -0.5, -10, 5, 20]))
    at_ms = T0
    points: list[Point] = []
    steps = st.tuples(st.sampled_from(PAUSES_MS), st.sampled_from(MOVES), st.booleans())
    for pause_ms, move, is_spike in draw(st.lists(steps, max_size=80)):
        at_ms += pause_ms
        points.append((at_ms, value + move))
        value = value if is_spike else value + move
    return points


@settings(max_examples=300)
@given(threshold=thresholds, points=walks())
def test_the_record_is_what_the_document_says(threshold: Threshold, points: list[Point]) -> None:
    readings = [(at_ms, value, True) for at_ms, value in points]

    assert entries(record(threshold, points)) == expected_record(parameters(threshold), readings)


@given(threshold=thresholds, points=walks(), chance=st.randoms())
def test_each_alarm_has_the_id_of_its_rule_device_and_crossing(
    threshold: Threshold, points: list[Point], chance: random.Random
) -> None:
    readings = [(at_ms, value, True) for at_ms, value in points]
    chance.shuffle(readings)

    alarms = expected_alarms(parameters(threshold), readings)

    assert [(t.alarm, t.at_ms) for t in record(threshold, points)] == [
        (alarm_id(rule="r1", device="w1", since_ms=alarm.since_ms), entry.at_ms)
        for alarm in alarms
        for entry in alarm.entries
    ]


@given(threshold=thresholds, points=walks(), place=st.integers(min_value=0, max_value=80))
def test_a_restart_anywhere_changes_nothing(
    threshold: Threshold, points: list[Point], place: int
) -> None:
    before, first = advanced(threshold, points[:place])
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(before), type=Condition)

    after, second = advanced(threshold, points[place:], condition=kept)

    assert kept == before
    assert (after, first + second) == advanced(threshold, points)


@given(threshold=thresholds, points=walks())
def test_no_touch_is_weaker_than_the_last_unless_the_excess_fell(
    threshold: Threshold, points: list[Point]
) -> None:
    """For entries a, b of one alarm, one after the other, b beyond the limit.

    Unless b's excess is smaller than a's, neither amplitude nor volume of b's step is smaller.
    """
    for a, b in itertools.pairwise(record(threshold, points)):
        grows = threshold.excess(b.value) >= threshold.excess(a.value)
        if a.alarm == b.alarm and b.change in FELT and grows:
            weaker, stronger = (threshold.spec.ladder.steps[t.step] for t in (a, b))
            assert stronger.haptic.amplitude >= weaker.haptic.amplitude
            assert stronger.sound.volume >= weaker.sound.volume


@given(
    threshold=thresholds,
    rises=st.lists(
        st.tuples(st.sampled_from(PAUSES_MS), st.sampled_from([0, 0.5, 4])), max_size=60
    ),
)
@example(threshold=threshold(), rises=[(1000, 0)] * 60)
def test_while_the_excess_never_falls_the_steps_never_fall(
    threshold: Threshold, rises: list[tuple[int, float]]
) -> None:
    sign = 1 if threshold.spec.direction is Direction.ABOVE else -1
    times = itertools.accumulate((pause for pause, _ in rises), initial=T0)
    rise = itertools.accumulate((rise for _, rise in rises), initial=0.5)
    unbounded = dataclasses.replace(threshold, max_rate=None)

    transitions = record(
        unbounded, [(at_ms, LIMIT + sign * up) for at_ms, up in zip(times, rise, strict=True)]
    )

    steps = [t.step for t in transitions]
    assert steps == sorted(steps)
    assert {t.change for t in transitions} <= {Change.OPENED, Change.CLIMBED, Change.REPEATED}


@given(
    threshold=thresholds,
    moves=st.lists(st.integers(min_value=-2, max_value=2), min_size=1, max_size=80),
    spikes=st.sets(st.integers(min_value=0, max_value=79)),
    height=st.sampled_from([-90, -21, 21, 90]),
)
def test_single_spikes_leave_no_trace(
    threshold: Threshold, moves: list[int], spikes: set[int], height: float
) -> None:
    believing = dataclasses.replace(threshold, max_rate=10.0)
    calm = every_second(*(LIMIT + value for value in itertools.accumulate(moves)))
    spiked = [
        point
        for place, (at_ms, value) in enumerate(calm)
        for point in [(at_ms, value), *[(at_ms + 500, value + height)] * (place in spikes)]
    ]

    assert record(believing, spiked) == record(believing, calm)


# ----------------------------------------------------------------------- one rule, one boundary


def test_the_default_walk_up_and_down_by_hand() -> None:
    rising = [151.0] * 45
    falling = [150.5] * 10 + [149.0] * 10 + [147.0]

    transitions = record(threshold(hysteresis=3), every_second(*rising, *falling))

    assert story(transitions) == [
        ("opened", 0, 0),
        ("climbed", 10, 1),
        ("climbed", 20, 2),
        ("climbed", 30, 3),
        ("repeated", 38, 3),
        ("repeated", 46, 3),
        ("repeated", 54, 3),
        ("quieted", 62, 2),
        ("cleared", 65, 2),
    ]


@pytest.mark.parametrize(
    ("direction", "value", "is_raised"),
    [
        pytest.param("above", 150.0, False, id="above-on-the-limit"),
        pytest.param("above", 150.001, True, id="above-just-beyond"),
        pytest.param("below", 150.0, False, id="below-on-the-limit"),
        pytest.param("below", 149.999, True, id="below-just-beyond"),
        pytest.param("below", 150.001, False, id="below-inside"),
    ],
)
def test_only_a_value_beyond_the_limit_raises(
    direction: str, value: float, *, is_raised: bool
) -> None:
    transitions = record(threshold(direction=Direction(direction)), every_second(value))

    assert [t.change for t in transitions] == [Change.OPENED] * is_raised


@pytest.mark.parametrize(
    ("at_s", "is_raised"),
    [
        pytest.param(4.999, False, id="a-millisecond-early"),
        pytest.param(5, True, id="at-the-dwell"),
        pytest.param(30, True, id="after-a-silence-of-just-the-gap"),
        pytest.param(30.001, False, id="after-a-longer-silence"),
    ],
)
def test_a_crossing_raises_once_it_has_lasted(at_s: float, *, is_raised: bool) -> None:
    rule = threshold(dwell_s=5, gap_s=30)

    transitions = record(rule, [*every_second(151), *every_second(151, start_s=at_s)])

    assert bool(transitions) is is_raised


def test_a_reading_inside_ends_a_crossing_that_was_not_yet_raised() -> None:
    rule = threshold(dwell_s=2)

    transitions = record(rule, every_second(151, 151, 150, 151, 151, 151))

    assert story(transitions) == [("opened", 5, 0)]
    assert transitions[0].alarm == alarm_id(rule="r1", device="w1", since_ms=T0 + 3000)


@pytest.mark.parametrize(
    ("hysteresis", "value", "change"),
    [
        pytest.param(0, 150.0, "cleared", id="no-hysteresis-on-the-limit"),
        pytest.param(3, 147.0, "cleared", id="at-the-hysteresis"),
        pytest.param(3, 147.001, "quieted", id="inside-the-hysteresis"),
        pytest.param(3, 150.0, "quieted", id="on-the-limit"),
        pytest.param(3, 150.001, "climbed", id="just-beyond-and-hardly-less"),
        pytest.param(3, 157.0, "eased", id="less-by-the-hysteresis"),
        pytest.param(3, 157.001, "climbed", id="not-less-by-the-hysteresis"),
        pytest.param(0, 160.0, "climbed", id="no-hysteresis-as-much"),
        pytest.param(0, 159.999, "eased", id="no-hysteresis-a-little-less"),
    ],
)
def test_after_the_wait_the_excess_decides(hysteresis: float, value: float, change: str) -> None:
    before = 160.0 if change == "eased" or value > 150.5 else 151.0
    rule = threshold(hysteresis=hysteresis)
    points = [*every_second(before), *every_second(before, start_s=10)]

    transitions = record(rule, [*points, *every_second(value, start_s=20)])

    assert story(transitions)[-1] == (change, 20, {"climbed": 2, "cleared": 1}.get(change, 0))


@pytest.mark.parametrize("value", [150.0, 149.0, 147.0])
def test_inside_the_limit_there_is_no_level(value: float) -> None:
    points = [*every_second(151), *every_second(151, value, start_s=10)]

    transitions = record(threshold(hysteresis=3), [*points, *every_second(value, start_s=20)])

    assert [t.level for t in transitions[:3]] == [0, 0, -1]


@pytest.mark.parametrize(
    ("at_s", "changes"),
    [
        pytest.param(9.999, ["opened"], id="a-millisecond-early"),
        pytest.param(10, ["opened", "climbed"], id="at-the-wait"),
    ],
)
def test_a_step_stands_for_its_wait(at_s: float, changes: list[str]) -> None:
    transitions = record(threshold(), [*every_second(151), *every_second(151, start_s=at_s)])

    assert [t.change.value for t in transitions] == changes


@pytest.mark.parametrize(
    ("value", "level", "step"),
    [
        pytest.param(159.999, 0, 0, id="just-under-the-second-level"),
        pytest.param(160, 1, 1, id="at-the-second-level"),
        pytest.param(170, 2, 3, id="first-step-above-the-top"),
    ],
)
def test_a_level_opens_on_its_first_step(value: float, level: int, step: int) -> None:
    levels = (
        Level(name="over"),
        Level(name="far", offset=10, first_step=1),
        Level(name="very far", offset=20, first_step=9),
    )

    [opened] = record(threshold(levels=levels), every_second(value))

    assert (opened.level, opened.step) == (level, step)


def test_a_higher_level_climbs_to_its_step_without_waiting() -> None:
    levels = (Level(name="over"), Level(name="far", offset=10, first_step=2))

    transitions = record(threshold(levels=levels), every_second(151, 161, 161, 151))

    assert story(transitions) == [("opened", 0, 0), ("climbed", 1, 2)]


def test_easing_stops_at_the_floor() -> None:
    levels = (Level(name="over", first_step=1),)
    values = [*every_second(170), *(every_second(170 - s / 2, start_s=s)[0] for s in (10, 20, 30))]

    transitions = record(threshold(levels=levels), values)

    assert [t.change.value for t in transitions] == ["opened", "eased", "eased", "eased"]
    assert [t.step for t in transitions] == [1, 1, 1, 1]


def test_each_crossing_within_the_recurrence_time_opens_a_step_higher_up_to_the_top() -> None:
    transitions = record(threshold(), every_second(*[151, 149] * 6))

    opened = [t for t in transitions if t.change is Change.OPENED]
    assert [t.step for t in opened] == [0, 1, 2, 3, 3, 3]
    assert len({t.alarm for t in opened}) == 6


@pytest.mark.parametrize(
    ("again_s", "step"),
    [
        pytest.param(1801, 1, id="within-the-recurrence-time"),
        pytest.param(1801.001, 0, id="after-it"),
    ],
)
def test_the_recurrence_time_runs_from_the_clearing_to_the_crossing(
    again_s: float, step: int
) -> None:
    rule = threshold(recurrence_s=1800, dwell_s=5)
    first = [*every_second(151, start_s=-5), *every_second(151, 149)]
    second = [*every_second(151, start_s=again_s), *every_second(151, start_s=again_s + 9)]

    transitions = record(rule, [*first, *second])

    assert [t.step for t in transitions if t.change is Change.OPENED] == [0, step]


@pytest.mark.parametrize(
    ("values", "is_raised"),
    [
        pytest.param([140, 155], True, id="a-jump-of-just-the-rate"),
        pytest.param([140, 155.001], False, id="a-larger-jump"),
        pytest.param([140, 170, 185], True, id="a-second-reading-near-the-first"),
        pytest.param([140, 170, 185.001], False, id="a-second-reading-apart"),
        pytest.param([140, 170, 140, 170], False, id="a-doubt-is-forgotten-by-a-believed-reading"),
        pytest.param([200], True, id="the-first-is-believed"),
    ],
)
def test_a_leap_is_believed_when_a_second_reading_agrees(
    values: Sequence[float], *, is_raised: bool
) -> None:
    transitions = record(threshold(max_rate=15.0), every_second(*values))

    assert bool(transitions) is is_raised


@pytest.mark.parametrize(
    ("value", "is_raised"),
    [pytest.param(155, True, id="a-second-worth"), pytest.param(155.001, False, id="more")],
)
def test_what_a_second_allows_is_allowed_in_a_moment(value: float, *, is_raised: bool) -> None:
    points = [*every_second(140), *every_second(value, start_s=0.1)]

    assert bool(record(threshold(max_rate=15.0), points)) is is_raised


def test_a_doubted_reading_does_not_bridge_a_silence() -> None:
    rule = threshold(max_rate=1.0, dwell_s=35, gap_s=30)
    believed = [*every_second(151), *every_second(151, start_s=40)]
    doubted = every_second(190, start_s=20)

    assert record(rule, sorted([*believed, *doubted])) == record(rule, believed) == []


def test_a_lone_spike_does_not_outlast_the_dwell() -> None:
    transitions = record(threshold(dwell_s=2), every_second(140, 200, 140, 140, 140, 140))

    assert transitions == []


@pytest.mark.parametrize(
    ("rule", "device", "since_ms", "cause"),
    [
        pytest.param("r2", "w1", T0, "threshold", id="rule"),
        pytest.param("r1", "w2", T0, "threshold", id="device"),
        pytest.param("r1", "w1", T0 + 1, "threshold", id="start-of-the-crossing"),
        pytest.param("r1", "w1", T0, "no_data", id="cause"),
        pytest.param("r1w", "1", T0, "threshold", id="the-same-letters-elsewhere"),
    ],
)
def test_alarms_that_differ_have_ids_that_differ(
    rule: str, device: str, since_ms: int, cause: str
) -> None:
    one = alarm_id(rule="r1", device="w1", since_ms=T0)

    assert alarm_id(rule="r1", device="w1", since_ms=T0, cause="threshold") == one
    assert alarm_id(rule=rule, device=device, since_ms=since_ms, cause=cause) != one
