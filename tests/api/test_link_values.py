"""Numbers in links and scenes: bounded, and such as the property can have."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hub.model import (
    Comparison,
    Link,
    LinkRequest,
    LinkSpec,
    PropertyCondition,
    ReadingTrigger,
    SayAction,
)
from tests.api.world import NOW_MS, World

HUGE = 10**400
WARM: dict[str, Any] = {
    "type": "reading",
    "device": "f-home",
    "property": "temperature",
    "comparison": "above",
    "value": 7,
}
IS_WARM = WARM | {"type": "property"}
SAY = {"type": "say", "text": {"en": "Warm"}}


def body(**changed: object) -> dict[str, Any]:
    made: dict[str, Any] = {
        "household": "h_home",
        "name": "Warm",
        "trigger": WARM,
        "actions": [SAY],
    }
    return made | changed


async def says(world: World, temperature: float) -> None:
    world.clock.advance(1)
    values = {"temperature": temperature}
    payload = {"ts": world.clock.now_ms(), "values": values}
    await world.publish("f-home", "telemetry", payload)


@pytest.mark.parametrize(
    "value", [HUGE, -HUGE, 2**53 + 1, 1e300, "1e999"], ids=lambda v: str(v)[:9]
)
@pytest.mark.parametrize(
    "changed",
    [
        lambda value: {"trigger": WARM | {"value": value}},
        lambda value: {"trigger": WARM | {"value": value, "comparison": "equals"}},
        lambda value: {"conditions": [IS_WARM | {"value": value}]},
        lambda value: {
            "actions": [{"type": "desired", "device": "f-home", "values": {"target": value}}]
        },
        lambda value: {
            "actions": [
                {
                    "type": "command",
                    "device": "f-home",
                    "name": "defrost",
                    "args": {"minutes": value},
                }
            ]
        },
        lambda value: {"trigger": WARM | {"for_s": value}},
        lambda value: {"wait_s": value},
        lambda value: {"most": value},
        lambda value: {"trigger": {"type": "time", "minute": value}},
        lambda value: {
            "conditions": [{"type": "time", "schedule": {"days": [value]}}],
        },
    ],
    ids=[
        "above",
        "equals",
        "condition",
        "desired",
        "args",
        "for_s",
        "wait_s",
        "most",
        "minute",
        "days",
    ],
)
async def test_a_number_beyond_what_json_keeps_is_refused(
    world: World,
    changed: Callable[[object], dict[str, Any]],
    value: object,
) -> None:
    alice = await world.as_("alice")
    # A literal that JSON has no float for, as a client would write it.
    text = json.dumps(body(**changed(value))).replace('"1e999"', "1e999")
    answer = await alice.post("/links", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert (await alice.get("/links")).json()["items"] == []


@pytest.mark.parametrize("value", [HUGE, 1e300])
async def test_a_scene_and_a_twin_take_no_such_number_either(world: World, value: float) -> None:
    alice = await world.as_("alice")
    wish = {"household": "h_home", "name": "x", "desired": {"f-home": {"shelves": value}}}
    assert (await alice.post("/scenes", json=wish)).status_code == 422
    twin = await alice.patch("/devices/f-home/twin", json={"desired": {"shelves": value}})
    assert twin.status_code == 422


@pytest.mark.parametrize(
    ("property_name", "comparison", "value", "why"),
    [
        ("temperature", "above", True, "above"),
        ("temperature", "above", "warm", "above"),
        ("temperature", "equals", True, "a number"),
        ("temperature", "equals", 61, "up to 60"),
        ("open", "above", 0, "above"),
        ("open", "equals", 1, "true or false"),
        ("mode", "below", "eco", "below"),
        ("mode", "equals", "sleep", "eco, party"),
        ("shelves", "differs", 2.5, "integer"),
        ("note", "equals", "x" * 21, "20 characters"),
    ],
)
@pytest.mark.parametrize("as_condition", [False, True], ids=["trigger", "condition"])
async def test_a_value_that_the_property_never_has_is_refused_and_said_so(  # noqa: PLR0913, PLR0917 - a table
    world: World,
    as_condition: bool,  # noqa: FBT001 - a table
    property_name: str,
    comparison: str,
    value: object,
    why: str,
) -> None:
    alice = await world.as_("alice")
    asked = WARM | {"property": property_name, "comparison": comparison, "value": value}
    changed = {"conditions": [asked | {"type": "property"}]} if as_condition else {"trigger": asked}
    answer = await alice.post("/links", json=body(**changed))
    assert answer.status_code == 422, answer.text
    assert why in answer.json()["detail"]


async def test_a_limit_outside_the_range_is_a_limit_all_the_same(world: World) -> None:
    alice = await world.as_("alice")
    answer = await alice.post("/links", json=body(trigger=WARM | {"value": 100}))
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("comparison", list(Comparison))
async def test_a_number_that_is_in_the_records_already_stops_no_reading(
    world: World, comparison: Comparison
) -> None:
    """As an older hub let it in."""
    asked: dict[str, Any] = {
        "device": "f-home",
        "property": "temperature",
        "comparison": comparison,
        "value": HUGE,
    }
    spec = LinkSpec(
        name="x",
        trigger=ReadingTrigger(**asked),
        conditions=(PropertyCondition(**asked),),
        actions=(SayAction(text={"en": "x"}),),
    )
    link = Link(id="li_old", household="h_home", author="p_alice", spec=spec, since_ms=NOW_MS)
    await world.worker.submit(LinkRequest(link=link, now_ms=NOW_MS))
    for temperature in (4.0, 5.0, 6.0):
        await says(world, temperature)
    assert (await world.records.dead_letters(limit=10)).items == ()
    state = await world.worker.state("f-home")
    assert state is not None
    assert state.twin.reported["temperature"] == 6.0
