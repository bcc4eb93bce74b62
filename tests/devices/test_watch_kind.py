from collections.abc import Iterable

import pytest

from devices.watch import KIND
from hub.kinds import payload_model
from hub.model import DeviceKind, Property, Rejected, RuleSpec, Topics
from hub.stages.intake import Arrival, Message, decode, speech
from simulators.chance import chance
from simulators.runner import Body, Runner
from simulators.watch import Watch


def heard(watch: Watch) -> Iterable[Message]:
    """Return what the hub's intake makes of everything the watch has to say."""
    says = speech(KIND)
    for message in watch.take():
        arrival = Arrival(
            topic=message.topic, payload=message.payload, retained=False, received_ms=0
        )
        yield from decode(arrival, topics=Topics(), speech_of=lambda _: says)


def test_is_a_device_kind_that_can_touch_and_sound() -> None:
    assert isinstance(KIND, DeviceKind)
    assert KIND.can_vibrate
    assert KIND.can_sound


@pytest.mark.parametrize("spec", KIND.properties.values(), ids=lambda spec: spec.name)
def test_every_property_has_a_title_in_both_languages(spec: Property) -> None:
    assert spec.title_en
    assert any("가" <= letter <= "힣" for letter in spec.title_ko)


def test_its_default_rule_leaves_the_limit_to_the_person() -> None:
    (rule,) = KIND.default_rules
    assert isinstance(rule, RuleSpec)
    assert rule.limit is None
    assert rule.property in KIND.properties


def test_a_higher_level_of_the_default_rule_begins_on_a_higher_step() -> None:
    (rule,) = KIND.default_rules
    steps = [level.first_step for level in rule.levels]
    assert steps == sorted(set(steps))
    assert steps[-1] < len(rule.ladder.steps)


def test_the_hub_reads_everything_a_worn_watch_says(watch: Watch) -> None:
    runner = Runner(Body(), rng=chance(7))
    watch.connect(0)
    watch.happen("workout_started", 0, identity="start")
    for _ in range(120):
        measurement = runner.measure(urge=0)
        watch.measure(measurement.offset_ms, measurement.values)
    watch.part("sleeping")
    messages = list(heard(watch))
    assert len(messages) > 120
    assert not [message for message in messages if isinstance(message, Rejected)]


def test_what_a_runner_measures_fits_the_published_schema() -> None:
    runner, model = Runner(Body(), rng=chance(1)), payload_model(KIND)
    for _ in range(300):
        model.model_validate(dict(runner.measure(urge=0).values))
