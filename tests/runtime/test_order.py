"""Whatever the order, the lateness and the restarts: the same readings give the same record."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model import Haptic, Ladder, Level, RuleSpec, Sound, Step
from tests.oracle.ladder_oracle import expected_record, with_worn
from tests.runtime.small_cell import T0, RunningCell, SmallCell

LADDER = Ladder(
    steps=tuple(
        Step(
            haptic=Haptic(pattern="single", amplitude=strength),
            sound=Sound(tone="soft", volume=strength),
            wait_s=5,
        )
        for strength in (0.2, 0.5, 1.0)
    )
)
RULE = RuleSpec(
    name="Heart rate",
    property="heart_rate",
    kind="watch",
    limit=150,
    levels=(Level(name="over"), Level(name="high", offset=15, first_step=1)),
    hysteresis=5,
    dwell_s=3,
    ladder=LADDER,
)
MAX_RATE = 25.0


def record_of(readings: Sequence[tuple[int, float, bool]]) -> list[tuple[object, ...]]:
    parameters = msgspec.to_builtins(RULE) | {"max_rate": MAX_RATE}
    return [tuple(entry) for entry in expected_record(parameters, list(readings))]


async def record_in(cell: RunningCell) -> list[tuple[object, ...]]:
    alarms = sorted(await cell.alarms(), key=lambda alarm: alarm.opened_ms)
    return [
        (entry.change.value, entry.at_ms, entry.value, entry.level, entry.step)
        for alarm in alarms
        for entry in alarm.transitions
    ]


def sample(at_ms: int, rate: float, *, worn: bool) -> dict[str, object]:
    return {"ts": at_ms, "values": {"heart_rate": rate, "worn": worn}}


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[tuple[int, float, bool]], list[int], list[int]]:
    """Readings of one run, the order in which they arrive, and after how many the hub is killed."""
    seed = draw(st.integers(0, 2**32))
    rng = random.Random(seed)  # noqa: S311 - chance by seed
    count = draw(st.integers(5, 120))
    readings: list[tuple[int, float, bool]] = []
    at_ms, rate = T0, 140.0
    for _ in range(count):
        at_ms += rng.choice((1000, 1000, 1000, 2000, 40_000 if rng.random() < 0.05 else 1000))
        rate = min(200.0, max(100.0, rate + rng.uniform(-8, 8.5)))
        spike = 60.0 if rng.random() < 0.03 else 0.0
        readings.append((at_ms, round(min(rate + spike, 239.0)), rng.random() > 0.05))
    order = list(range(count))
    for _ in range(draw(st.integers(0, count))):
        first, second = rng.randrange(count), rng.randrange(count)
        order[first], order[second] = order[second], order[first]
    kills = sorted(draw(st.lists(st.integers(0, count), max_size=2)))
    return readings, order, kills


async def play(
    directory: Path,
    readings: Sequence[tuple[int, float, bool]],
    order: Sequence[int],
    kills: Sequence[int],
) -> list[tuple[object, ...]]:
    small = SmallCell(directory)
    await small.move_in(RULE)
    stops = [*kills, len(order)]
    sent = 0
    for stop in stops:
        async with small.running() as cell:
            for index in order[sent:stop]:
                at_ms, rate, worn = readings[index]
                small.clock.at_ms = max(small.clock.at_ms, at_ms)
                cell.send(sample(at_ms, rate, worn=worn))
                if index % 3 == 0:
                    cell.send(sample(at_ms, rate, worn=worn))
                if index % 5 == 0:
                    await asyncio.sleep(0)
            sent = stop
    async with small.running() as cell:
        await cell.settle()
        return await record_in(cell)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(run=runs())
def test_any_order_any_lateness_any_restart_gives_the_same_record(
    run: tuple[list[tuple[int, float, bool]], list[int], list[int]],
) -> None:
    readings, order, kills = run

    with tempfile.TemporaryDirectory() as directory:
        record = asyncio.run(play(Path(directory), readings, order, kills))

    assert record == record_of(readings)


@pytest.mark.parametrize("late_by", [1, 7, 30], ids=lambda count: f"{count}-readings-late")
async def test_a_late_word_of_not_worn_takes_back_what_was_judged(
    tmp_path: Path, late_by: int
) -> None:
    small = SmallCell(tmp_path)
    await small.move_in(RULE)
    rates = [(T0 + second * 1000, 160.0) for second in range(40)]
    async with small.running() as cell:
        for at_ms, rate in rates[:late_by]:
            small.clock.at_ms = at_ms
            cell.send({"ts": at_ms, "values": {"heart_rate": rate}})
        cell.send({"ts": T0 - 500, "values": {"worn": False}})
        for at_ms, rate in rates[late_by:]:
            small.clock.at_ms = at_ms
            cell.send({"ts": at_ms, "values": {"heart_rate": rate}})
        await cell.settle()
        record = await record_in(cell)

    assert record == record_of(with_worn(rates, [(T0 - 500, False)])) == []
