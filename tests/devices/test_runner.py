import itertools

import pytest

from hub.model import FELT, IDLE, Change, Threshold, advance
from simulators.chance import chance
from simulators.runner import Body, Runner
from simulators.sources import LooseSensor


def heart_rates(runner: Runner, seconds: int, *, urge: int = 0) -> list[float]:
    return [float(runner.measure(urge=urge).values["heart_rate"]) for _ in range(seconds)]


def test_the_same_seed_runs_the_same_run() -> None:
    one, two = (Runner(Body(), rng=chance(5)) for _ in range(2))
    assert heart_rates(one, 300) == heart_rates(two, 300)


def test_runs_over_a_limit_and_recovers_in_turns() -> None:
    beats = heart_rates(Runner(Body(), rng=chance(5)), 1200)
    over = [beat > 150 for beat in beats]
    assert sum(a != b for a, b in itertools.pairwise(over)) >= 4


@pytest.mark.parametrize("seed", range(5))
def test_slows_for_an_insistent_wrist_and_the_heart_follows(seed: int) -> None:
    calm, urged = (Runner(Body(obedience=1.0), rng=chance(seed)) for _ in range(2))
    heart_rates(calm, 300)
    heart_rates(urged, 300)
    without = heart_rates(calm, 90)
    with_urge = heart_rates(urged, 90, urge=5)
    assert sum(with_urge[45:]) < sum(without[45:])
    assert float(urged.measure(urge=5).values["speed"]) < 2


def test_a_runner_without_obedience_does_not_listen() -> None:
    alone, urged = (Runner(Body(obedience=0.0), rng=chance(2)) for _ in range(2))
    assert heart_rates(alone, 600) == heart_rates(urged, 600, urge=0)
    assert float(urged.measure(urge=5).values["speed"]) > 1.5


@pytest.mark.parametrize("seed", range(5))
def test_an_alert_calms_who_listens(threshold: Threshold, seed: int) -> None:
    runner, condition, urge = Runner(Body(obedience=0.7), rng=chance(seed)), IDLE, 0
    changes = []
    for _ in range(900):
        measurement = runner.measure(urge=urge)
        beat = float(measurement.values["heart_rate"])
        condition, transitions = advance(
            threshold, condition, at_ms=measurement.offset_ms, value=beat
        )
        for transition in transitions:
            urge = transition.step + 1 if transition.change in FELT else 0
            changes.append(transition.change)
    assert Change.OPENED in changes
    assert changes.count(Change.CLEARED) >= changes.count(Change.OPENED) - 1


def test_counts_steps_and_metres_upwards_and_the_battery_down() -> None:
    runner = Runner(Body(), rng=chance(3))
    run = [runner.measure(urge=0).values for _ in range(600)]
    steps = [int(values["steps"]) for values in run]
    metres = [float(values["distance"]) for values in run]
    battery = [float(values["battery"]) for values in run if "battery" in values]
    assert steps == sorted(steps)
    assert metres == sorted(metres)
    assert battery == sorted(battery, reverse=True)
    assert battery[-1] < battery[0]


def test_a_real_stride_joins_speed_and_cadence() -> None:
    runner = Runner(Body(), rng=chance(3))
    heart_rates(runner, 300)
    values = runner.measure(urge=0).values
    assert 0.6 < float(values["speed"]) * 60 / float(values["cadence"]) < 1.6


def test_a_loose_sensor_is_not_worn_or_spikes_and_comes_back() -> None:
    loose = LooseSensor(Runner(Body(), rng=chance(1)), a_minute=2, rng=chance(4))
    run = [m.values for _ in range(1200) if (m := loose.measure(urge=0)) is not None]
    worn = [values["worn"] for values in run if "worn" in values]
    assert True in worn[worn.index(False) :]
    jumps = [
        abs(float(b["heart_rate"]) - float(a["heart_rate"])) for a, b in itertools.pairwise(run)
    ]
    assert max(jumps) > 25
