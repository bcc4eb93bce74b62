"""Links over the API, by the names that people know, and what became of what they asked."""

from typing import Any

import pytest

from hub.model import Scene
from tests.api.world import World, add_alarm_rule

OPENED = {"type": "reading", "device": "f-home", "property": "open", "value": True}
COLD = {"type": "desired", "device": "f-home", "values": {"target": 2}}
DEFROST = {"type": "command", "device": "f-home", "name": "defrost", "args": {"minutes": 5}}


async def makes(world: World, maker: str, **changed: object) -> dict[str, Any]:
    client = await world.as_(maker)
    asked = {"household": "h_home", "name": "Cold", "trigger": OPENED, "actions": [COLD]}
    answer = await client.post("/links", json=asked | changed)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def opens(world: World) -> None:
    for is_open in (False, True):
        world.clock.advance(1)
        await world.publish("f-home", "telemetry", {"values": {"open": is_open}})


async def test_what_it_names_is_called_by_its_name(world: World) -> None:
    await add_alarm_rule(world, "w-alice")
    await world.worker.keep(
        Scene(
            id="sc-1",
            household="h_home",
            author="p_alice",
            name="Good night",
            desired={"f-home": {"mode": "eco"}},
        )
    )
    made = await makes(
        world,
        "alice",
        trigger={"type": "alarm", "rule": "r_limit"},
        conditions=[{"type": "presence", "at_home": True, "person": "me"}],
        actions=[
            {"type": "scene", "scene": "sc-1"},
            {"type": "say", "text": {"en": "so"}, "person": "me"},
        ],
    )
    assert [one["ko"] for one in made["gives"]] == [
        "“Limit” 알림이 울리면 → 장면 “Good night” 적용",
        "“Limit” 알림이 울리면 → Alice 님에게 한마디",
        "조건: Alice 님이 집에 있을 때만",
    ]


async def test_an_expression_that_fails_says_so_in_korean_without_the_engines_words(
    world: World,
) -> None:
    wrong = {"type": "expression", "cel": "devices['f-home'].nothing == 1"}
    made = await makes(world, "alice", conditions=[wrong])
    await opens(world)
    alice = await world.as_("alice")
    (run,) = (await alice.get(f"/links/{made['id']}/runs")).json()["items"]
    assert run["reason"]["ko"] == "조건식을 계산할 수 없습니다"
    assert "nothing" in run["reason"]["en"]


@pytest.mark.parametrize(
    ("status", "reason"), [("rejected", "it is frozen in"), ("succeeded", "")], ids=str
)
async def test_a_run_shows_what_has_become_of_its_command(
    world: World, status: str, reason: str
) -> None:
    made = await makes(world, "alice", actions=[DEFROST, COLD])
    await opens(world)
    alice = await world.as_("alice")
    (run,) = (await alice.get(f"/links/{made['id']}/runs")).json()["items"]
    sent, desired = run["did"]
    (command,) = sent["led_to"]
    assert sent["commands"][command]["status"] in {"queued", "sent"}
    assert "commands" not in desired

    answered = {"id": command, "status": status, "reason": reason}
    await world.publish("f-home", "reply", answered)
    (run,) = (await alice.get(f"/links/{made['id']}/runs")).json()["items"]
    assert run["did"][0]["commands"] == {command: {"status": status, "reason": reason}}


async def test_what_was_desired_is_told_by_the_name_of_its_link(world: World) -> None:
    made = await makes(world, "alice", name="Cold when open")
    await opens(world)
    alice = await world.as_("alice")
    (asked,) = (await alice.get("/devices/f-home/twin/history")).json()["items"]
    assert asked["author"].startswith("link:ru_")
    assert asked["link"] == "Cold when open"

    await alice.delete(f"/links/{made['id']}")
    (asked,) = (await alice.get("/devices/f-home/twin/history")).json()["items"]
    assert asked["link"] is None


async def test_the_name_of_somebodys_own_link_is_told_to_nobody_else(world: World) -> None:
    workout = {"type": "event", "device": "w-alice", "event": "workout_stopped"}
    await makes(world, "alice", name="After my run", trigger=workout)
    event = {"id": "e-1", "ts": world.clock.now_ms() + 1, "type": "workout_stopped", "data": {}}
    world.clock.advance(1)
    await world.publish("w-alice", "event", event)
    for person, name in (("alice", "After my run"), ("adam", None)):
        client = await world.as_(person)
        (asked,) = (await client.get("/devices/f-home/twin/history")).json()["items"]
        assert asked["link"] == name
