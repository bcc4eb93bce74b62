"""Thresholds as data, the alarms they raise, and what people do about them."""

from typing import Any

import httpx2
import pytest

from tests.api.world import World, add_alarm_rule

RULE: dict[str, Any] = {
    "household": "h_home",
    "person": "me",
    "name": "Easy",
    "property": "heart_rate",
    "kind": "watch",
    "limit": 140,
    "hysteresis": 5,
    "levels": [{"name": "over"}, {"name": "far", "offset": 15, "first_step": 3}],
}


async def raise_alarm(world: World, device: str) -> dict[str, Any]:
    """Let the heart rate of the device's person be over their limit, and return the alarm."""
    await add_alarm_rule(world, device)
    await world.publish(device, "telemetry", {"heart_rate": 171})
    client = await world.as_("alice")
    found: dict[str, Any] = (await client.get("/alarms?active=true")).json()["items"][0]
    return found


async def test_an_alarm_shows_its_record(world: World) -> None:
    alarm = await raise_alarm(world, "w-alice")

    assert (alarm["device"], alarm["person"], alarm["limit"]) == ("w-alice", "p_alice", 150)
    assert (alarm["active"], alarm["peak"], alarm["step"]) == (True, 171, 1)
    assert [one["change"] for one in alarm["transitions"]] == ["opened"]


async def test_an_alarm_is_acknowledged_and_snoozed_by_somebody(world: World) -> None:
    alarm = await raise_alarm(world, "w-alice")
    alice = await world.as_("alice")

    known = (await alice.post(f"/alarms/{alarm['id']}/acknowledge")).json()
    later = (await alice.post(f"/alarms/{alarm['id']}/snooze", json={"minutes": 30})).json()

    assert known["acknowledged_by"] == "p_alice"
    assert later["snoozed_by"] == "p_alice"
    assert later["snoozed_until"] == "2026-11-18T11:36:40Z"
    shown = (await alice.get(f"/alarms/{alarm['id']}")).json()
    assert shown == later


@pytest.mark.parametrize("person", ["adam", "chloe", "gus", "bob", "olga"])
async def test_an_adults_alarm_is_theirs_alone(world: World, person: str) -> None:
    alarm = await raise_alarm(world, "w-alice")
    client = await world.as_(person)

    assert (await client.get(f"/alarms/{alarm['id']}")).status_code == 404
    assert (await client.post(f"/alarms/{alarm['id']}/acknowledge")).status_code == 404
    assert (await client.get("/alarms")).json()["items"] == []


async def test_guardians_see_a_childs_alarm(world: World) -> None:
    alarm = await raise_alarm(world, "w-chloe")
    adam = await world.as_("adam")

    assert (await adam.post(f"/alarms/{alarm['id']}/acknowledge")).status_code == 200


@pytest.mark.parametrize("minutes", [0, 1441, 1.5, "x", None])
async def test_a_snooze_is_some_minutes_of_a_day(world: World, minutes: object) -> None:
    alarm = await raise_alarm(world, "w-alice")
    alice = await world.as_("alice")

    answer = await alice.post(f"/alarms/{alarm['id']}/snooze", json={"minutes": minutes})

    assert answer.status_code == 422


async def test_a_rule_is_made_shown_changed_and_ended(world: World) -> None:
    alice = await world.as_("alice")

    made = await alice.post("/rules", json=RULE)
    path = f"/rules/{made.json()['id']}"
    changed = await alice.put(path, json=RULE | {"limit": 120})
    listed = (await alice.get("/rules")).json()["items"]
    ended = await alice.delete(path)

    assert made.status_code == 201
    assert made.json()["person"] == "p_alice"
    assert len(made.json()["ladder"]["steps"]) == 5
    assert [level["first_step"] for level in made.json()["levels"]] == [1, 3]
    assert (changed.json()["limit"], changed.json()["revision"]) == (120, 2)
    assert listed == [changed.json()]
    assert ended.status_code == 204
    assert (await alice.get(path)).status_code == 404


async def test_a_rule_as_it_is_shown_can_be_sent_again(world: World) -> None:
    alice = await world.as_("alice")
    made = (await alice.post("/rules", json=RULE)).json()
    body = {name: value for name, value in made.items() if name not in ("id", "revision")}

    again = (await alice.put(f"/rules/{made['id']}", json=body)).json()

    assert again == made | {"revision": 2}


async def test_a_rule_is_in_force_from_the_next_reading(world: World) -> None:
    alice = await world.as_("alice")
    await alice.post("/rules", json=RULE)

    await world.publish("w-alice", "telemetry", {"heart_rate": 141})

    assert len((await alice.get("/alarms?active=true")).json()["items"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"property": "pressure"},
        {"property": "alert_rules"},
        {"kind": "toaster"},
        {"kind": None},
        {"devices": ["w-alice"]},
        {"kind": None, "devices": ["w-bob"]},
        {"kind": None, "devices": ["w-nobody"]},
        {"kind": "fridge", "property": "temperature", "limit": None},
        {"kind": "fridge", "property": "mode"},
        {"responders": ["f-home"]},
        {"responders": ["w-bob"]},
        {"contact": "p_bob"},
        {"contact": "p_gus"},
        {"person": "p_bob"},
        {"levels": []},
        {"levels": [{"name": "a", "offset": 5}]},
        {"levels": [{"name": "a", "first_step": 6}]},
        {"ladder": {"steps": []}},
        {
            "ladder": {
                "steps": [
                    {
                        "haptic": {"pattern": "single", "amplitude": amplitude},
                        "sound": {"tone": "soft", "volume": 0.1},
                        "wait_s": 5,
                    }
                    for amplitude in (0.5, 0.2)
                ]
            }
        },
        {"hysteresis": -1},
        {"limit": 1e300},
        {"no_data_s": 0},
        {"schedule": {"start_minute": 1440}},
        {"unheard_of": 1},
    ],
    ids=str,
)
async def test_a_rule_that_makes_no_sense_is_refused(
    world: World, change: dict[str, object]
) -> None:
    alice = await world.as_("alice")

    answer = await alice.post("/rules", json=RULE | change)

    assert answer.status_code == 422
    assert world.worker.rules == {}


@pytest.mark.parametrize(
    ("person", "change", "status"),
    [
        ("chloe", {}, 403),
        ("gus", {}, 422),
        ("bob", {}, 404),
        ("adam", {"person": "p_alice"}, 403),
        ("adam", {"person": None}, 403),
        ("adam", {"person": None, "kind": None, "devices": ["w-alice"]}, 403),
        ("adam", {"person": "p_chloe", "responders": ["w-alice"]}, 403),
        ("adam", {"person": "p_chloe"}, 201),
        ("alice", {"person": "p_chloe", "responders": ["w-alice"]}, 201),
    ],
    ids=str,
)
async def test_a_rule_neither_touches_nor_tells_on_another_adult(
    world: World, person: str, change: dict[str, object], status: int
) -> None:
    client = await world.as_(person)

    answer = await client.post("/rules", json=RULE | change)

    assert answer.status_code == status


async def test_another_adults_rule_is_not_there(world: World) -> None:
    alice, adam = await world.as_("alice"), await world.as_("adam")
    rule = (await alice.post("/rules", json=RULE)).json()["id"]

    assert (await adam.get(f"/rules/{rule}")).status_code == 404
    assert (await adam.put(f"/rules/{rule}", json=RULE)).status_code == 404
    assert (await adam.delete(f"/rules/{rule}")).status_code == 404
    assert (await adam.get("/rules")).json()["items"] == []


async def test_rules_are_paged(world: World) -> None:
    alice = await world.as_("alice")
    made = [await alice.post("/rules", json=RULE | {"name": f"Rule {n}"}) for n in range(5)]

    pages = await _pages(alice, "/rules?limit=2")

    assert [len(page) for page in pages] == [2, 2, 1]
    shown = {rule["id"] for page in pages for rule in page}
    assert shown == {answer.json()["id"] for answer in made}


async def _pages(client: httpx2.AsyncClient, path: str) -> list[list[dict[str, Any]]]:
    pages, cursor = [], ""
    while True:
        page = (await client.get(path + cursor)).json()
        pages.append(page["items"])
        if page["next_cursor"] is None:
            return pages
        cursor = f"&cursor={page['next_cursor']}"
