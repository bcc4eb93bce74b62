"""The delivery half of the oracle, against days worked out by hand."""

from typing import Any

import pytest

from tests.oracle.ladder_oracle import (
    Act,
    Arrival,
    ExpectedCommand,
    answering,
    expected_commands,
    readings_that_count,
    with_worn,
)

T0 = 1_795_000_000_000
"""Wednesday 18 November 2026, 11:06:40 UTC."""


def rule(**changed: object) -> dict[str, Any]:
    steps = [
        {
            "haptic": {"pattern": "double", "amplitude": amplitude, "repeat": 2},
            "sound": {"tone": "rise", "volume": amplitude / 2},
            "wait_s": 10,
        }
        for amplitude in (0.25, 0.5, 1.0)
    ]
    levels = [{"offset": 0, "first_step": 0}, {"offset": 20, "first_step": 2}]
    plain = {"limit": 150, "levels": levels, "gap_s": 30, "recurrence_s": 1800, "hysteresis": 3}
    return {**plain, "ladder": {"steps": steps}, **changed}


def at(second: float, value: float, *, late_s: float = 0) -> Arrival:
    at_ms = T0 + int(second * 1000)
    return Arrival(received_ms=at_ms + int(late_s * 1000), at_ms=at_ms, value=value)


def steady(value: float, *, seconds: int, late_s: float = 0) -> list[Arrival]:
    return [at(second, value, late_s=late_s) for second in range(seconds)]


def told(commands: list[ExpectedCommand]) -> list[tuple[str, float, int | None]]:
    """(change and status, seconds at which it was issued, step from 1)."""
    return [
        (f"{c.change} {c.status}", (c.issued_ms - T0) / 1000, c.args.get("step")) for c in commands
    ]


def test_a_run_is_answered_step_by_step_and_ended() -> None:
    commands = expected_commands(rule(), [*steady(160, seconds=25), at(25, 140)])

    assert told(commands) == [
        ("opened sent", 0, 1),
        ("climbed sent", 10, 2),
        ("climbed sent", 20, 3),
        ("cleared sent", 25, None),
    ]
    assert [command.name for command in commands] == ["alert"] * 3 + ["alert_end"]


def test_what_the_wrist_gets_is_bounded_by_the_caps() -> None:
    [opened] = expected_commands(rule(max_amplitude=0.2, max_volume=0.1), [at(0, 160)])

    assert opened.args == {
        "step": 1,
        "haptic": {"pattern": "double", "amplitude": 0.2, "repeat": 2},
        "sound": {"tone": "rise", "volume": 0.1},
    }


@pytest.mark.parametrize(
    ("mode", "parts"),
    [("both", {"haptic", "sound"}), ("touch", {"haptic"}), ("sound", {"sound"})],
)
def test_the_mode_leaves_out_the_other_part(mode: str, parts: set[str]) -> None:
    commands = expected_commands(rule(mode=mode), steady(160, seconds=40))

    assert all(set(command.args) == {"step"} | parts for command in commands)


def test_two_hours_late_touches_nobody() -> None:
    late = [*steady(160, seconds=60, late_s=7200), at(60, 140, late_s=7200)]

    assert expected_commands(rule(), late) == []


@pytest.mark.parametrize(
    ("late_s", "count"), [pytest.param(30, 1, id="just-fresh"), pytest.param(30.001, 0, id="stale")]
)
def test_a_reading_is_fresh_for_thirty_seconds(late_s: float, count: int) -> None:
    assert len(expected_commands(rule(), [at(0, 160, late_s=late_s)])) == count


def test_a_hub_away_for_a_minute_speaks_once() -> None:
    back = T0 + 60_000
    backlog = [a._replace(received_ms=back) for a in steady(160, seconds=60)]

    commands = expected_commands(rule(), backlog)

    assert [c.status for c in commands] == ["cancelled", "cancelled", "sent"]
    assert [c.sent_ms for c in commands] == [None, None, back]


def test_an_older_reading_amends_the_record_and_touches_nobody() -> None:
    arrivals = [at(5, 140), at(3, 160, late_s=3)]

    assert expected_commands(rule(), arrivals) == []


def test_touches_of_one_alarm_keep_their_distance_and_the_newest_wins() -> None:
    quick = rule()
    quick["ladder"]["steps"] = [{**step, "wait_s": 1} for step in quick["ladder"]["steps"]]

    commands = expected_commands(quick, [at(s, 151) for s in (0, 1, 2, 3.5)])

    assert told(commands) == [
        ("opened sent", 0, 1),
        ("climbed cancelled", 1, 2),
        ("climbed sent", 2, 3),
        ("repeated sent", 3.5, 3),
    ]
    assert [c.sent_ms for c in commands] == [T0, None, T0 + 3000, T0 + 6000]


def test_a_touch_that_has_to_wait_too_long_expires() -> None:
    commands = expected_commands(rule(freshness_s=1), [at(0, 160), at(1, 171)])

    assert told(commands) == [("opened sent", 0, 1), ("climbed expired", 1, 3)]


def test_a_touch_still_waiting_when_the_alarm_clears_is_not_sent() -> None:
    commands = expected_commands(rule(), [at(0, 160), at(1, 171), at(2, 140)])

    assert told(commands) == [
        ("opened sent", 0, 1),
        ("climbed cancelled", 1, 3),
        ("cleared sent", 2, None),
    ]


def test_who_acknowledged_hears_of_it_again_only_at_a_higher_level() -> None:
    readings = [*steady(160, seconds=25), at(25, 171), at(40, 171), at(50, 140)]

    commands = expected_commands(rule(), readings, acts=[Act(T0 + 5000)])

    assert told(commands) == [
        ("opened sent", 0, 1),
        ("acknowledged sent", 5, None),
        ("repeated sent", 40, 3),
        ("cleared sent", 50, None),
    ]


def test_a_snooze_ends_by_itself() -> None:
    acts = [Act(T0 + 5000, until_ms=T0 + 15_000)]

    commands = expected_commands(rule(), steady(160, seconds=25), acts=acts)

    assert told(commands) == [
        ("opened sent", 0, 1),
        ("snoozed sent", 5, None),
        ("climbed sent", 20, 3),
    ]


def test_an_alarm_snoozed_before_it_was_felt_is_not_ended_aloud() -> None:
    stale = [at(s, 160, late_s=40) for s in range(3)]

    assert expected_commands(rule(), [*stale, at(50, 140)]) == []


@pytest.mark.parametrize(
    ("schedule", "time_zone", "count"),
    [
        pytest.param(([2], 11 * 60, 12 * 60), "UTC", 1, id="inside"),
        pytest.param(([3], 11 * 60, 12 * 60), "UTC", 0, id="another-day"),
        pytest.param(([2], 0, 11 * 60 + 6), "UTC", 0, id="at-its-end"),
        pytest.param(([2], 11 * 60 + 6, 1440), "UTC", 1, id="at-its-start"),
        pytest.param(([2], 11 * 60, 12 * 60), "Asia/Seoul", 0, id="20:06-in-seoul"),
        pytest.param(([2], 20 * 60, 7 * 60), "Asia/Seoul", 1, id="over-midnight-this-evening"),
        pytest.param(([2], 22 * 60, 6), "Pacific/Auckland", 0, id="thursday-at-00:06"),
        pytest.param(([2], 22 * 60, 7), "Pacific/Auckland", 1, id="since-last-evening"),
        pytest.param(([3], 22 * 60, 7), "Pacific/Auckland", 0, id="not-since-last-evening"),
    ],
)
def test_outside_its_schedule_a_rule_is_silent(
    schedule: tuple[list[int], int, int], time_zone: str, count: int
) -> None:
    days, start, end = schedule
    window = {"days": days, "start_minute": start, "end_minute": end}

    commands = expected_commands(rule(schedule=window, time_zone=time_zone), [at(0, 160)])

    assert len(commands) == count


def test_every_responder_is_touched() -> None:
    commands = expected_commands(rule(), [at(0, 160), at(5, 140)], responders=["band", "watch"])

    assert [(c.name, c.device) for c in commands] == [
        ("alert", "band"),
        ("alert", "watch"),
        ("alert_end", "band"),
        ("alert_end", "watch"),
    ]


@pytest.mark.parametrize(
    ("named", "able", "answer"),
    [
        pytest.param(["lamp"], ["fridge"], ["lamp"], id="those-named"),
        pytest.param([], ["fridge", "watch"], ["fridge"], id="itself"),
        pytest.param([], ["watch", "band"], ["watch", "band"], id="the-persons"),
        pytest.param([], [], [], id="nobody"),
    ],
)
def test_who_answers(named: list[str], able: list[str], answer: list[str]) -> None:
    of_person = ["watch", "scale", "band"]

    chosen = answering(rule(responders=named), device="fridge", able=able, of_person=of_person)

    assert chosen == answer


def test_far_off_clocks_and_readings_over_a_week_late_do_not_count() -> None:
    day = 86_400_000
    arrivals = [
        Arrival(received_ms=T0, at_ms=T0, value=1),
        Arrival(received_ms=T0, at_ms=T0 + 300_000, value=2),
        Arrival(received_ms=T0, at_ms=T0 + 300_001, value=3),
        Arrival(received_ms=T0, at_ms=T0 + 300_000 - 7 * day, value=4),
        Arrival(received_ms=T0, at_ms=T0 + 300_000 - 7 * day - 1, value=5),
        Arrival(received_ms=T0, at_ms=T0, value=6),
        Arrival(received_ms=T0, at_ms=T0 - 5, value=7, worn=False),
    ]

    assert [value for _, value, _ in readings_that_count(arrivals)] == [1, 2, 4]
    assert readings_that_count([Arrival(received_ms=T0, at_ms=T0 - 31 * day, value=1)])
    assert not readings_that_count([Arrival(received_ms=T0, at_ms=T0 - 31 * day - 1, value=1)])


def test_a_device_is_worn_until_it_says_not() -> None:
    readings = [(second, 60.0) for second in range(6)]

    worn = with_worn(readings, [(4, True), (2, False)])

    assert [is_worn for _, _, is_worn in worn] == [True, True, False, False, True, True]
