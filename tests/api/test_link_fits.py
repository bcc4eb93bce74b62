"""A link that could only ever fail is refused when it is made, with the reason."""

from collections.abc import Mapping

import pytest

from devices.dryer import KIND as DRYER
from devices.fridge import KIND as FRIDGE
from tests.api.world import World

SEVEN = {"type": "time", "minute": 420}
WASHED = {"type": "event", "kind": "washer", "event": "cycle_finished"}
RUN = {"type": "event", "device": "w-alice", "event": "workout_stopped"}
NIGHT = RUN | {"event": "sleep_ended"}
BEGUN = RUN | {"event": "workout_started"}
WORN = {"type": "reading", "device": "w-alice", "property": "worn", "value": True}
PRESET = {"type": "preset", "device": "dr-home"}
NEED = {"type": "need", "device": "f-real"}
ORDER = {"type": "order", "service": "sv-none"}


@pytest.fixture
async def home(world: World) -> World:
    """Let the home have a dryer and a fridge that shows needs."""
    kinds = world.parts.kinds
    assert isinstance(kinds, dict)
    for name, kind in (("dr-home", DRYER), ("f-real", FRIDGE)):
        kinds[kind.name] = kind
        await world.add_device(name, kind=kind, household="h_home", person=None)
    return world


@pytest.mark.parametrize(
    ("trigger", "action", "more", "why"),
    [
        (SEVEN, NEED, {}, "a need comes from"),
        (WORN, NEED, {}, "a need comes from"),
        (BEGUN, NEED, {}, "a need comes from"),
        (RUN, NEED, {"wait_s": 86_400}, "a need lasts a day"),
        (SEVEN, PRESET, {}, "an event that names garments"),
        (WORN, PRESET, {}, "an event that names garments"),
        (SEVEN, ORDER, {}, "an event that names garments"),
    ],
    ids=str,
)
async def test_what_its_trigger_never_carries_is_refused(
    home: World,
    trigger: Mapping[str, object],
    action: Mapping[str, object],
    more: Mapping[str, object],
    why: str,
) -> None:
    alice = await home.as_("alice")
    asked = {"household": "h_home", "name": "x", "trigger": trigger, "actions": [action]}
    answer = await alice.post("/links", json={**asked, **more})
    assert answer.status_code == 422, answer.text
    assert why in answer.text


@pytest.mark.parametrize(
    ("trigger", "action"), [(RUN, NEED), (NIGHT, NEED), (WASHED, PRESET)], ids=str
)
async def test_what_its_trigger_may_carry_is_taken(
    home: World, trigger: Mapping[str, object], action: Mapping[str, object]
) -> None:
    alice = await home.as_("alice")
    asked = {"household": "h_home", "name": "x", "trigger": trigger, "actions": [action]}
    answer = await alice.post("/links", json=asked)
    assert answer.status_code == 201, answer.text
