from collections.abc import Callable

import pytest

from devices import fridge, phone, speaker
from hub.kinds import find_kinds, payload_model
from hub.model import DeviceKind, Property, Rejected, Topics
from hub.stages.intake import Arrival, decode, speech
from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.home.fridge import Fridge
from simulators.home.voices import Speaker
from simulators.world import Setting, World

KINDS = (fridge.KIND, phone.KIND, speaker.KIND)
PROPERTIES = {f"{kind.name}.{name}": one for kind in KINDS for name, one in kind.properties.items()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_hub_finds_the_kind(kind: DeviceKind) -> None:
    assert find_kinds()[kind.name] is kind


@pytest.mark.parametrize("spec", PROPERTIES.values(), ids=PROPERTIES.keys())
def test_every_property_has_a_title_in_both_languages(spec: Property) -> None:
    assert spec.title_en
    assert any("가" <= letter <= "힣" for letter in spec.title_ko)


def test_a_fridge_and_a_speaker_sound_and_a_phone_is_felt_too() -> None:
    assert fridge.KIND.can_sound
    assert not fridge.KIND.can_vibrate
    assert not speaker.KIND.can_vibrate
    assert phone.KIND.can_vibrate
    assert all({"alert", "alert_end", "say"} <= set(kind.commands) for kind in KINDS)


@pytest.mark.parametrize("rule", fridge.KIND.default_rules, ids=lambda rule: rule.name)
def test_a_rule_of_the_fridge_outlasts_its_silence_and_grows_over_minutes(rule: object) -> None:
    assert isinstance(rule, type(fridge.DOOR_LEFT_OPEN))
    assert rule.property in fridge.KIND.properties
    assert rule.gap_s > 2 * 30
    assert sum(step.wait_s for step in rule.ladder.steps) >= 600


def test_the_hub_reads_everything_that_a_home_says_in_a_day(
    make_world: Callable[..., World], start_ms: int
) -> None:
    world = make_world(setting=Setting(seed=3))
    topics = Topics()
    for device in world.devices:
        device.connect(start_ms)
    world.advance(start_ms + 86_400_000)
    count = 0
    for device in world.devices:
        for message in _messages(device, topics):
            assert not isinstance(message, Rejected), message
            count += 1
    assert count > 3000


def _messages(device: Appliance, topics: Topics) -> list[object]:
    says = speech(device.kind)
    return [
        message
        for sent in device.take()
        for message in decode(
            Arrival(topic=sent.topic, payload=sent.payload, retained=False, received_ms=0),
            topics=topics,
            speech_of=lambda _: says,
        )
    ]


def test_what_a_fridge_measures_fits_the_published_schema(fridge: Fridge, start_ms: int) -> None:
    fridge.step(start_ms + 600_000)
    payload_model(fridge.kind).model_validate([c for _, c in fridge.outbox.contents()])


def test_a_muted_speaker_says_that_it_was_not_heard(start_ms: int) -> None:
    made = Speaker("s-1", "cx/1/main/s-1", boot="b1", rng=chance(1))
    args: dict[str, object] = {"alert": "al_x", "step": 1}
    assert made.obey("alert", args, start_ms) == ("succeeded", "")
    made.set("muted", value=True, now_ms=start_ms)
    assert made.obey("alert", args, start_ms) == ("rejected", "muted")
    assert made.obey("alert_end", args, start_ms) == ("succeeded", "")
