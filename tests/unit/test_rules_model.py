"""Rules and ladders refuse what could never work, when they are made."""

import math

import pytest

from hub.errors import InvalidInputError
from hub.model import DEFAULT_LADDER, Haptic, Ladder, Level, RuleSpec, Sound, Step

WELL = RuleSpec(name="too fast", property="heart_rate", kind="watch")


def step(*, amplitude: float = 0.5, volume: float = 0.5, wait_s: float = 10) -> Step:
    return Step(
        haptic=Haptic(pattern="double", amplitude=amplitude),
        sound=Sound(tone="rise", volume=volume),
        wait_s=wait_s,
    )


def rule(**fields: object) -> RuleSpec:
    well: dict[str, object] = {"name": "too fast", "property": "heart_rate", "kind": "watch"}
    return RuleSpec(**well | fields)  # type: ignore[arg-type]  # some are wrong on purpose


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([step()], id="a-single-step"),
        pytest.param([step(), step()], id="equal-steps"),
        pytest.param([step(amplitude=0, volume=0), step(amplitude=1, volume=1)], id="the-bounds"),
        pytest.param([step(wait_s=1)], id="the-shortest-wait"),
    ],
)
def test_a_ladder_that_never_falls_is_taken(steps: list[Step]) -> None:
    assert Ladder(steps=tuple(steps)).steps == tuple(steps)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([], id="no-step"),
        pytest.param([step(amplitude=0.5), step(amplitude=0.49)], id="falling-amplitude"),
        pytest.param([step(volume=0.5), step(volume=0.49)], id="falling-volume"),
        pytest.param([step(), step(amplitude=0.6), step()], id="falling-at-the-top"),
        pytest.param([step(wait_s=0.999)], id="a-wait-under-a-second"),
        pytest.param([step(wait_s=math.nan)], id="a-wait-that-is-no-number"),
        pytest.param([step(wait_s=math.inf)], id="a-wait-without-end"),
        pytest.param([step(amplitude=1.001)], id="amplitude-above-1"),
        pytest.param([step(amplitude=-0.001)], id="amplitude-below-0"),
        pytest.param([step(amplitude=math.nan)], id="amplitude-no-number"),
        pytest.param([step(volume=1.001)], id="volume-above-1"),
        pytest.param([step(volume=-0.001)], id="volume-below-0"),
        pytest.param([step(volume=math.nan)], id="volume-no-number"),
    ],
)
def test_a_ladder_that_could_not_be_climbed_is_refused(steps: list[Step]) -> None:
    with pytest.raises(InvalidInputError):
        Ladder(steps=tuple(steps))


def test_the_default_ladder_begins_gently_and_ends_at_full_strength() -> None:
    amplitudes = [step.haptic.amplitude for step in DEFAULT_LADDER.steps]

    assert amplitudes[0] <= 0.3
    assert amplitudes[-1] == 1.0
    assert amplitudes == sorted(set(amplitudes))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="of-a-kind"),
        pytest.param({"kind": None, "devices": ("w1", "w2")}, id="of-devices"),
        pytest.param({"limit": -18.0}, id="a-limit-below-zero"),
        pytest.param({"levels": (Level(name="a"), Level(name="b", offset=0.1))}, id="two-levels"),
        pytest.param(
            {"dwell_s": 0, "gap_s": 0, "recurrence_s": 0, "freshness_s": 0, "hysteresis": 0},
            id="zeros",
        ),
        pytest.param({"no_data_s": 60.0}, id="no-data"),
    ],
)
def test_a_rule_that_makes_sense_is_taken(fields: dict[str, object]) -> None:
    taken = rule(**fields)

    assert {name: getattr(taken, name) for name in fields} == fields


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"devices": ("w1",)}, id="both-a-kind-and-devices"),
        pytest.param({"kind": None}, id="neither-a-kind-nor-devices"),
        pytest.param({"levels": ()}, id="no-level"),
        pytest.param({"levels": (Level(name="a", offset=1),)}, id="first-level-not-at-0"),
        pytest.param({"levels": (Level(name="a"), Level(name="b"))}, id="two-levels-at-0"),
        pytest.param(
            {"levels": tuple(Level(name="x", offset=offset) for offset in (0, 20, 10))},
            id="falling-offsets",
        ),
        pytest.param(
            {"levels": (Level(name="a"), Level(name="b", offset=math.nan))}, id="an-offset-of-nan"
        ),
        pytest.param({"levels": (Level(name="a", first_step=-1),)}, id="a-step-under-the-first"),
        pytest.param({"dwell_s": -0.001}, id="dwell"),
        pytest.param({"gap_s": -0.001}, id="gap"),
        pytest.param({"recurrence_s": -0.001}, id="recurrence"),
        pytest.param({"freshness_s": -0.001}, id="freshness"),
        pytest.param({"contact_after_s": -0.001}, id="contact"),
        pytest.param({"hysteresis": -0.001}, id="hysteresis"),
        pytest.param({"no_data_s": -0.001}, id="no-data"),
        pytest.param({"hysteresis": math.nan}, id="hysteresis-of-nan"),
        pytest.param({"dwell_s": math.nan}, id="dwell-of-nan"),
        pytest.param({"limit": math.nan}, id="limit-of-nan"),
        pytest.param({"max_amplitude": 1.5}, id="amplitude-cap-above-1"),
        pytest.param({"max_volume": -0.1}, id="volume-cap-below-0"),
    ],
)
def test_a_rule_that_could_not_work_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        rule(**fields)
