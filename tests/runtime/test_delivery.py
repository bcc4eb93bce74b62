"""Who is touched, in the hub's time: the command log against the oracle, and the quiet cases."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hub.model import AcknowledgeRequest, AlertMode, Level, RuleSpec, alarm_id
from tests.oracle.ladder_oracle import Arrival, expected_commands
from tests.runtime.small_cell import T0, RunningCell, SmallCell

RULE = RuleSpec(
    name="Heart rate",
    property="heart_rate",
    kind="watch",
    limit=150,
    levels=(
        Level(name="over"),
        Level(name="high", offset=10, first_step=1),
        Level(name="very_high", offset=20, first_step=3),
    ),
    hysteresis=5,
    dwell_s=4,
)


def climb_and_calm(*, start_ms: int = T0) -> list[tuple[int, float]]:
    """A run that goes over, climbs, calms, and goes over again."""
    up = [140 + second / 3 for second in range(100)]
    down = [172 - second for second in range(40)]
    again = [134 + second for second in range(30)] + [155.0] * 40 + [140.0] * 5
    return [
        (start_ms + second * 1000, float(round(rate)))
        for second, rate in enumerate(up + down + again)
    ]


async def live(cell: RunningCell, readings: Sequence[tuple[int, float]]) -> None:
    """Send each reading when it is measured, and let the hub come to rest in between."""
    for at_ms, rate in readings:
        cell.cell.clock.at_ms = at_ms
        cell.send({"ts": at_ms, "values": {"heart_rate": rate}})
        await cell.settle()
        await cell.reply_to_all()


def oracle(rule: RuleSpec, arrivals: Sequence[Arrival]) -> list[tuple[object, ...]]:
    parameters = msgspec.to_builtins(rule) | {"max_rate": 25.0}
    return [
        (
            command.name,
            alarm_id(rule="r-1", device="w-1", since_ms=command.since_ms),
            command.args.get("step"),
            command.args.get("haptic"),
            command.args.get("sound"),
        )
        for command in expected_commands(parameters, arrivals, responders=["w-1"])
        if command.status == "sent"
    ]


def felt(cell: RunningCell) -> list[tuple[object, ...]]:
    log: list[tuple[object, ...]] = []
    for command in cell.commands():
        args = command["args"]
        assert isinstance(args, dict)
        entry = (args["alert"], args.get("step"), args.get("haptic"), args.get("sound"))
        log.append((command["name"], *entry))
    return log


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(RULE, id="both"),
        pytest.param(replace(RULE, mode=AlertMode.TOUCH), id="touch-only"),
        pytest.param(replace(RULE, mode=AlertMode.SOUND), id="sound-only"),
        pytest.param(replace(RULE, max_amplitude=0.5, max_volume=0.2), id="capped"),
    ],
)
async def test_the_wrist_feels_what_the_oracle_says(tmp_path: Path, rule: RuleSpec) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(rule)
    readings = climb_and_calm()

    async with small.running() as cell:
        await live(cell, readings)
        log = felt(cell)

    assert log == oracle(rule, [Arrival(at_ms, at_ms, rate) for at_ms, rate in readings])
    assert len(log) > 8
    if rule.mode is AlertMode.TOUCH:
        assert all(entry[4] is None for entry in log)


async def test_a_run_uploaded_two_hours_late_is_recorded_and_touches_nobody(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    small.clock.at_ms = T0 + 2 * 3600 * 1000

    async with small.running() as cell:
        for at_ms, rate in climb_and_calm():
            cell.send({"ts": at_ms, "values": {"heart_rate": rate}})
        await cell.settle()
        alarms = await cell.alarms()
        commands = cell.commands()

    assert len(alarms) == 2
    assert all(alarm.cleared_ms is not None for alarm in alarms)
    assert commands == []


async def test_a_hub_that_was_away_for_a_minute_speaks_once(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    readings = climb_and_calm()[:95]

    async with small.running() as cell:
        await live(cell, readings[:30])
        before = len(cell.commands())
    for at_ms, rate in readings[30:]:
        message = {"ts": at_ms, "values": {"heart_rate": rate}}
        small.broker.deliver("cx/1/main/w-1/up/telemetry", msgspec.json.encode(message))
    small.clock.at_ms = readings[-1][0]
    async with small.running() as cell:
        await cell.settle()
        after = cell.commands()[before:]

    assert [command["name"] for command in after] == ["alert"]


async def test_a_minute_of_backlog_in_many_small_batches_still_speaks_once(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    readings = climb_and_calm()[:95]
    small.clock.at_ms = readings[-1][0]

    async with small.running() as cell:
        for at_ms, rate in readings:
            cell.send({"ts": at_ms, "values": {"heart_rate": rate}})
            await cell.settle()
        commands = cell.commands()

    assert [command["name"] for command in commands] == ["alert"]


async def test_what_a_watch_felt_alone_is_merged_and_not_felt_again(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    readings = climb_and_calm()[:60]
    back_ms = readings[-1][0] + 1000

    async with small.running() as cell:
        cell.send({"status": "lost"}, leaf="status")
        await cell.settle()
        small.clock.at_ms = back_ms
        cell.send({"status": "ready"}, leaf="status")
        for at_ms, rate in readings:
            cell.send({"ts": at_ms, "values": {"heart_rate": rate}})
        await cell.settle()
        (alarm,) = await cell.alarms()
        alone = {"id": "e-1", "ts": alarm.opened_ms, "type": "alert"}
        cell.send({**alone, "data": {"alert": alarm.id, "step": 1}}, leaf="event")
        cell.send({**alone, "data": {"alert": alarm.id, "step": 1}}, leaf="event")
        await cell.settle()
        (merged,) = await cell.alarms()
        commands = cell.commands()

    assert merged.felt_alone == ((alarm.opened_ms, 1),)
    assert commands == []


async def test_who_acknowledges_is_left_alone_until_it_gets_worse(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    steady = [(T0 + second * 1000, 152.0) for second in range(60)]
    worse = [(T0 + second * 1000, 175.0) for second in range(60, 75)]

    async with small.running() as cell:
        await live(cell, steady[:8])
        (alarm,) = await cell.alarms()
        request = AcknowledgeRequest(
            alarm=alarm.id, device="w-1", author="p-mina", now_ms=small.clock.at_ms
        )
        await cell.worker.submit(request)
        await live(cell, steady[8:])
        quiet = [command["name"] for command in cell.commands()]
        await live(cell, worse)
        loud = [command["name"] for command in cell.commands()]

    assert quiet == ["alert", "alert_end"]
    assert loud[:3] == ["alert", "alert_end", "alert"]


async def test_a_single_spike_climbs_nothing(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(replace(RULE, dwell_s=0))
    readings = [(T0 + s * 1000, 230.0 if s == 20 else 120.0) for s in range(40)]

    async with small.running() as cell:
        await live(cell, readings)
        alarms, commands = await cell.alarms(), cell.commands()

    assert list(alarms) == []
    assert commands == []


async def test_a_clock_in_2099_raises_nothing_and_loses_nothing(tmp_path: Path) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(replace(RULE, dwell_s=0))
    far_ms = 4_080_000_000_000

    async with small.running() as cell:
        cell.send({"ts": far_ms, "values": {"heart_rate": 200}})
        cell.send({"ts": 0, "values": {"heart_rate": 200}})
        cell.send({"ts": T0, "values": {"heart_rate": 120}})
        await cell.settle()
        alarms = await cell.alarms()
        state = await cell.worker.state("w-1")

    assert list(alarms) == []
    assert state is not None
    assert state.twin.reported["heart_rate"] == 120
    assert state.newest_ms == T0
